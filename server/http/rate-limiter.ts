export interface RateLimit {
  /** Calls a minute that may go on for ever. */
  readonly perMinute: number;
  /** Calls that may come at once after a quiet time. Default: a minute's worth. */
  readonly burst?: number;
}

/** Keys of one generation. The one before it is kept too, older ones are forgotten: the memory an attacker can take is bounded. */
const MAX_KEYS = 10_000;

/**
 * Calls by key (an address, a caller), in memory. One number a key, the moment at which it would have used up what it did
 * (GCRA), so a call costs one look-up in a map and no timer. A call that is refused is not counted: who keeps to the
 * wait that it is told gets through.
 */
export class RateLimiter {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  readonly #now: () => number;
  #used = new Map<string, number>();
  #usedBefore = new Map<string, number>();

  constructor({ perMinute, burst = perMinute }: RateLimit, now: () => number = () => performance.now()) {
    this.#intervalMs = 60_000 / perMinute;
    this.#toleranceMs = (burst - 1) * this.#intervalMs;
    this.#now = now;
  }

  /** 0 and counted, or the seconds to wait. */
  take(key: string): number {
    const now = this.#now();
    const before = this.#used.get(key) ?? this.#usedBefore.get(key);
    const used = before === undefined || before < now ? now : before;
    // A little slack: the sums of fractions must not refuse the last call of a burst.
    const wait = used - now - this.#toleranceMs - 1e-6;
    if (wait > 0) return Math.ceil(wait / 1000);
    this.#used.set(key, used + this.#intervalMs);
    if (this.#used.size >= MAX_KEYS) {
      this.#usedBefore = this.#used;
      this.#used = new Map();
    }
    return 0;
  }

  get size(): number {
    return this.#used.size + this.#usedBefore.size;
  }
}
