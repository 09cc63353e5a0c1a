/** Sessions as Node-RED gives them to its storage: by token. */
export type SessionMap = Record<string, { readonly expires?: unknown; readonly [property: string]: unknown }>;

interface SessionStorage<T extends SessionMap> {
  load(): Promise<T>;
  save(sessions: T): Promise<void>;
}

/** Node-RED closes an editor's connection some seconds after its session expired, and not at all when it was revoked. */
export class LiveSessions {
  #expiry = new Map<string, number>();
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** The same storage, watched: Node-RED saves all sessions that there are whenever one begins or ends. */
  follow<T extends SessionMap>(storage: SessionStorage<T>): SessionStorage<T> {
    return {
      load: async () => {
        const sessions = await storage.load();
        this.#replace(sessions);
        return sessions;
      },
      // First: a session that ended has ended, whether that can be written down or not.
      save: (sessions) => {
        this.#replace(sessions);
        return storage.save(sessions);
      },
    };
  }

  /** Calls back when the session ends. @returns how to stop watching */
  watch(token: string, ended: () => void): () => void {
    const watchers = this.#watchers.get(token) ?? new Set();
    this.#watchers.set(token, watchers.add(ended));
    return () => {
      watchers.delete(ended);
      if (watchers.size === 0 && this.#watchers.get(token) === watchers) this.#watchers.delete(token);
    };
  }

  #replace(sessions: SessionMap): void {
    const before = this.#expiry;
    this.#expiry = new Map(
      Object.entries(sessions).map(([token, { expires }]) => [token, typeof expires === 'number' ? expires : Infinity]),
    );
    for (const token of before.keys()) if (!this.#expiry.has(token)) this.#end(token);
    this.#expire();
  }

  #end(token: string): void {
    const watchers = this.#watchers.get(token);
    this.#watchers.delete(token);
    for (const ended of watchers ?? []) ended();
  }

  #expire(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const [token, expires] of this.#expiry) {
      if (expires <= now) this.#end(token);
      else next = Math.min(next, expires);
    }
    this.#timer =
      next === Number.POSITIVE_INFINITY ? null : setTimeout(() => this.#expire(), Math.min(next - now, 2 ** 31 - 1));
    this.#timer?.unref();
  }
}
