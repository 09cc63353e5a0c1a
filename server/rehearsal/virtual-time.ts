import { AsyncLocalStorage } from 'node:async_hooks';
import { promisify } from 'node:util';
import { withGlobal } from '@sinonjs/fake-timers';

/** A timer that waits, for telling what a rehearsal was waiting for. */
export interface WaitingTimer {
  /** Virtual milliseconds until it fires. */
  inMs: number;
  /** The node in whose handler it was set, if any. */
  nodeId: string | undefined;
}

interface Kept {
  at: number;
  nodeId: string | undefined;
}

/** Its number is its id. */
interface FakeTimer {
  refresh(): unknown;
}

type Callback = (...args: unknown[]) => void;

/**
 * Time that stands still until it is moved: `Date`, `performance.now` and the timers of the whole process. Immediates,
 * microtasks, and what Node.js uses inside itself stay real, so that sockets work. One a process, never taken back.
 */
export class VirtualTime {
  readonly #clock = withGlobal(globalThis).createClock(0);
  readonly #kept = new Map<number, Kept>();
  readonly #currentNode: () => string | undefined;
  #changes = 0;

  /** @param currentNode the node whose code runs now */
  constructor(currentNode: () => string | undefined) {
    this.#currentNode = currentNode;
  }

  /** Before anything else is loaded: a module may keep the timers that it found. */
  install(): void {
    const clock = this.#clock;
    const set =
      (repeat: boolean) =>
      (callback: Callback, ms?: number, ...args: unknown[]): unknown => {
        if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function.');
        // As Node.js does: what is not a number of its range is one millisecond.
        const delay = Number(ms) >= 1 && Number(ms) <= 2 ** 31 - 1 ? Math.floor(Number(ms)) : 1;
        // A timer runs in the context that it was set in, by which an error finds its node.
        const bound = AsyncLocalStorage.bind(callback);
        const kept: Kept = { at: this.monotonic() + delay, nodeId: this.#currentNode() };
        const run = (): void => {
          this.#changes += 1;
          if (repeat) kept.at = this.monotonic() + delay;
          else this.#kept.delete(id);
          bound(...args);
        };
        const timer = (repeat ? clock.setInterval(run, delay) : clock.setTimeout(run, delay)) as unknown as FakeTimer;
        const id = Number(timer);
        const refresh = timer.refresh.bind(timer);
        timer.refresh = () => {
          kept.at = this.monotonic() + delay;
          this.#kept.set(id, kept);
          return refresh();
        };
        this.#kept.set(id, kept);
        this.#changes += 1;
        return timer;
      };
    const clear = (timer: unknown): void => {
      if (timer === undefined || timer === null) return;
      this.#kept.delete(Number(timer));
      this.#changes += 1;
      // Sinon refuses what is no timer; Node.js does not mind.
      if (Number.isFinite(Number(timer))) clock.clearTimeout(Number(timer) as never);
    };
    const setTimeout = set(false);
    Object.defineProperty(setTimeout, promisify.custom, {
      value: (ms: number, value: unknown) => new Promise((resolve) => setTimeout(() => resolve(value), ms)),
    });
    Object.assign(globalThis, {
      Date: clock.Date,
      setTimeout,
      setInterval: set(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
    Object.defineProperty(performance, 'now', { value: () => this.monotonic(), configurable: true });
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.now;
  }

  /** Milliseconds that only ever grow, also when the date is set back for another rehearsal. */
  monotonic(): number {
    return this.#clock.performance.now();
  }

  /** Sets the date; timers keep the time that they have left. */
  setDate(at: number): void {
    this.#clock.setSystemTime(at);
  }

  /** Grows with each timer that is set, cleared or fired: who sees it stand still sees that nothing happened. */
  get changes(): number {
    return this.#changes;
  }

  /** Milliseconds until the next timer; infinite when there is none. */
  untilNext(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { at } of this.#kept.values()) if (at < least) least = at;
    return Math.max(0, least - this.monotonic());
  }

  /** Moves to the next timer and fires it. */
  fireNext(): void {
    this.#clock.next();
  }

  /** Moves on without firing. There must be no timer within that time. */
  move(ms: number): void {
    if (ms > 0) this.#clock.tick(ms);
  }

  waiting(): WaitingTimer[] {
    const now = this.monotonic();
    return [...this.#kept.values()]
      .map(({ at, nodeId }) => ({ inMs: at - now, nodeId }))
      .sort((a, b) => a.inMs - b.inMs);
  }

  /** Drops all timers: those of a rehearsal that is over. */
  clear(): void {
    for (const id of this.#kept.keys()) this.#clock.clearTimeout(id as never);
    this.#kept.clear();
  }
}
