/** Who wants to be told when something ends, by its key. */
export class Watchers {
  readonly #watchers = new Map<string, Set<() => void>>();

  /** @returns how to stop watching */
  add(key: string, ended: () => void): () => void {
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(ended));
    return () => {
      watchers.delete(ended);
      if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key);
    };
  }

  end(key: string): void {
    const watchers = this.#watchers.get(key);
    this.#watchers.delete(key);
    for (const ended of watchers ?? []) ended();
  }
}
