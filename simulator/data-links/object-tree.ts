/** A name that ends in `/` is a folder. */
export interface Entry {
  name: string;
  size: number;
}

export interface Slice {
  entries: Entry[];
  /** There are more after the last of these. */
  more: boolean;
}

export interface Wanted {
  prefix?: string;
  /** Entries behind this name only. */
  after?: string;
  limit: number;
}

/**
 * Two arrays in step, sorted by name: 100,000 objects have to be cheap to keep, to page through and to change, so
 * there is no object for each file. Folders stand among the files as `name/`: `a` and `a/` can both exist.
 */
class Folder {
  readonly names: string[] = [];
  /** The size of a file, or the folder. */
  readonly values: (number | Folder)[] = [];
  /** It was made as such and stays when it is empty; other folders are there for their objects only. */
  marked = false;

  /** Where the name stands, or would. */
  position(name: string): number {
    const { names } = this;
    let low = 0;
    let high = names.length;
    // Names mostly come in order.
    const last = names[high - 1];
    if (last !== undefined && last < name) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((names[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  get(name: string): number | Folder | undefined {
    const at = this.position(name);
    return this.names[at] === name ? this.values[at] : undefined;
  }

  set(name: string, value: number | Folder): number | Folder | undefined {
    const at = this.position(name);
    if (this.names[at] === name) {
      const before = this.values[at];
      this.values[at] = value;
      return before;
    }
    if (at === this.names.length) {
      this.names.push(ownCopy(name));
      this.values.push(value);
    } else {
      this.names.splice(at, 0, ownCopy(name));
      this.values.splice(at, 0, value);
    }
    return undefined;
  }

  delete(name: string): number | Folder | undefined {
    const at = this.position(name);
    if (this.names[at] !== name) return undefined;
    this.names.splice(at, 1);
    return this.values.splice(at, 1)[0];
  }
}

/** A name that was cut out of a path keeps the whole path in memory, which is twice as much. */
const ownCopy = (name: string) => Buffer.from(name).toString();

/** `a/b/c` is `[a/, b/, c]`; `a/b/` is `[a/, b/]`. @throws RangeError */
function parts(path: string): string[] {
  const found = path.match(/[^/]+\/?/g) ?? [];
  if (found.join('') !== path || path === '') throw new RangeError(`not the path of an object: '${path}'`);
  return found;
}

const folderPath = (path: string) => path.replace(/\/+$/, '');

/** The objects of a bucket. */
export class ObjectTree {
  readonly #root = new Folder();
  #count = 0;

  /** Files; folders do not count. */
  get count(): number {
    return this.#count;
  }

  /** @throws RangeError for a path with an empty part */
  put(path: string, size: number): void {
    const names = parts(path);
    const last = names.at(-1) as string;
    let folder = this.#root;
    for (const name of last.endsWith('/') ? names : names.slice(0, -1)) {
      const found = folder.get(name);
      const next = found instanceof Folder ? found : new Folder();
      if (found === undefined) folder.set(name, next);
      folder = next;
    }
    if (last.endsWith('/')) folder.marked = true;
    else if (folder.set(last, size) === undefined) this.#count += 1;
  }

  /** False when there is none. A folder goes with all that is in it, and folders that are left empty go too. */
  remove(path: string): boolean {
    const names = parts(path);
    const last = names.pop() as string;
    const above: Folder[] = [this.#root];
    for (const name of names) {
      const next = above.at(-1)?.get(name);
      if (!(next instanceof Folder)) return false;
      above.push(next);
    }
    const removed = above.at(-1)?.delete(last);
    if (removed === undefined) return false;
    this.#count -= typeof removed === 'number' ? 1 : countOf(removed);
    for (let depth = above.length - 1; depth > 0; depth -= 1) {
      const folder = above[depth] as Folder;
      if (folder.names.length > 0 || folder.marked) break;
      above[depth - 1]?.delete(names[depth - 1] as string);
    }
    return true;
  }

  /** undefined when there is no such file. */
  size(path: string): number | undefined {
    const at = path.lastIndexOf('/');
    const value = this.#folder(path.slice(0, Math.max(at, 0)))?.get(path.slice(at + 1));
    return typeof value === 'number' ? value : undefined;
  }

  /** What stands in a folder, in order; nothing for a folder that is not there. '' is the root. */
  list(path: string, { prefix = '', after = '', limit }: Wanted): Slice {
    const folder = this.#folder(path);
    if (!folder) return { entries: [], more: false };
    let at = folder.position(prefix);
    if (after !== '') {
      const behind = folder.position(after);
      at = Math.max(at, folder.names[behind] === after ? behind + 1 : behind);
    }
    const entries: Entry[] = [];
    for (; entries.length < limit; at += 1) {
      const name = folder.names[at];
      if (!name?.startsWith(prefix)) return { entries, more: false };
      const value = folder.values[at];
      entries.push({ name, size: typeof value === 'number' ? value : 0 });
    }
    return { entries, more: folder.names[at]?.startsWith(prefix) ?? false };
  }

  /** Every file below a folder, paths from the root. Made folders that are empty come as `path/`. */
  *walk(path = ''): Generator<{ path: string; size: number }> {
    const folder = this.#folder(path);
    if (folder) yield* walkFolder(folder, path === '' ? '' : `${folderPath(path)}/`);
  }

  #folder(path: string): Folder | undefined {
    let folder: Folder | undefined = this.#root;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const next: number | Folder | undefined = folder.get(`${name}/`);
      if (!(next instanceof Folder)) return undefined;
      folder = next;
    }
    return folder;
  }
}

function countOf(folder: Folder): number {
  return folder.values.reduce<number>((sum, value) => sum + (typeof value === 'number' ? 1 : countOf(value)), 0);
}

function* walkFolder(folder: Folder, above: string): Generator<{ path: string; size: number }> {
  if (folder.marked && folder.names.length === 0) yield { path: above, size: 0 };
  for (let at = 0; at < folder.names.length; at += 1) {
    const path = above + folder.names[at];
    const value = folder.values[at];
    if (value instanceof Folder) yield* walkFolder(value, path);
    else yield { path, size: value ?? 0 };
  }
}
