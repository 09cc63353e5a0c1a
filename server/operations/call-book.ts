import type { CallReport } from '../node-reports.ts';
import type { ConnectionEntry } from './status-schema.ts';

/** Calls a second of one token: what the Platform allows, and the nodes keep to. */
const BUDGET = 20;
const SAMPLES = 200;
const MINUTE = 60;
const BUDGET_SECONDS = 10;
/** Flows can name any host in a connection of theirs. */
const MOST_PLATFORMS = 50;

type Calls = ConnectionEntry['calls'];

/** Counts by a unit of time, for as many of them as it has places. */
class Window {
  readonly #counts: Float64Array;
  readonly #unitMs: number;
  #latest = 0;

  constructor(places: number, unitMs: number) {
    this.#counts = new Float64Array(places);
    this.#unitMs = unitMs;
  }

  add(now: number): void {
    const at = this.#advance(now);
    this.#counts[at % this.#counts.length] = (this.#counts[at % this.#counts.length] ?? 0) + 1;
  }

  /** Of the last places, the current one included. */
  sum(now: number, places = this.#counts.length): number {
    const at = this.#advance(now);
    let sum = 0;
    for (let back = 0; back < places; back += 1)
      sum += this.#counts[(at - back + this.#counts.length) % this.#counts.length] ?? 0;
    return sum;
  }

  #advance(now: number): number {
    const at = Math.max(this.#latest, Math.floor(now / this.#unitMs));
    const { length } = this.#counts;
    if (at - this.#latest >= length) this.#counts.fill(0);
    else for (let next = this.#latest + 1; next <= at; next += 1) this.#counts[next % length] = 0;
    this.#latest = at;
    return at;
  }
}

interface Platform {
  calls: Window;
  errors: Window;
  retries: Window;
  durations: number[];
  waits: number[];
  next: number;
  lastError: Calls['lastError'];
}

/** How calls to each Platform go. Recording is a few additions; percentiles are made when somebody looks. */
export class CallBook {
  readonly #platforms = new Map<string, Platform>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add({ platform, method, endpoint, status, error, attempt, durationMs, waitedMs }: CallReport): void {
    const now = this.#now();
    let book = this.#platforms.get(platform);
    if (!book) {
      if (this.#platforms.size >= MOST_PLATFORMS) return;
      book = {
        calls: new Window(MINUTE, 1000),
        errors: new Window(MINUTE, 60_000),
        retries: new Window(MINUTE, 60_000),
        durations: [],
        waits: [],
        next: 0,
        lastError: null,
      };
      this.#platforms.set(platform, book);
    }
    book.calls.add(now);
    if (attempt > 1) book.retries.add(now);
    book.durations[book.next] = durationMs;
    book.waits[book.next] = waitedMs;
    book.next = (book.next + 1) % SAMPLES;
    if (error === undefined) return;
    book.errors.add(now);
    book.lastError = {
      at: new Date(now).toISOString(),
      endpoint: `${method} ${endpoint}`,
      error: status === undefined ? error : `${error} (${status})`,
    };
  }

  of(platform: string): Calls {
    const book = this.#platforms.get(platform);
    const now = this.#now();
    const durations = book?.durations.toSorted((a, b) => a - b) ?? [];
    return {
      lastMinute: book?.calls.sum(now) ?? 0,
      budgetUsed: round((book?.calls.sum(now, BUDGET_SECONDS) ?? 0) / (BUDGET * BUDGET_SECONDS), 3),
      errorsLastHour: book?.errors.sum(now) ?? 0,
      retriesLastHour: book?.retries.sum(now) ?? 0,
      medianMs: share(durations, 0.5),
      p95Ms: share(durations, 0.95),
      waitedMs: share(book?.waits.toSorted((a, b) => a - b) ?? [], 0.95),
      lastError: book?.lastError ?? null,
    };
  }
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

function share(sorted: readonly number[], part: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return value === undefined ? null : round(value, 1);
}
