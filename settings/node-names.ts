import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Names of files and folders that Node-RED is to look for nodes in: `nodesIncludes`, which passes over all others. */
export function nodeNames(nodesDir: readonly string[], packages: readonly string[]): string[] {
  const core = join(dirname(createRequire(import.meta.url).resolve('@node-red/nodes/package.json')), 'core');
  // A package says itself which files have nodes; Node-RED knows it by the folder that it is in.
  return [core, ...nodesDir]
    .flatMap((dir) => (existsSync(join(dir, 'package.json')) ? [basename(dir)] : scripts(dir)))
    .concat(packages.map((name) => basename(name)));
}

const scripts = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => basename(file));
