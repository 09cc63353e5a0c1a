import type { Clock, Timer } from '../lib/clock.ts';

interface Due {
  at: number;
  run: () => void;
}

/** A clock that a test moves. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #monotonic = 0;
  readonly #due = new Set<Due>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  get timers(): number {
    return this.#due.size;
  }

  setTimer(run: () => void, ms: number): Timer {
    const due = { at: this.#monotonic + Math.max(0, ms), run };
    this.#due.add(due);
    return due;
  }

  clearTimer(timer: Timer | undefined): void {
    this.#due.delete(timer as Due);
  }

  /** Moves only the wall clock, as an operator or NTP does. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Moves time; timers fire in their order, and what they set off settles before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await settle();
    for (;;) {
      const next = [...this.#due].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#move(next.at);
      this.#due.delete(next);
      next.run();
      await settle();
    }
    this.#move(end);
    await settle();
  }

  #move(to: number): void {
    const step = Math.max(0, to - this.#monotonic);
    this.#monotonic += step;
    this.#now += step;
  }
}

/** Lets all that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
}
