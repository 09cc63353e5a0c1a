import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';

/** What both nodes have in their configuration. */
export interface FileNodeConfig extends NodeDef {
  filename?: string;
  /** None in flows from before Node-RED 3. */
  filenameType?: string;
  encoding?: string;
}

export type FileMessage = NodeMessageInFlow & {
  filename?: string;
  encoding?: string;
  parts?: { type?: string; index?: number; count?: number };
  error?: unknown;
};

/** The name of the file that a message is about; empty when there is none. */
export function fileNameFor(RED: NodeAPI, node: Node, config: FileNodeConfig, msg: FileMessage): Promise<string> {
  const { value, type } = nameSource(config);
  return new Promise((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, msg, (error: Error | null, name: unknown) => {
      if (error) reject(error);
      else resolve(name === null || name === undefined ? '' : String(name));
    });
  });
}

/** Without a type, an empty name stood for the one in the message. */
export function nameSource({ filename = '', filenameType }: Pick<FileNodeConfig, 'filename' | 'filenameType'>): {
  value: string;
  type: string;
} {
  if (filenameType) return { value: filename, type: filenameType };
  return filename === '' ? { value: 'filename', type: 'msg' } : { value: filename, type: 'str' };
}
