import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Name of the Seqera node package. */
export const NODE_PACK = '@redstart/node-red-seqera';

/**
 * The folder of the Seqera nodes. This file runs as settings/node-pack.ts in tests and as dist/settings/node-pack.js
 * when built, one level deeper; the pack stays where its package.json is.
 */
export function nodePackDir(from: string = import.meta.url): string {
  for (let dir = dirname(fileURLToPath(from)); ; dir = dirname(dir)) {
    const candidate = join(dir, 'nodes');
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dir === dirname(dir)) throw new Error(`the folder of ${NODE_PACK} is not above ${fileURLToPath(from)}`);
  }
}
