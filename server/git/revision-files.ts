import type { TreeFile } from './git-client.ts';
import type { ObjectReader } from './object-reader.ts';

interface Entry {
  name: string;
  mode: string;
  id: string;
}

/** Sizes of more files than this are asked for all at once. */
const MOST_SINGLE = 200;
/** Of contents that are kept until they are read. */
const MOST_KEPT_BYTES = 16 * 1024 ** 2;

/**
 * The files of revisions. Of one that is like the last, only the folders that differ are read, and only the sizes of the
 * files that are new.
 */
export class RevisionFiles {
  readonly #objects: ObjectReader;
  readonly #path: readonly string[];
  readonly #sizesOf: (commit: string) => Promise<Map<string, number>>;
  /** By id, of the last revision: what has the same id is the same. */
  #trees = new Map<string, readonly Entry[]>();
  #sizes = new Map<string, number>();
  /** Contents that came with their size. */
  #contents = new Map<string, Buffer>();

  /**
   * @param path the folder within the repository, without a slash at its end
   * @param sizesOf the size of each file of a revision, by id
   */
  constructor(objects: ObjectReader, path: string, sizesOf: (commit: string) => Promise<Map<string, number>>) {
    this.#objects = objects;
    this.#path = path === '' ? [] : path.split('/');
    this.#sizesOf = sizesOf;
  }

  /** All files, in the order of git. */
  async of(commit: string): Promise<TreeFile[]> {
    const used = new Map<string, readonly Entry[]>();
    const files: { name: string; mode: string; blob: string }[] = [];
    const walk = async (id: string, prefix: string): Promise<void> => {
      const entries = this.#trees.get(id) ?? used.get(id) ?? (await this.#tree(id));
      used.set(id, entries);
      for (const { name, mode, id: inner } of entries) {
        if (mode === '40000') await walk(inner, `${prefix}${name}/`);
        else files.push({ name: `${prefix}${name}`, mode: mode.padStart(6, '0'), blob: inner });
      }
    };
    const root = await this.#root(commit, used);
    if (root !== null) await walk(root, '');
    this.#trees = used;
    this.#forget(files);
    await this.#learnSizes(
      commit,
      files.filter(({ mode }) => mode !== SUBMODULE).map(({ blob }) => blob),
    );
    return files.map((file) => ({ ...file, bytes: file.mode === SUBMODULE ? 0 : (this.#sizes.get(file.blob) ?? 0) }));
  }

  /** Contents by id. */
  async read(blobs: readonly string[]): Promise<Map<string, Buffer>> {
    const read = async (id: string): Promise<[string, Buffer]> => {
      const kept = this.#contents.get(id);
      if (kept) return [id, kept];
      const object = await this.#objects.read(id);
      if (object?.type !== 'blob' || object.content === null) throw new Error(`git has no file ${id}`);
      return [id, object.content];
    };
    return new Map(await Promise.all(blobs.map(read)));
  }

  /** The tree of the folder; null when the revision has none. */
  async #root(commit: string, used: Map<string, readonly Entry[]>): Promise<string | null> {
    const object = await this.#objects.read(`${commit}^{tree}`);
    if (!object?.content) throw new Error(`git has no revision ${commit}`);
    let { id } = object;
    used.set(id, this.#trees.get(id) ?? entriesOf(object.content));
    for (const step of this.#path) {
      const entries = used.get(id) ?? this.#trees.get(id) ?? (await this.#tree(id));
      used.set(id, entries);
      const next = entries.find(({ name, mode }) => name === step && mode === '40000');
      if (!next) return null;
      id = next.id;
    }
    return id;
  }

  async #tree(id: string): Promise<Entry[]> {
    const object = await this.#objects.read(id);
    if (object?.type !== 'tree' || object.content === null) throw new Error(`git has no folder ${id}`);
    return entriesOf(object.content);
  }

  /** What only earlier revisions had. */
  #forget(files: readonly { blob: string }[]): void {
    if (this.#sizes.size <= 2 * files.length + 1000) return;
    const there = new Set(files.map(({ blob }) => blob));
    for (const id of this.#sizes.keys()) if (!there.has(id)) this.#sizes.delete(id);
  }

  async #learnSizes(commit: string, blobs: readonly string[]): Promise<void> {
    const unknown = [...new Set(blobs)].filter((id) => !this.#sizes.has(id));
    if (unknown.length === 0) return;
    this.#contents = new Map();
    if (unknown.length > MOST_SINGLE) {
      this.#sizes = await this.#sizesOf(commit);
      return;
    }
    let kept = 0;
    const learn = async (id: string): Promise<void> => {
      const object = await this.#objects.read(id);
      if (object?.type !== 'blob') throw new Error(`git has no file ${id}`);
      this.#sizes.set(id, object.bytes);
      kept += object.bytes;
      if (object.content !== null && kept <= MOST_KEPT_BYTES) this.#contents.set(id, object.content);
    };
    await Promise.all(unknown.map(learn));
  }
}

const SUBMODULE = '160000';

/** `<mode> <name>\0<20 bytes of id>`, one after the other. */
function entriesOf(tree: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < tree.length; ) {
    const space = tree.indexOf(0x20, at);
    const end = tree.indexOf(0, space);
    entries.push({
      mode: tree.toString('latin1', at, space),
      name: tree.toString('utf8', space + 1, end),
      id: tree.toString('hex', end + 1, end + 21),
    });
    at = end + 21;
  }
  return entries;
}
