import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RedstartError } from '../server/errors.ts';

/**
 * The folder of the file nodes that keep to one folder, for Node-RED's `nodesDir`. It is compiled to
 * dist/server/file-nodes, two levels from this file as source and one when that is built too. Node-RED passes over a
 * folder that is not there without a word.
 */
export function fileNodesDir(from: string = import.meta.url): string {
  const here = dirname(fileURLToPath(from));
  const places = [join(here, '..', 'server', 'file-nodes'), join(here, '..', 'dist', 'server', 'file-nodes')];
  const dir = places.find((place) => ['file.js', 'file.html'].every((name) => existsSync(join(place, name))));
  if (dir !== undefined) return dir;
  throw new RedstartError({
    code: 'NOT_BUILT',
    message: `the file nodes are not at ${places[0]}`,
    mend: 'Build the program: npm run build.',
  });
}
