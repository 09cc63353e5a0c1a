/** How late a timer may be before the program counts as stuck. */
export const LAG_LIMIT_MS = 1000;

const TICK_MS = 500;
/** A stall ends before the next request is answered, so it must be remembered to be seen at all. */
const MEMORY_MS = 2000;

export interface EventLoopLag {
  /** The worst lag of the last two seconds, in ms. */
  current(): number;
  stop(): void;
}

/** Measures by how much a timer comes late: one callback each half second, nothing per request. */
export function eventLoopLag(now: () => number = () => performance.now()): EventLoopLag {
  let expected = now() + TICK_MS;
  let worst = { lag: 0, at: Number.NEGATIVE_INFINITY };
  const timer = setInterval(() => {
    const at = now();
    const lag = Math.max(0, at - expected);
    if (lag >= worst.lag || at - worst.at > MEMORY_MS) worst = { lag, at };
    expected = at + TICK_MS;
  }, TICK_MS);
  timer.unref();
  return {
    current() {
      const at = now();
      const overdue = Math.max(0, at - expected);
      return at - worst.at > MEMORY_MS ? overdue : Math.max(overdue, worst.lag);
    },
    stop: () => clearInterval(timer),
  };
}
