import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Remembers through timers and promises which node's handler started what runs now, so that an error that nobody caught
 * can be told with its node. Ids, not nodes: a socket that lives on would keep the node of an old deploy in memory.
 */
const current = new AsyncLocalStorage<string>();

export const nodeTrace = {
  enter(nodeId: string | undefined): void {
    current.enterWith(nodeId as string);
  },
  /** The node that the running code, or the error being reported, belongs to. */
  node(): string | undefined {
    return current.getStore();
  },
};

/** The node named in a stack: function nodes compile their code under a name that holds the id. */
export function nodeInStack(stack: string | undefined): string | undefined {
  return /Function node:([\w.-]+)/.exec(stack ?? '')?.[1];
}
