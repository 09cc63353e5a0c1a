import type { NodeAPI } from 'node-red';
import { FilesFolder } from './files-folder.ts';
import { registerReadNode } from './read-node.ts';
import { registerWriteNode } from './write-node.ts';

/**
 * In the place of Node-RED's own file nodes, which use any file: of the same types, within one folder. Node-RED loads a node file
 * with an HTML file of its name beside it, takes it for one of its own by the same name, and calls what it exports by
 * default.
 */
export default function registerFileNodes(RED: NodeAPI): void {
  const { fileWorkingDirectory } = RED.settings as { fileWorkingDirectory?: string };
  if (fileWorkingDirectory === undefined) throw new Error('the folder for files of flows is not set');
  const folder = new FilesFolder(fileWorkingDirectory);
  registerWriteNode(RED, folder);
  registerReadNode(RED, folder);
}
