import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** After the start's own requests: the first answers should not wait for this. */
const DELAY_MS = 1000;

/** Of thousands of function nodes, each with a world of its own: with them a collection stops everything for seconds. */
const MOST_BYTES = 150 * 1024 ** 2;

/**
 * Loading a thousand files leaves 30 MB behind that V8 would keep for weeks of an idle process. One thorough collection,
 * which takes 100 ms, gives them back to the machine. It is the only way to ask for one without a flag on the command
 * line; the flag is off again in the same turn of the loop, so no function node finds `gc`.
 */
export function releaseStartMemory(): void {
  setTimeout(() => {
    if (getHeapStatistics().used_heap_size > MOST_BYTES) return;
    const collect = collector();
    collect?.({ type: 'major', flavor: 'last-resort' });
  }, DELAY_MS).unref();
}

function collector(): ((options: { type: 'major'; flavor: 'last-resort' }) => void) | null {
  setFlagsFromString('--expose-gc');
  try {
    return runInNewContext('typeof gc === "function" ? gc : null');
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
