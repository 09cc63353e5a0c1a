import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isObject } from './flow-node.ts';
import { replaceFile } from './write-files.ts';

/** One saved function, template or flow of the editor's library, with the properties that its dialog shows. */
interface Entry {
  meta: Record<string, unknown>;
  body: string;
}

type Listing = (string | (Record<string, unknown> & { fn: string }))[];

export interface LibraryStore {
  /** The text of an entry, or the list of a folder: names of folders first, then entries with their properties. */
  get(type: string, path: string): Promise<string | Listing>;
  save(type: string, path: string, meta: Record<string, unknown>, body: string): Promise<void>;
}

/** The editor's library in the data folder: a folder a type, one JSON file an entry. */
export function createLibraryStore(dir: string): LibraryStore {
  return {
    async get(type, path) {
      const place = safePath(dir, type, path);
      const entry = await readEntry(place);
      if (entry) return entry.body;
      try {
        const items = (await readdir(place, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
        const folders = items.filter((item) => item.isDirectory()).map(({ name }) => name);
        const names = items.filter((item) => item.isFile()).map(({ name }) => name);
        const entries = await Promise.all(
          names.map(async (fn) => ({ ...(await readEntry(join(place, fn)))?.meta, fn })),
        );
        return [...folders.sort(), ...entries.sort((a, b) => (a.fn < b.fn ? -1 : 1))];
      } catch {
        // Node-RED lists folders that nobody has saved to yet.
        if (path === '' || path.endsWith('/')) return [];
        throw libraryError('not_found', `There is no library entry ${type}/${path}.`);
      }
    },
    async save(type, path, meta, body) {
      const place = safePath(dir, type, path);
      await mkdir(dirname(place), { recursive: true });
      await replaceFile(place, JSON.stringify({ meta, body }), 0o600);
    },
  };
}

async function readEntry(path: string): Promise<Entry | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isObject(value) && typeof value.body === 'string'
      ? { meta: isObject(value.meta) ? value.meta : {}, body: value.body }
      : null;
  } catch {
    return null;
  }
}

// The path comes from a browser. Refused rather than cleaned: nobody names an entry like this by accident.
function safePath(dir: string, type: string, path: string): string {
  const parts = [type, ...path.split('/').filter((part) => part !== '')];
  if (parts.some((part) => part.startsWith('.') || /[\\\0]/.test(part))) {
    throw libraryError('forbidden', 'A library path has no part that starts with a dot, and no backslash.');
  }
  return join(dir, ...parts);
}

function libraryError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
