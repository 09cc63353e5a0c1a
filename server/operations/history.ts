import { randomBytes } from 'node:crypto';
import { isObject } from '../flows/flow-node.ts';
import { OWN_SCOPES } from '../state/context-store.ts';
import type { StateStore, Write } from '../state/state-store.ts';
import type { EndedRun, FailureEntry, Outcome, RunDetail } from './status-schema.ts';

/** Where it is kept in the state store: no node's, so that Node-RED's cleaning leaves it alone. */
export const HISTORY_SCOPE = `${OWN_SCOPES}:operations`;

export const HISTORY_DAYS = 7;
export const HISTORY_ROWS = 2000;

const HOUR_MS = 3_600_000;
const FLUSH_MS = 5000;
const ENTRY = /^entry-(\d{13})-/;
const HOUR = /^hour-(\d{13})$/;

/** What ended, with what was known of it. */
export interface KeptRun extends Omit<RunDetail, 'run'> {
  run: EndedRun;
}

export type LaunchOutcome = 'done' | 'failed' | 'unknown';

/** Counts of one hour: the charts need no row for each run. */
export interface HourCounts {
  ended: Record<Outcome, number>;
  launches: Record<LaunchOutcome, number>;
}

type Entry = { type: 'run'; kept: KeptRun } | { type: 'launch'; failure: FailureEntry };

export interface HistoryOptions {
  store: Pick<StateStore, 'get' | 'keys' | 'write'>;
  now(): number;
  /** False while another replica is the one that writes. */
  active(): boolean;
  /** The history goes on in memory, and is tried again. */
  onUnsaved(error: Error): void;
}

/**
 * What ended and what was launched, for some days and so many rows. Kept in the state store by a write every few seconds
 * when there is something to write, never by one for each event.
 */
export class History {
  readonly #options: HistoryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #runs = new Map<string, string>();
  readonly #hours = new Map<number, HourCounts>();
  readonly #unsaved = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #loaded = false;
  #failing = false;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** Takes up what is in the store. Does nothing the second time, nor while another replica writes. */
  load(): void {
    const { store, active } = this.#options;
    if (this.#loaded || !active()) return;
    this.#loaded = true;
    const own = [...this.#entries];
    this.#entries.clear();
    try {
      for (const key of store.keys(HISTORY_SCOPE).sort()) {
        const value = parsed(store.get(HISTORY_SCOPE, key));
        const hour = Number(HOUR.exec(key)?.[1]);
        if (ENTRY.test(key) && isEntry(value)) this.#take(key, value);
        else if (hour && isHour(value)) this.#addUp(hour, value);
        else this.#unsaved.add(key);
      }
    } catch (error) {
      // A store that cannot be read is told of by the probe; it is tried again.
      this.#loaded = false;
      this.#options.onUnsaved(error as Error);
    }
    for (const [key, entry] of own) this.#take(key, entry);
    this.#prune();
  }

  ended(key: string): KeptRun | null {
    this.load();
    const entry = this.#entries.get(this.#runs.get(key) ?? '');
    return entry?.type === 'run' ? entry.kept : null;
  }

  /** Newest first. */
  *entries(): Generator<Entry> {
    yield* [...this.#entries.values()].reverse();
  }

  hour(start: number): HourCounts {
    return this.#hours.get(start) ?? NO_COUNTS;
  }

  addEnd(kept: KeptRun): void {
    this.#add(Date.parse(kept.run.endedAt), { type: 'run', kept });
    this.#count((counts) => {
      counts.ended[kept.run.outcome] += 1;
    });
  }

  /** More is known of the way of a run that has ended; nothing to do where it is another one's. */
  changed(key: string, path: KeptRun['path']): void {
    const entry = this.#runs.get(key);
    const kept = entry === undefined ? undefined : this.#entries.get(entry);
    if (entry !== undefined && kept?.type === 'run' && kept.kept.path === path) this.#touch(entry);
  }

  addLaunch(outcome: LaunchOutcome, failure: FailureEntry | null): void {
    if (failure) this.#add(Date.parse(failure.at), { type: 'launch', failure });
    this.#count((counts) => {
      counts.launches[outcome] += 1;
    });
  }

  /** Writes what is not written yet. Calls back when that is on disk, or is known to have failed. */
  flush(done: () => void = () => {}): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#options.active()) this.load();
    this.#prune();
    const keys = this.#options.active() ? [...this.#unsaved] : [];
    if (keys.length === 0) {
      done();
      return;
    }
    this.#unsaved.clear();
    const writes: Write[] = keys.map((key) => ({ scope: HISTORY_SCOPE, key, text: this.#textOf(key) }));
    this.#options.store.write(writes, (error) => {
      if (error) {
        for (const key of keys) this.#unsaved.add(key);
        if (!this.#failing) this.#options.onUnsaved(error);
      }
      this.#failing = error !== undefined;
      done();
    });
  }

  /** Resolves when all is written. */
  close(): Promise<void> {
    return new Promise((resolve) => this.flush(resolve));
  }

  #add(at: number, entry: Entry): void {
    // In the order in which they ended, which is that of the keys.
    const key = `entry-${String(at).padStart(13, '0')}-${randomBytes(4).toString('hex')}`;
    this.#take(key, entry);
    this.#touch(key);
  }

  #take(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    if (entry.type === 'run') this.#runs.set(entry.kept.run.key, key);
  }

  #count(change: (counts: HourCounts) => void): void {
    const start = hourOf(this.#options.now());
    const counts = this.#hours.get(start) ?? structuredClone(NO_COUNTS);
    this.#hours.set(start, counts);
    change(counts);
    this.#touch(hourKey(start));
  }

  /** What was counted before the store was read is added to what it had. */
  #addUp(start: number, stored: HourCounts): void {
    const own = this.#hours.get(start);
    this.#hours.set(start, stored);
    if (!own) return;
    for (const part of ['ended', 'launches'] as const) {
      const [to, from] = [stored[part] as Record<string, number>, own[part] as Record<string, number>];
      for (const [name, count] of Object.entries(from)) to[name] = (to[name] ?? 0) + count;
    }
  }

  #touch(key: string): void {
    this.#unsaved.add(key);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  #prune(): void {
    const oldest = this.#options.now() - HISTORY_DAYS * 24 * HOUR_MS;
    let over = this.#entries.size - HISTORY_ROWS;
    for (const [key, entry] of this.#entries) {
      if (over <= 0 && Number(ENTRY.exec(key)?.[1]) >= oldest) break;
      over -= 1;
      this.#entries.delete(key);
      this.#unsaved.add(key);
      if (entry.type === 'run' && this.#runs.get(entry.kept.run.key) === key) this.#runs.delete(entry.kept.run.key);
    }
    for (const start of this.#hours.keys()) {
      if (start >= oldest - HOUR_MS) continue;
      this.#hours.delete(start);
      this.#unsaved.add(hourKey(start));
    }
  }

  #textOf(key: string): string | null {
    const value = this.#entries.get(key) ?? this.#hours.get(Number(HOUR.exec(key)?.[1]));
    return value === undefined ? null : JSON.stringify(value);
  }
}

export const hourOf = (ms: number): number => ms - (ms % HOUR_MS);
const hourKey = (start: number): string => `hour-${String(start).padStart(13, '0')}`;

const NO_COUNTS: HourCounts = {
  ended: { succeeded: 0, failed: 0, cancelled: 0, lost: 0 },
  launches: { done: 0, failed: 0, unknown: 0 },
};

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return null;
  }
}

/** It was written by this program: only damage, and rows of a version to come, are to be told apart. */
function isEntry(value: unknown): value is Entry {
  if (!isObject(value)) return false;
  if (value.type === 'launch') return isObject(value.failure) && typeof value.failure.at === 'string';
  const { kept } = value;
  return (
    value.type === 'run' &&
    isObject(kept) &&
    isObject(kept.run) &&
    Array.isArray(kept.events) &&
    Array.isArray(kept.path)
  );
}

function isHour(value: unknown): value is HourCounts {
  const counts = (part: unknown, names: string[]): boolean =>
    isObject(part) && names.every((name) => typeof part[name] === 'number');
  return (
    isObject(value) &&
    counts(value.ended, Object.keys(NO_COUNTS.ended)) &&
    counts(value.launches, Object.keys(NO_COUNTS.launches))
  );
}
