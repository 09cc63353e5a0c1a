import { createHash } from 'node:crypto';
import type { NodeStore } from './node-store.ts';

/** What is known of a place, apart from the objects themselves. */
export interface KnownPlace {
  /** Data link and filters: other ones are another baseline. */
  place: string;
  /** Since when, wall clock. */
  at: number;
  count: number;
  /** Which entries of the context hold the objects. */
  generation: number;
  shards: number;
}

interface Shard {
  names: string[];
  sizes: number[];
}

const HEAD = 'known';
const SHARD = 'objects-';
/** Objects in one entry: some tens of kilobytes, so that a change is cheap to write and a store takes it even with the longest names. */
const PER_SHARD = 400;
const TOGETHER = 32;

/**
 * The objects that a poll has seen, with their sizes, in the node's context: spread over entries by a hash of the name,
 * so that what changes costs a few small writes, and no entry grows with the number of objects. Nothing is held in memory
 * between two polls.
 */
export class KnownObjects {
  readonly #store: NodeStore;

  constructor(store: NodeStore) {
    this.#store = store;
  }

  place(): Promise<KnownPlace | undefined> {
    return this.#store.get<KnownPlace>(HEAD);
  }

  /** All of them, name to size. */
  async read(known: KnownPlace): Promise<Map<string, number>> {
    const objects = new Map<string, number>();
    for (let index = 0; index < known.shards; index += 1) {
      const shard = await this.#store.get<Shard>(keyOf(known.generation, index));
      shard?.names.forEach((name, at) => {
        objects.set(name, shard.sizes[at] ?? 0);
      });
      // Stores answer at once; others have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return objects;
  }

  /** In place of all that was known. Until the last write, what was known before counts. */
  async replace(place: string, at: number, objects: ReadonlyMap<string, number>): Promise<KnownPlace> {
    const before = await this.place();
    const generation = (before?.generation ?? 0) + 1;
    const shards = shardsFor(objects.size);
    const all: Shard[] = Array.from({ length: shards }, () => ({ names: [], sizes: [] }));
    for (const [name, size] of objects) {
      const shard = all[shardOf(name, shards)];
      shard?.names.push(name);
      shard?.sizes.push(size);
    }
    await this.#writeAll(all.map((shard, index) => [keyOf(generation, index), shard]));
    const known: KnownPlace = { place, at, count: objects.size, generation, shards };
    await this.#store.set(HEAD, known);
    const kept = `${SHARD}${generation}-`;
    const old = (await this.#store.keys(SHARD)).filter((key) => !key.startsWith(kept));
    await this.#writeAll(old.map((key) => [key, undefined]));
    return known;
  }

  /** Some at a time: a store commits those together. */
  async #writeAll(entries: readonly (readonly [string, Shard | undefined])[]): Promise<void> {
    for (let from = 0; from < entries.length; from += TOGETHER) {
      await Promise.all(entries.slice(from, from + TOGETHER).map(([key, shard]) => this.#store.set(key, shard)));
    }
  }

  /** @param set new or changed @param gone no longer there */
  async change(known: KnownPlace, set: ReadonlyMap<string, number>, gone: readonly string[]): Promise<void> {
    // Grown beyond its entries, or shrunk to a part of them: spread anew.
    const most = known.count + set.size;
    if (shardsFor(most) > known.shards * 2) {
      const objects = await this.read(known);
      for (const name of gone) objects.delete(name);
      for (const [name, size] of set) objects.set(name, size);
      await this.replace(known.place, known.at, objects);
      return;
    }
    const touched = new Map<number, { set: Map<string, number>; gone: Set<string> }>();
    const at = (name: string) => {
      const index = shardOf(name, known.shards);
      const found = touched.get(index) ?? { set: new Map<string, number>(), gone: new Set<string>() };
      touched.set(index, found);
      return found;
    };
    for (const [name, size] of set) at(name).set.set(name, size);
    for (const name of gone) at(name).gone.add(name);
    let { count } = known;
    const writes: [string, Shard][] = [];
    for (const [index, changes] of touched) {
      const key = keyOf(known.generation, index);
      const shard = await this.#store.get<Shard>(key);
      const objects = new Map(shard?.names.map((name, place) => [name, shard.sizes[place] ?? 0]));
      count -= objects.size;
      for (const name of changes.gone) objects.delete(name);
      for (const [name, size] of changes.set) objects.set(name, size);
      count += objects.size;
      writes.push([key, { names: [...objects.keys()], sizes: [...objects.values()] }]);
    }
    await this.#writeAll(writes);
    if (count !== known.count) await this.#store.set(HEAD, { ...known, count } satisfies KnownPlace);
  }
}

const keyOf = (generation: number, index: number): string => `${SHARD}${generation}-${index}`;

const shardsFor = (objects: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(objects / PER_SHARD)));

/** Of a power of two. FNV-1a: spreads names that differ in one digit. */
function shardOf(name: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) & (shards - 1);
}

/** Short, so that a note of what is being announced stays small. */
export const shortHash = (text: string): string => createHash('sha1').update(text).digest('base64url').slice(0, 10);
