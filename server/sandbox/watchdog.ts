import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { nodeTrace } from '../runtime/node-trace.ts';
import type { HeldFlows } from './held-flows.ts';
import { type WatchdogData, WITNESS } from './watchdog-contract.ts';

export interface Watchdog {
  /** Its thread sees this one. Rejects when it cannot. */
  watching: Promise<void>;
  /** From now on; again does no harm. Loading the program blocks it too, and is nobody's fault. */
  arm(): void;
  stop(): void;
}

const TICK_MS = 250;
/** Blocked for so long, it is worth to know by whom: should the program die now, nobody else could tell. */
const WITNESS_MS = 1000;

/**
 * Node-RED cuts a function node that loops; not one that loops after an `await`: then no code of the program's own thread
 * ever runs again. A second thread sees it, stops the first in the debugger's way, which names the very node, and ends
 * the program, so that whatever started it starts it again.
 */
export function startWatchdog(options: {
  limitSeconds: number;
  suspectFile: string;
  held: Pick<HeldFlows, 'running'>;
}): Watchdog {
  const beats = new SharedArrayBuffer(4);
  const count = new Int32Array(beats);
  const own = globalThis as unknown as Record<symbol, unknown>;
  own[Symbol.for(WITNESS)] = (inStack: string | null): string | null => {
    const node = inStack ?? nodeTrace.node();
    const running = node === undefined ? null : options.held.running(node);
    return running && JSON.stringify(running);
  };
  const data: WatchdogData = {
    beats,
    tickMs: TICK_MS,
    witnessTicks: WITNESS_MS / TICK_MS,
    limitTicks: Math.max((options.limitSeconds * 1000) / TICK_MS, WITNESS_MS / TICK_MS + 1),
    suspectFile: options.suspectFile,
  };
  // Of the same kind as this file: tests run what the build is made of.
  const thread = new Worker(new URL(`./watchdog-thread${import.meta.url.slice(-3)}`, import.meta.url), {
    workerData: data,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  const watching = once(thread, 'message').then(() => thread.unref());
  // It may fail before anybody waits for it.
  watching.catch(() => {});
  const beat = setInterval(() => Atomics.add(count, 0, 1), TICK_MS);
  beat.unref();
  return {
    watching,
    arm: () => thread.postMessage('arm'),
    stop() {
      clearInterval(beat);
      // Under the permission model the end of its debugger session, which the process may have no more by now, is fatal
      // to Node.js 24. The thread ends with the process; until then it looks at nothing.
      if (process.permission) thread.postMessage('disarm');
      else void thread.terminate();
      delete own[Symbol.for(WITNESS)];
    },
  };
}
