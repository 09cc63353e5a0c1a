/** At most so many calls a minute, as many at once. One number: the moment at which what was taken would be used up. */
export class CallRate {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #used = 0;

  constructor(perMinute: number, now: () => number) {
    this.#intervalMs = 60_000 / perMinute;
    this.#now = now;
  }

  /** 0 and taken, or the seconds to wait. */
  take(): number {
    const now = this.#now();
    const used = Math.max(this.#used, now);
    const wait = used - now - 60_000 + this.#intervalMs - 1e-6;
    if (wait > 0) return Math.ceil(wait / 1000);
    this.#used = used + this.#intervalMs;
    return 0;
  }
}
