import { createHash } from 'node:crypto';
import { ipKeyGenerator } from 'express-rate-limit';

export interface GuessRule {
  /** Failures that cost nothing: people mistype. */
  readonly free: number;
  /** The wait after the next one; it doubles with each further one. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** One name from one address: in a day no more than 110 guesses. */
export const NAME_RULE: GuessRule = { free: 5, firstWaitMs: 2000, longestWaitMs: 15 * 60_000 };
/** All names from one address: whoever tries one password on many names is stopped by this one. */
export const ADDRESS_RULE: GuessRule = { free: 20, firstWaitMs: 2000, longestWaitMs: 15 * 60_000 };
/**
 * In place of both while many addresses guess together, for addresses from which nobody has signed in before: one guess
 * at once, about 35 a day. It never keeps the first attempt of an address waiting, so however many attack, the
 * administrator gets in, from a new place too.
 */
export const STRICT_RULE: GuessRule = { free: 1, firstWaitMs: 60_000, longestWaitMs: 50 * 60_000 };

/** Failures of all unfamiliar addresses together within about an hour from which on the strict rule holds. */
export const STRICT_FROM = 100;
const ALL_LEAK_MS = (60 * 60_000) / STRICT_FROM;

/** Without a failure for so long, all is forgotten. Longer than the longest wait, or waiting would pay. */
export const FORGET_MS = 60 * 60_000;
/** An address stays familiar for so long after a sign-in. */
export const FAMILIAR_MS = 90 * 24 * 60 * 60_000;

export interface Failures {
  readonly count: number;
  /** When the last one was, ms of the epoch. */
  readonly last: number;
}

/** Where failures are kept, by keys that tell neither name nor address. A store that outlives a restart fits in here. */
export interface FailureState {
  get(key: string): Failures | undefined;
  set(key: string, failures: Failures): void;
  delete(key: string): void;
}

/** In memory, bounded: of more keys than this the oldest are forgotten. */
export class FailureMemory implements FailureState {
  readonly #max: number;
  readonly #entries = new Map<string, Failures>();
  /** Counts up with each change: tells whoever keeps it on disk that there is something to write. */
  changes = 0;

  constructor(max = 20_000) {
    this.#max = max;
  }

  get(key: string): Failures | undefined {
    return this.#entries.get(key);
  }

  set(key: string, failures: Failures): void {
    // To the end: what is still being tried is the last to go.
    this.#entries.delete(key);
    this.#entries.set(key, failures);
    const oldest = this.#entries.size > this.#max ? this.#entries.keys().next().value : undefined;
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.changes += 1;
  }

  delete(key: string): void {
    if (this.#entries.delete(key)) this.changes += 1;
  }

  /** Oldest first. */
  entries(): [string, Failures][] {
    return [...this.#entries];
  }
}

export type Attempt =
  | { readonly allowed: false; readonly waitMs: number }
  | {
      readonly allowed: true;
      /** The password was right: the failures of this name from this address are forgotten. */
      succeeded(): void;
      /** It was not looked at. */
      withdrawn(): void;
    };

export interface GuessLimiterOptions {
  readonly state?: FailureState;
  /** Where somebody has signed in, apart from the failures: a flood of these must not push it out. */
  readonly familiar?: FailureState;
  readonly now?: () => number;
}

/**
 * Slows guessing down. Counts failures of a name from an address, of an address whatever the name, and of all addresses
 * together; never of a name alone: that would let anyone lock its owner out from elsewhere.
 */
export class GuessLimiter {
  readonly #state: FailureState;
  readonly #familiar: FailureState;
  readonly #now: () => number;

  constructor(options: GuessLimiterOptions = {}) {
    this.#state = options.state ?? new FailureMemory();
    this.#familiar = options.familiar ?? new FailureMemory(2000);
    this.#now = options.now ?? Date.now;
  }

  /** Counts as a failure until it is told otherwise: attempts at the same time must not all be the first one. */
  attempt(name: string, address: string): Attempt {
    const network = networkOf(address);
    const now = this.#now();
    const here = keyOf('familiar', network, name);
    const familiar = this.#isFamiliar(here, now);
    const strict = !familiar && this.#level(now) >= STRICT_FROM;
    const keys = [
      { key: keyOf('name', network, name), rule: strict ? STRICT_RULE : NAME_RULE },
      { key: keyOf('address', network), rule: strict ? STRICT_RULE : ADDRESS_RULE },
    ] as const;
    const waitMs = Math.max(...keys.map(({ key, rule }) => this.#wait(key, rule, now)));
    // One that came too early is not counted: else a neighbour at the same address could hold the wait up for good.
    if (waitMs > 0) return { allowed: false, waitMs };

    const before = keys.map(({ key }) => this.#read(key, now));
    keys.forEach(({ key }, i) => {
      this.#state.set(key, { count: (before[i]?.count ?? 0) + 1, last: now });
    });
    if (!familiar) this.#state.set(ALL, { count: this.#level(now) + 1, last: now });
    const takeBack = (index: 0 | 1): void => {
      const { key } = keys[index];
      const count = (this.#state.get(key)?.count ?? 1) - 1;
      if (count <= 0) this.#state.delete(key);
      else this.#state.set(key, { count, last: before[index]?.last ?? now });
    };
    const takeBackAll = (): void => {
      if (!familiar) this.#state.set(ALL, { count: Math.max(0, this.#level(now) - 1), last: now });
    };
    return {
      allowed: true,
      succeeded: () => {
        this.#state.delete(keys[0].key);
        // Only this one: a right password of one's own must not buy guesses at those of others.
        takeBack(1);
        takeBackAll();
        this.#familiar.set(here, { count: 1, last: now });
      },
      withdrawn: () => {
        takeBack(0);
        takeBack(1);
        takeBackAll();
      },
    };
  }

  /** Failures of all unfamiliar addresses; leaks away evenly, as there is hardly an hour without one where many sign in. */
  #level(now: number): number {
    const all = this.#notLater(ALL, now);
    return all === undefined ? 0 : Math.max(0, all.count - (now - all.last) / ALL_LEAK_MS);
  }

  /** A clock that was ahead, and then put right, must not make anybody wait until that time has come. */
  #notLater(key: string, now: number): Failures | undefined {
    const failures = this.#state.get(key);
    if (failures === undefined || failures.last <= now) return failures;
    const corrected = { count: failures.count, last: now };
    this.#state.set(key, corrected);
    return corrected;
  }

  #isFamiliar(key: string, now: number): boolean {
    const signIn = this.#familiar.get(key);
    return signIn !== undefined && now - signIn.last < FAMILIAR_MS;
  }

  #read(key: string, now: number): Failures | undefined {
    const failures = this.#notLater(key, now);
    if (failures === undefined || now - failures.last < FORGET_MS) return failures;
    this.#state.delete(key);
    return undefined;
  }

  #wait(key: string, rule: GuessRule, now: number): number {
    const failures = this.#read(key, now);
    if (failures === undefined || failures.count < rule.free) return 0;
    const wait = Math.min(rule.firstWaitMs * 2 ** Math.min(failures.count - rule.free, 30), rule.longestWaitMs);
    return Math.max(0, failures.last + wait - now);
  }
}

/** The key of all addresses together: no hash is as short. */
const ALL = 'all';

/** An IPv6 customer has a whole network to try from: it counts as one address. */
export const networkOf = (address: string): string => ipKeyGenerator(address, 56);

/** A hash, so that a name of any length takes little room, and what is kept names nobody. */
const keyOf = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
