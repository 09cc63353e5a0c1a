import { createHash } from 'node:crypto';

/** Where entries outlive the process: the node's context. */
export interface ReplayStore {
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  keys(prefix: string): Promise<string[]>;
}

const PREFIX = 'replay_';
const MAX_ENTRIES = 20_000;
/** Entries looked at for each new one, whether they can go. */
const SWEEP = 8;

/** The same request has the same id. A hash, as keys of a context hold letters, digits, `_` and `-`. */
export function requestId(timestamp: string | null, body: Buffer): string {
  return createHash('sha256')
    .update(`${timestamp ?? ''}\n`)
    .update(body)
    .digest('base64url');
}

/**
 * Requests that were taken. One counts as taken from the moment that it is begun; it is stored once it was answered, so that
 * what a crash or a failed flow left unanswered may be sent again.
 */
export class ReplayCache {
  readonly #store: ReplayStore;
  readonly #now: () => number;
  /** Until when; the oldest first. Only requests that were signed get in here. */
  readonly #known = new Map<string, number>();

  constructor(store: ReplayStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async load(): Promise<void> {
    const found: [string, number][] = [];
    for (const key of await this.#store.keys(PREFIX)) {
      const until = await this.#store.get<number>(key);
      if (typeof until === 'number' && until > this.#now()) found.push([key.slice(PREFIX.length), until]);
      else await this.#store.delete(key);
    }
    found.sort((a, b) => a[1] - b[1]);
    for (const [id, until] of found) this.#known.set(id, until);
  }

  /** False when it was there before. */
  begin(id: string, until: number): boolean {
    const known = this.#known.get(id);
    if (known !== undefined && known > this.#now()) return false;
    this.#known.delete(id);
    this.#known.set(id, until);
    return true;
  }

  /** It was answered. @throws SEQERA_STORE_FAILED: it is known while the process lives */
  async keep(id: string): Promise<void> {
    const until = this.#known.get(id);
    if (until === undefined) return;
    await this.#store.set(PREFIX + id, until);
    await this.#makeRoom();
  }

  /** It may come again. */
  release(id: string): void {
    this.#known.delete(id);
  }

  get size(): number {
    return this.#known.size;
  }

  async #makeRoom(): Promise<void> {
    const now = this.#now();
    for (let looked = 0; looked < SWEEP; looked += 1) {
      const [oldest] = this.#known;
      if (oldest === undefined || (oldest[1] > now && this.#known.size <= MAX_ENTRIES)) return;
      this.#known.delete(oldest[0]);
      await this.#store.delete(PREFIX + oldest[0]);
    }
  }
}
