interface Window {
  startedAt: number;
  used: number;
}

/**
 * So many calls a second and key, in fixed windows of real time, not simulated: clients pace themselves by the real one.
 * A call over the limit may be held until the next window, when that begins within `hold`.
 */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #holdMs: number;
  readonly #windows = new Map<string, Window>();

  constructor(perSecond: number, holdMs: number) {
    this.#perSecond = perSecond;
    this.#holdMs = holdMs;
  }

  /** Milliseconds to hold the call (0: go on), or undefined: refuse it. */
  take(key: string, now = performance.now()): number | undefined {
    let window = this.#windows.get(key);
    if (!window || now >= window.startedAt + 1000) {
      window = { startedAt: now, used: 0 };
      this.#windows.set(key, window);
    }
    if (window.used < this.#perSecond) {
      window.used += 1;
      return now < window.startedAt ? window.startedAt - now : 0;
    }
    const next = window.startedAt + 1000;
    if (next - now > this.#holdMs) return undefined;
    // The held call takes its place in the window to come.
    this.#windows.set(key, { startedAt: next, used: 1 });
    return next - now;
  }
}
