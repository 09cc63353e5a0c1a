import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedstartError } from '../server/errors.ts';

/** Folders below dist/server with nodes that take the place of core nodes, and a file that each of them has. */
const FOLDERS = {
  /** File nodes that keep to one folder. */
  'file-nodes': 'file',
  /** Core nodes that are loaded when a flow first has one. */
  'late-nodes/core': 'network/10-mqtt',
} as const;

/**
 * A folder of the server's own nodes, for Node-RED's `nodesDir`. It is two levels from this file as source and one when
 * that is built too. Node-RED passes over a folder that is not there without a word.
 */
export function ownNodesDir(folder: keyof typeof FOLDERS, from: string = import.meta.url): string {
  const here = dirname(fileURLToPath(from));
  const places = [join(here, '..', 'server', folder), join(here, '..', 'dist', 'server', folder)];
  const dir = places.find((place) => ['.js', '.html'].every((end) => existsSync(join(place, FOLDERS[folder] + end))));
  if (dir !== undefined) return dir;
  throw new RedstartError({
    code: 'NOT_BUILT',
    message: `nodes of the program are not at ${places[0]}`,
    mend: 'Build the program: npm run build.',
  });
}
