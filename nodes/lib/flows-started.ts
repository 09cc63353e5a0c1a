import type { RedApi } from './red.ts';

/** Long after any start: only when the event was missed. */
const AT_LATEST_MS = 5_000;

const waiting = new WeakMap<object, Set<() => void>>();

/**
 * Runs when all nodes of the flows exist, so that what a node sends on its own finds the nodes behind it.
 * One listener for all nodes: an emitter warns about more than ten.
 * @returns what takes it back
 */
export function whenFlowsStarted(RED: RedApi, run: () => void): () => void {
  let runs = waiting.get(RED.events);
  if (!runs) {
    const all = new Set<() => void>();
    waiting.set(RED.events, all);
    RED.events.on('flows:started', () => {
      for (const each of [...all]) each();
    });
    runs = all;
  }
  const all = runs;
  const cancel = (): boolean => {
    clearTimeout(late);
    return all.delete(once);
  };
  const once = () => {
    if (cancel()) run();
  };
  const late = setTimeout(once, AT_LATEST_MS);
  late.unref();
  all.add(once);
  return cancel;
}
