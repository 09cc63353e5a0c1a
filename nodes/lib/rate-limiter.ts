import type { Clock, Timer } from './clock.ts';
import { stopped } from './errors.ts';

interface Waiting {
  go(): void;
}

export interface RateLimiterOptions {
  clock: Clock;
  /** Calls in any window. Default 20: the Platform's limit of calls a second and token. */
  calls?: number | undefined;
  /** Default 1,050 ms: a second, and a little for calls that the network pushes together. */
  windowMs?: number;
}

/**
 * A token bucket whose tokens come back one window after they were taken, so that no window of a second holds more
 * than `calls` (a bucket that refills steadily lets twice as many through after a pause). Those who wait are served in
 * turn, caller by caller: one that asks for a hundred calls does not make another wait for all of them.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #calls: number;
  readonly #windowMs: number;
  readonly #taken: number[] = [];
  readonly #queues = new Map<string, Set<Waiting>>();
  #pausedUntil = 0;
  #timer: Timer | undefined;

  constructor({ clock, calls = 20, windowMs = 1_050 }: RateLimiterOptions) {
    this.#clock = clock;
    this.#calls = calls;
    this.#windowMs = windowMs;
  }

  get waiting(): number {
    let count = 0;
    for (const queue of this.#queues.values()) count += queue.size;
    return count;
  }

  /** Resolves when the caller may send one call. @throws SEQERA_STOPPED when the signal aborts first. */
  take(caller: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#remove(caller, waiting);
        reject(stopped());
      };
      const waiting: Waiting = {
        go: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      const queue = this.#queues.get(caller);
      if (queue) queue.add(waiting);
      else this.#queues.set(caller, new Set([waiting]));
      this.#serve();
    });
  }

  /** Nobody sends for so long: the Platform said 429, which is about the token and not about one call. */
  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms);
  }

  #remove(caller: string, waiting: Waiting): void {
    const queue = this.#queues.get(caller);
    queue?.delete(waiting);
    if (queue?.size === 0) this.#queues.delete(caller);
  }

  #serve(): void {
    const now = this.#clock.monotonic();
    while (this.#taken[0] !== undefined && this.#taken[0] <= now - this.#windowMs) this.#taken.shift();
    while (now >= this.#pausedUntil && this.#taken.length < this.#calls) {
      const [next] = this.#queues;
      if (!next) return;
      const [caller, queue] = next;
      const [waiting] = queue;
      // To the end of the round, before the next caller's turn.
      this.#queues.delete(caller);
      if (!waiting) continue;
      queue.delete(waiting);
      if (queue.size > 0) this.#queues.set(caller, queue);
      this.#taken.push(now);
      waiting.go();
    }
    if (this.#queues.size === 0 || this.#timer) return;
    const oldest = this.#taken.length < this.#calls ? now : (this.#taken[0] ?? now) + this.#windowMs;
    this.#timer = this.#clock.setTimer(
      () => {
        this.#timer = undefined;
        this.#serve();
      },
      Math.max(1, Math.ceil(Math.max(oldest, this.#pausedUntil) - now)),
    );
  }
}
