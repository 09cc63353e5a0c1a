import { AsyncLocalStorage } from 'node:async_hooks';

/** One message in one node, as whoever follows messages calls it. Ids alone: see below. */
export interface Passage {
  readonly node: string;
  /**
   * The run that the message is about. Not of a node that keeps messages for long: what it does for one of them is started
   * by another.
   */
  readonly run: string | undefined;
  /** What finds it, for lines of the log; nothing where it is not recorded. */
  readonly inLog: { readonly trace_id?: string; readonly span_id?: string };
}

/**
 * Remembers through timers and promises which node's handler started what runs now, so that an error that nobody caught
 * can be told with its node. Ids, not nodes: a socket that lives on would keep the node of an old deploy in memory.
 */
const current = new AsyncLocalStorage<string | Passage>();

export const nodeTrace = {
  enter(node: string | Passage | undefined): void {
    current.enterWith(node as string);
  },
  /** The node that the running code, or the error being reported, belongs to. */
  node(): string | undefined {
    const entered = current.getStore();
    return typeof entered === 'object' ? entered.node : entered;
  },
  /** The same with the message, where messages are followed. */
  passage(): Passage | undefined {
    const entered = current.getStore();
    return typeof entered === 'object' ? entered : undefined;
  },
};

/** The node named in a stack: function nodes compile their code, and that of their start and stop, under names that hold the id. */
export function nodeInStack(stack: string | undefined): string | undefined {
  return /Function node(?: setup| cleanup)?:([\w.-]+)/.exec(stack ?? '')?.[1];
}
