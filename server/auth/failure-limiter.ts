import { ipKeyGenerator } from 'express-rate-limit';

export interface FailureLimits {
  /** Failures of one address within the window after which it is turned away. */
  readonly max: number;
  readonly windowMs: number;
}

/** More addresses than this and the oldest are forgotten: the memory an attacker can take is bounded. */
const MAX_ADDRESSES = 10_000;

/** Counts failures by address (an IPv6 network of /56 counts as one), in memory. */
export class FailureLimiter {
  readonly #limits: FailureLimits;
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; until: number }>();

  constructor(limits: FailureLimits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Seconds until the address may try again; 0 when it may now. */
  blockedFor(address: string): number {
    const entry = this.#failures.get(keyOf(address));
    if (entry === undefined) return 0;
    const left = entry.until - this.#now();
    if (left <= 0) {
      this.#failures.delete(keyOf(address));
      return 0;
    }
    return entry.count >= this.#limits.max ? Math.ceil(left / 1000) : 0;
  }

  failed(address: string): void {
    const key = keyOf(address);
    const now = this.#now();
    const entry = this.#failures.get(key);
    if (entry !== undefined && entry.until > now) {
      entry.count += 1;
      return;
    }
    this.#failures.delete(key);
    if (this.#failures.size >= MAX_ADDRESSES) {
      const oldest = this.#failures.keys().next().value;
      if (oldest !== undefined) this.#failures.delete(oldest);
    }
    this.#failures.set(key, { count: 1, until: now + this.#limits.windowMs });
  }
}

const keyOf = (address: string): string => ipKeyGenerator(address, 56);
