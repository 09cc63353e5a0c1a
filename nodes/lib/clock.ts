import { stopped } from './errors.ts';

export type Timer = object;

/** Time as the pack sees it, so that a test moves it instead of waiting. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. It can jump. */
  now(): number;
  /** Milliseconds that only ever grow: for intervals. */
  monotonic(): number;
  setTimer(run: () => void, ms: number): Timer;
  clearTimer(timer: Timer | undefined): void;
}

/** The longest delay of setTimeout; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer: (run, ms) => setTimeout(run, Math.min(Math.max(0, ms), LONGEST_MS)),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** @throws SEQERA_STOPPED as soon as the signal aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(stopped());
      return;
    }
    const stop = () => {
      clock.clearTimer(timer);
      reject(stopped());
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
