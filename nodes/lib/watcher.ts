import { PAGE, PlatformClient } from './client.ts';
import type { Clock, Timer } from './clock.ts';
import { SeqeraError, toSeqeraError } from './errors.ts';
import { pagesToRead } from './watch-pages.ts';

/** What is watched: runs, studios. `T` is the body that a watch is given. */
export interface Subject<T> {
  /** A page of the list, newest first. @param lean without what a list of many does not need */
  list(client: PlatformClient, offset: number, lean: boolean): Promise<{ items: T[]; more: boolean }>;
  get(client: PlatformClient, id: string): Promise<T>;
  idOf(body: T): string;
  statusOf(body: T): string;
  /** Will not change any more. */
  ended(body: T): boolean;
  /** The full body of before with what the list says now. */
  merge(full: T, item: T): T;
}

export interface Watch<T> {
  id: string;
  intervalMs: number;
  /** On each check. An end comes with the full body. Must not throw. */
  onSight(body: T): void;
  /** A check failed and will be repeated. */
  onTrouble(error: SeqeraError): void;
  /** There is nothing to watch: it does not exist, or may not be read. The watch is over. */
  onLost(error: SeqeraError): void;
}

interface Entry<T> {
  id: string;
  watches: Map<Watch<T>, number>;
  nextAt: number;
  /** As of the last body that was delivered. */
  status: string | undefined;
  full: T | undefined;
  /** Page of the list where it was last seen; `apart`: not in the list as far as is worth reading. */
  page: number | 'apart' | undefined;
  apartChecks: number;
  fetching: boolean;
  failures: number;
  refusals: number;
  refusedSince: number;
}

/** Those who ask within it are checked together. */
const GATHER_MS = 50;
/** What is due within this part of its interval is checked along. */
const EARLY = 0.2;
/** Above it only ends are read in full, and no full bodies are kept: they would be most of the memory. */
const MOST_KEPT = 200;
const PARALLEL = 8;
const LONGEST_BACKOFF_MS = 15_000;
/** A run that is not in the list is looked for in it again after so many checks. */
const APART_CHECKS = 20;
/** A token can be in rotation; a permission can be on its way. */
const REFUSALS = 3;
const REFUSED_MS = 10_000;
const REFUSING = new Set([
  'SEQERA_UNAUTHORIZED',
  'SEQERA_FORBIDDEN',
  'SEQERA_NOT_FOUND',
  'SEQERA_BAD_REQUEST',
  'SEQERA_NO_CONNECTION',
  'SEQERA_INVALID_INPUT',
]);

/**
 * Watches everything of one kind in one workspace over one connection, for all nodes: one call on the list covers a
 * hundred; single calls only where they are fewer. Checks never overlap; what failed is repeated more slowly, and
 * never given up for a reason that can pass.
 */
export class Watcher<T> {
  readonly #subject: Subject<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #client: PlatformClient;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #wanted: Entry<T>[] = [];
  #fetchers = 0;
  #checking = false;
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #failures = 0;

  constructor(client: PlatformClient, subject: Subject<T>) {
    this.#subject = subject;
    this.#clock = client.http.clock;
    this.#random = client.http.random;
    // It repeats by itself, and slower than the client would; and it is no single node's.
    this.#client = new PlatformClient(client.http, {
      workspaceId: client.workspaceId,
      caller: `watch ${client.workspaceId ?? ''}`,
      attempts: 2,
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** @returns what stops the watch */
  watch(watch: Watch<T>): () => void {
    const due = this.#clock.monotonic() + GATHER_MS;
    let entry = this.#entries.get(watch.id);
    if (!entry) {
      entry = {
        id: watch.id,
        watches: new Map(),
        nextAt: due,
        status: undefined,
        full: undefined,
        page: undefined,
        apartChecks: 0,
        fetching: false,
        failures: 0,
        refusals: 0,
        refusedSince: 0,
      };
      this.#entries.set(watch.id, entry);
    }
    entry.watches.set(watch, due);
    entry.nextAt = Math.min(entry.nextAt, due);
    this.#schedule();
    const own = entry;
    return () => {
      own.watches.delete(watch);
      if (own.watches.size === 0 && this.#entries.get(own.id) === own) this.#entries.delete(own.id);
      this.#schedule();
    };
  }

  #schedule(): void {
    if (this.#checking) return;
    let earliest = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) if (!entry.fetching) earliest = Math.min(earliest, entry.nextAt);
    if (earliest === this.#timerAt) return;
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#timerAt = earliest;
    if (earliest === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(
      () => {
        this.#timer = undefined;
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#checking = true;
        this.#check()
          .catch((error: unknown) => this.#troubleAll([...this.#entries.values()], toSeqeraError(error)))
          .finally(() => {
            this.#checking = false;
            this.#schedule();
          });
      },
      Math.max(0, earliest - this.#clock.monotonic()),
    );
  }

  async #check(): Promise<void> {
    const now = this.#clock.monotonic();
    const due = [...this.#entries.values()].filter(
      (entry) => !entry.fetching && entry.nextAt <= now + this.#intervalOf(entry) * EARLY,
    );
    // One jitter for all: those that are checked together stay together, and connections drift apart.
    const jitter = 0.95 + this.#random() * 0.1;
    for (const entry of due) entry.nextAt = now + this.#intervalOf(entry) * jitter;
    const apart = await this.#readList(due, now);
    await this.#each(apart, async (entry) => this.#readOne(entry, now));
  }

  /** @returns those that have to be asked for one by one */
  async #readList(due: Entry<T>[], now: number): Promise<Entry<T>[]> {
    const { pages, single } = pagesToRead(due);
    const missing = new Map(due.filter((entry) => !single.has(entry)).map((entry) => [entry.id, entry]));
    const lean = this.#entries.size > PAGE;
    const read = new Set<number>();
    let more = true;
    const readPage = async (page: number): Promise<number> => {
      const before = missing.size;
      const answer = await this.#subject.list(this.#client, page * PAGE, lean);
      read.add(page);
      more = answer.more;
      for (const item of answer.items) {
        const entry = missing.get(this.#subject.idOf(item));
        if (!entry) continue;
        missing.delete(entry.id);
        entry.page = page;
        this.#sighted(entry, item, false, now);
      }
      return before - missing.size;
    };
    try {
      for (const page of pages) await readPage(page);
      // New runs push the others on to later pages. Reading on is worth it while it costs less than asking for each.
      let barren = 0;
      for (let page = 0; missing.size > 1 && barren < missing.size; page += 1) {
        if (read.has(page)) continue;
        if (!more && page > Math.max(...read)) break;
        barren = (await readPage(page)) > 0 ? 0 : barren + 1;
      }
      if (due.length > single.size) this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      // Asking one by one would only fail as often as there are runs.
      this.#troubleAll([...missing.values(), ...single], toSeqeraError(error), this.#failures);
      return [];
    }
    for (const entry of missing.values()) {
      entry.page = 'apart';
      entry.apartChecks = APART_CHECKS;
    }
    return [...single, ...missing.values()];
  }

  async #readOne(entry: Entry<T>, now: number): Promise<void> {
    if (entry.page === 'apart') {
      entry.apartChecks -= 1;
      if (entry.apartChecks <= 0) entry.page = undefined;
    }
    try {
      this.#sighted(entry, await this.#subject.get(this.#client, entry.id), true, now);
    } catch (error) {
      this.#trouble(entry, toSeqeraError(error), entry.failures + 1);
    }
  }

  #sighted(entry: Entry<T>, body: T, full: boolean, now: number): void {
    entry.failures = 0;
    entry.refusals = 0;
    const status = this.#subject.statusOf(body);
    const changed = status !== entry.status;
    const ended = this.#subject.ended(body);
    const keeps = this.#entries.size <= MOST_KEPT;
    if (!full && (ended || (changed && keeps))) {
      this.#want(entry, ended);
      return;
    }
    entry.status = status;
    if (full) entry.full = keeps ? body : undefined;
    const shown = full || entry.full === undefined ? body : this.#subject.merge(entry.full, body);
    for (const [watch, dueAt] of [...entry.watches]) {
      if (!changed && !ended && dueAt > now + watch.intervalMs * EARLY) continue;
      if (entry.watches.has(watch)) entry.watches.set(watch, now + watch.intervalMs);
      watch.onSight(shown);
    }
  }

  /** Reads the full body beside the checks; an end before a mere change. */
  #want(entry: Entry<T>, first: boolean): void {
    if (entry.fetching) return;
    entry.fetching = true;
    if (first) this.#wanted.unshift(entry);
    else this.#wanted.push(entry);
    if (this.#fetchers >= PARALLEL) return;
    this.#fetchers += 1;
    void this.#fetchWanted();
  }

  async #fetchWanted(): Promise<void> {
    for (let entry = this.#wanted.shift(); entry; entry = this.#wanted.shift()) {
      const { id } = entry;
      if (this.#entries.get(id) === entry) {
        const body = await this.#subject
          .get(this.#client.with({ caller: `ends ${this.#client.workspaceId ?? ''}` }), id)
          .catch(toSeqeraError);
        entry.fetching = false;
        if (body instanceof SeqeraError) this.#trouble(entry, body, entry.failures + 1);
        else this.#sighted(entry, body, true, this.#clock.monotonic());
      }
      entry.fetching = false;
      this.#schedule();
    }
    this.#fetchers -= 1;
  }

  #troubleAll(entries: Entry<T>[], error: SeqeraError, failures = 1): void {
    for (const entry of entries) this.#trouble(entry, error, failures, false);
  }

  /** @param own the call was about this one alone */
  #trouble(entry: Entry<T>, error: SeqeraError, failures: number, own = true): void {
    if (this.#entries.get(entry.id) !== entry) return;
    const now = this.#clock.monotonic();
    const interval = this.#intervalOf(entry);
    entry.failures = failures;
    const backoff = Math.min(interval * 2 ** Math.min(failures - 1, 20), Math.max(interval, LONGEST_BACKOFF_MS));
    entry.nextAt = now + backoff * (0.8 + this.#random() * 0.4);
    if (!error.transient && REFUSING.has(error.code)) {
      if (entry.refusals === 0) entry.refusedSince = now;
      entry.refusals += 1;
      const gone = own && error.code === 'SEQERA_NOT_FOUND' && entry.refusals > 1;
      if (gone || (entry.refusals >= REFUSALS && now - entry.refusedSince >= REFUSED_MS)) {
        this.#entries.delete(entry.id);
        for (const watch of entry.watches.keys()) watch.onLost(error);
        return;
      }
      entry.nextAt = Math.min(entry.nextAt, now + REFUSED_MS / 2);
    } else {
      entry.refusals = 0;
    }
    for (const watch of [...entry.watches.keys()]) watch.onTrouble(error);
  }

  #intervalOf(entry: Entry<T>): number {
    let least = Number.POSITIVE_INFINITY;
    for (const watch of entry.watches.keys()) least = Math.min(least, watch.intervalMs);
    return least;
  }

  async #each(entries: Entry<T>[], work: (entry: Entry<T>) => Promise<void>): Promise<void> {
    const rest = [...entries];
    const worker = async () => {
      for (let entry = rest.shift(); entry; entry = rest.shift()) await work(entry);
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, rest.length) }, worker));
  }
}

/** Without what a list leaves empty: a merge must not put nothing in the place of something. */
export const present = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));

/** How to come by the one watcher of a kind for a connection and workspace. */
export function watcherOf<T>(subject: Subject<T>): (client: PlatformClient) => Watcher<T> {
  const watchers = new WeakMap<object, Map<string, Watcher<T>>>();
  return (client) => {
    const ofClient = watchers.get(client.http) ?? new Map<string, Watcher<T>>();
    watchers.set(client.http, ofClient);
    const key = client.workspaceId ?? '';
    const watcher = ofClient.get(key) ?? new Watcher(client, subject);
    ofClient.set(key, watcher);
    return watcher;
  };
}
