import type { FlowNode } from '../flows/flow-node.ts';
import { mayLoop } from './may-loop.ts';

/** Longest that a function node may run without awaiting anything; Node-RED throws in it then. */
const LIMIT_SECONDS = 10;

/**
 * Node-RED's `globalFunctionTimeout`, which it reads before each run of a function node. Where it is set, Node.js makes a
 * thread for each run, which takes fifteen times what a short function takes: so only code that could run for ever has it.
 * The watchdog ends what was misjudged; without one, all code is limited.
 */
export function createFunctionTimeLimit(options: {
  watchdog: boolean;
  /** The node whose handler runs. */
  running(): string | undefined;
  find(nodeId: string): FlowNode | undefined;
}): () => number {
  // By the node as it was deployed: another version of it is another object.
  const limits = new WeakMap<FlowNode, number>();
  return () => {
    const id = options.watchdog ? options.running() : undefined;
    const node = id === undefined ? undefined : options.find(id);
    if (node?.type !== 'function') return LIMIT_SECONDS;
    let limit = limits.get(node);
    if (limit === undefined) {
      limit = mayLoop(String(node.func ?? '')) ? LIMIT_SECONDS : 0;
      limits.set(node, limit);
    }
    return limit;
  };
}
