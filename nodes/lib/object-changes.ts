import { type DataObject, isFolder } from './object-listing.ts';

export interface ObjectChanges {
  fresh: DataObject[];
  /** Another size than before. */
  changed: DataObject[];
  /** Keys of what was known and is not there any more. */
  gone: string[];
}

/** A file and a folder can have the same name. */
export const keyOf = (object: DataObject): string => (isFolder(object) ? `${object.name}/` : object.name);

export const nameOf = (key: string): string => (key.endsWith('/') ? key.slice(0, -1) : key);

/** Sets what is listed against what is known, as it comes; in any order, twice too. */
export class ObjectComparison {
  /** What was seen has its size turned to less than zero: one map, and no second one of a hundred thousand names. */
  readonly #known: Map<string, number>;
  readonly #fresh = new Map<string, DataObject>();
  readonly #changed: DataObject[] = [];
  #seen = 0;

  /** @param known is used up */
  constructor(known: Map<string, number>) {
    this.#known = known;
  }

  /** Different objects so far. */
  get seen(): number {
    return this.#seen;
  }

  see(object: DataObject): void {
    const key = keyOf(object);
    const size = this.#known.get(key);
    if (size === undefined) {
      if (this.#fresh.has(key)) return;
      this.#fresh.set(key, object);
    } else {
      if (size < 0) return;
      this.#known.set(key, -1 - size);
      if (size !== object.size) this.#changed.push(object);
    }
    this.#seen += 1;
  }

  /** @param whole everything was listed: what was not seen is gone */
  end(whole: boolean): ObjectChanges {
    const gone: string[] = [];
    if (whole) for (const [key, size] of this.#known) if (size >= 0) gone.push(key);
    return { fresh: [...this.#fresh.values()], changed: this.#changed, gone };
  }
}
