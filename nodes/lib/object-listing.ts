import type { PlatformClient } from './client.ts';
import { canBeAsked, type FolderPage, fileTree, folderPage } from './client-data-links.ts';
import type { DataLink, FolderItem } from './data-schemas.ts';
import { SeqeraError } from './errors.ts';
import { compilePattern } from './pattern.ts';

/** As the Platform gives it; the name is the path from the root of the data link, without a slash at either end. */
export type DataObject = FolderItem & { size: number };

export type ReturnType = 'files' | 'folders' | 'all';

export interface ListingOptions {
  dataLink: DataLink;
  /** Where to begin; slashes around it do not matter. */
  basePath: string;
  /** Levels of folders below it; -1: all. */
  depth: number;
  /** Of the name itself; with a slash in it, of the path below `basePath`. */
  prefix: string;
  /** Regular expression on the path. */
  pattern: string;
  returnType: ReturnType;
  /** How many the caller takes at most: a few are read from the first folders instead of the whole tree. */
  most: number;
  signal: AbortSignal;
  /** Folders that cannot be listed, because no address can name them. */
  onUnreachable?: (folder: string) => void;
}

/** Pages of folders that are read ahead, once there is more than one. */
const PARALLEL = 8;
const BATCH = 1_000;
/** Up to this many are not worth a tree. */
const FEW = 100;
const NO_TREE = new Set([
  'SEQERA_NOT_FOUND',
  'SEQERA_BAD_REQUEST',
  'SEQERA_ANSWER_TOO_LARGE',
  'SEQERA_SERVER_ERROR',
  'SEQERA_TIMEOUT',
]);

export const isFolder = ({ type }: { type?: string | null | undefined }): boolean => type === 'FOLDER';

/** Objects that fit, a batch at a time: what the caller does not keep is not kept. @throws SeqeraError */
export async function* listObjects(
  client: PlatformClient,
  options: ListingOptions,
): AsyncGenerator<DataObject[], void, undefined> {
  const { dataLink, prefix, returnType } = options;
  const base = trimSlashes(options.basePath);
  const pattern = options.pattern === '' ? undefined : await compilePattern(options.pattern);
  const below = base === '' ? 0 : base.length + 1;
  const start = prefix.replace(/^\/+/, '');
  const hasPrefix = (name: string) => name.startsWith(start, prefix.includes('/') ? below : name.lastIndexOf('/') + 1);
  const wanted = (object: DataObject) =>
    (returnType === 'all' || isFolder(object) === (returnType === 'folders')) &&
    (prefix === '' || hasPrefix(object.name));
  let empty = true;
  try {
    for await (const batch of allObjects(client, options, base)) {
      empty &&= batch.length === 0;
      let found = batch.filter(wanted);
      if (pattern && found.length > 0) {
        const matches = await pattern.test(found.map(({ name }) => name));
        found = found.filter((_object, index) => matches[index]);
      }
      if (found.length > 0) yield found;
    }
  } finally {
    pattern?.close();
  }
  if (empty && dataLink.status === 'INVALID') {
    throw new SeqeraError(
      'SEQERA_CONFLICT',
      `The data link "${dataLink.name}" cannot be read: the Platform says that it is not valid${dataLink.message ? ` – ${dataLink.message}` : ''}.`,
    );
  }
}

async function* allObjects(
  client: PlatformClient,
  options: ListingOptions,
  base: string,
): AsyncGenerator<DataObject[], void, undefined> {
  if (options.depth === -1) {
    const few = await firstFew(client, options, base);
    if (few) {
      yield few;
      return;
    }
    const tree = await treeOf(client, options, base);
    if (tree) {
      yield* tree;
      return;
    }
  }
  yield* walk(client, options, base);
}

/** A folder without folders, or one that holds as many as are wanted, is one page; its tree can be a million. */
async function firstFew(
  client: PlatformClient,
  { dataLink, most, prefix, pattern, returnType, signal }: ListingOptions,
  base: string,
): Promise<DataObject[] | undefined> {
  if (most > FEW || prefix !== '' || pattern !== '') return undefined;
  const { items, nextPageToken } = await folderPage(client.with({ signal }), dataLink, base);
  const objects = objectsOf(items, base);
  const folders = objects.filter(isFolder).length;
  if (folders === 0 && nextPageToken === undefined) return objects;
  const fitting = returnType === 'all' ? objects.length : returnType === 'files' ? objects.length - folders : folders;
  return fitting >= most ? objects : undefined;
}

/** Undefined when there is no tree to be had, or nothing in it: then the folders themselves are asked. */
async function treeOf(
  client: PlatformClient,
  { dataLink, returnType, signal }: ListingOptions,
  base: string,
): Promise<Iterable<DataObject[]> | undefined> {
  try {
    const items = await fileTree(client.with({ signal, attempts: 3 }), dataLink, base);
    const batches = treeObjects(items, base, returnType !== 'files')[Symbol.iterator]();
    const first = batches.next();
    if (first.done) return undefined;
    return chain(first.value, batches);
  } catch (error) {
    if (error instanceof SeqeraError && NO_TREE.has(error.code)) return undefined;
    throw error;
  }
}

function* chain<T>(first: T, rest: Iterator<T>): Generator<T, void, undefined> {
  yield first;
  for (let next = rest.next(); !next.done; next = rest.next()) yield next.value;
}

/** Files, and the folders that their paths are in. */
function* treeObjects(
  items: Iterable<{ path: string; size: number }>,
  base: string,
  withFolders: boolean,
): Generator<DataObject[], void, undefined> {
  const start = base === '' ? '' : `${base}/`;
  const folders = new Set<string>();
  let batch: DataObject[] = [];
  const addFolders = (path: string): void => {
    for (let end = path.lastIndexOf('/'); end > start.length; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folders.has(folder)) return;
      folders.add(folder);
      batch.push({ type: 'FOLDER', name: folder, size: 0 });
    }
  };
  for (const item of items) {
    const path = item.path.replace(/^\/+/, '');
    // Paths are from the root; were they from the folder, none would begin with it.
    const full = path.startsWith(start) ? path : start + path;
    if (withFolders) addFolders(full);
    if (!full.endsWith('/')) batch.push({ type: 'FILE', name: full, size: item.size });
    if (batch.length >= BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

interface Flying {
  folder: Folder;
  token: string | undefined;
  page: Promise<FolderPage>;
}

interface Folder {
  path: string;
  level: number;
}

/** Folder by folder, the deepest first, so that few folders wait at a time; pages of several are read ahead. */
async function* walk(
  client: PlatformClient,
  { dataLink, depth, prefix, signal, onUnreachable }: ListingOptions,
  base: string,
): AsyncGenerator<DataObject[], void, undefined> {
  const stop = new AbortController();
  const own = client.with({ signal: AbortSignal.any([signal, stop.signal]) });
  // Only where no folder has to be gone through that the prefix does not fit.
  const search = depth === 0 && prefix !== '' && !prefix.includes('/') ? { search: prefix } : {};
  const waiting: Folder[] = [{ path: base, level: 0 }];
  const flying: Flying[] = [];
  const read = (folder: Folder, token?: string): Flying => {
    const page = folderPage(own, dataLink, folder.path, {
      ...search,
      ...(token === undefined ? {} : { nextPageToken: token }),
    });
    // Those that nobody waits for any more fail with the stop.
    page.catch(() => undefined);
    return { folder, token, page };
  };
  try {
    for (let ahead = 1; ; ahead = Math.min(ahead + 1, PARALLEL)) {
      while (flying.length < ahead) {
        const folder = waiting.pop();
        if (!folder) break;
        flying.push(read(folder));
      }
      const [first] = flying;
      if (!first) return;
      const { items, nextPageToken } = await first.page;
      if (nextPageToken !== undefined && nextPageToken === first.token) {
        throw new SeqeraError('SEQERA_BAD_ANSWER', `Listing "${dataLink.name}" failed: its pages do not end.`, {
          transient: true,
        });
      }
      const objects = objectsOf(items, first.folder.path);
      // Whoever has enough with the first page stops here, and nothing was asked in vain.
      if (ahead === 1) yield objects;
      if (nextPageToken === undefined) flying.shift();
      else flying[0] = read(first.folder, nextPageToken);
      if (depth === -1 || first.folder.level < depth) {
        const level = first.folder.level + 1;
        for (const { name } of objects.filter(isFolder).reverse()) {
          if (canBeAsked(name.slice(name.lastIndexOf('/') + 1))) waiting.push({ path: name, level });
          else onUnreachable?.(name);
        }
      }
      if (ahead > 1) yield objects;
    }
  } finally {
    stop.abort();
  }
}

/** Folder names may end in a slash or not; an entry without a name is the mark of the folder itself. */
function objectsOf(items: readonly FolderItem[], folder: string): DataObject[] {
  const objects: DataObject[] = [];
  for (const item of items) {
    const name = trimSlashes(item.name);
    if (name !== '') objects.push({ ...item, name: folder === '' ? name : `${folder}/${name}`, size: item.size ?? 0 });
  }
  return objects;
}

export function trimSlashes(text: string): string {
  let from = 0;
  let to = text.length;
  while (text[from] === '/') from += 1;
  while (to > from && text[to - 1] === '/') to -= 1;
  return text.slice(from, to);
}
