import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isObject } from '../flows/flow-node.ts';
import { isThere } from './is-there.ts';

/**
 * The node types of a package that is installed, read from the files that its package.json lists: nothing of it is run.
 * Null when it is not installed.
 */
export function packageTypes(name: string, from: readonly string[] = searchPath()): string[] | null {
  const folder = from.map((dir) => join(dir, 'node_modules', name)).find((dir) => isThere(join(dir, 'package.json')));
  if (folder === undefined) return null;
  const manifest: unknown = readJson(join(folder, 'package.json'));
  const section = isObject(manifest) ? manifest['node-red'] : null;
  const files = isObject(section) && isObject(section.nodes) ? Object.values(section.nodes) : [];
  return files.flatMap((file) => {
    const code = readText(join(folder, String(file)));
    // The editor's definition names every type as well, and is seldom compiled.
    const page = readText(join(folder, String(file).replace(/\.[cm]?js$/, '.html')));
    return [...`${code}\n${page}`.matchAll(/registerType\(\s*(["'`])([^"'`]+)\1/g)].map(([, , type = '']) => type);
  });
}

/** The program's own folder and those above: where `npm install` in an image puts node packages. */
function searchPath(): string[] {
  const folders: string[] = [];
  for (let dir = dirname(fileURLToPath(import.meta.url)); ; dir = dirname(dir)) {
    folders.push(dir);
    if (dir === dirname(dir)) return folders;
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file));
  } catch {
    return null;
  }
}
