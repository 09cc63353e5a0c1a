import type { CompleteEvent, NodeInstance, NodeRed, ReceiveEvent, SendEvent } from './node-red.ts';
import { nodeTrace, type Passage } from './node-trace.ts';
import { runOf } from './run-id.ts';

/** Handlers run within each other only where a catch or link node delivers at once. */
const MAX_NESTING = 100;

/** Follows messages from node to node. */
export interface Follower {
  /** As the node sent them; what goes along several wires is cloned after it. */
  sending(events: SendEvent[]): void;
  delivering(event: SendEvent): void;
  /** A node is about to handle a message. */
  received(node: NodeInstance, msg: object): Passage | undefined;
  /** It is done with it; or its handler has returned, where it does not tell or keeps messages for long. May be told twice. */
  left(passage: Passage, error?: unknown): void;
}

/** Is told of each message that a node receives. Must cost next to nothing. */
export interface Recipients {
  received(node: string, msg: { _msgid?: unknown }): void;
}

export interface InFlight {
  /** Messages that a node has taken and not completed. */
  count(): number;
  /** How many messages each node received since this was asked last. */
  takeReceived(): Map<string, number>;
  /** How many messages a node received since the start. */
  received(nodeId: string): number;
  /** Of which nodes, most first: for telling what a stop cut off. */
  byNode(): { id: string; type: string; count: number }[];
  /** From now on timers start nothing new; what is under way goes on. */
  holdTimers(): void;
  /** Resolves when nothing is in flight; `signal` gives up. True when all was done. */
  drained(signal: AbortSignal): Promise<boolean>;
  onReceive(event: ReceiveEvent): undefined | false;
  postReceive(event: ReceiveEvent): undefined;
  onComplete(event: CompleteEvent): undefined;
  /** An error was logged for a node: a handler that threw completes nothing. */
  onError(nodeId: string): void;
}

/**
 * Counts messages by Node-RED's hooks. Only nodes that say when they are done can be counted: the rest finish within
 * their handler, or cannot tell. A handler that throws never completes; it is noticed by the error that it raises
 * before its handler returned.
 */
export function createInFlight(follower: Follower | null = null, recipients: Recipients | null = null): InFlight {
  const messages = new Map<NodeInstance, Map<object, Passage | undefined>>();
  const receiving: {
    node: NodeInstance;
    msg: object;
    passage: Passage | undefined;
    counted: boolean;
    /** What the node's code is known by while it runs. */
    entered: Passage | string;
  }[] = [];
  let received = new Map<string, number>();
  /** What was asked for before. */
  const earlier = new Map<string, number>();
  let total = 0;
  let holding = false;
  let wake: (() => void) | null = null;

  const left = (passage: Passage | undefined, error?: unknown): void => {
    if (passage !== undefined) follower?.left(passage, error);
  };
  const remove = (node: NodeInstance, msg: object, error?: unknown): void => {
    const taken = messages.get(node);
    const passage = taken?.get(msg);
    if (!taken?.delete(msg)) return;
    left(passage, error);
    total--;
    if (taken.size === 0) messages.delete(node);
    if (total === 0) wake?.();
  };
  const failed = (nodeId: string): void => {
    const current = receiving.findLast(({ node }) => node.id === nodeId);
    if (!current) return;
    remove(current.node, current.msg, true);
    if (!current.counted) left(current.passage, true);
  };

  return {
    count: () => total,
    takeReceived() {
      const until = received;
      received = new Map();
      for (const [id, count] of until) earlier.set(id, (earlier.get(id) ?? 0) + count);
      return until;
    },
    received: (id) => (earlier.get(id) ?? 0) + (received.get(id) ?? 0),
    byNode: () =>
      [...messages].map(([{ id, type }, { size }]) => ({ id, type, count: size })).sort((a, b) => b.count - a.count),
    holdTimers() {
      holding = true;
    },
    onReceive({ msg, destination: { node } }) {
      if (holding && node.type === 'inject') return false;
      // An error that a catch node takes is not logged; the catch node hears of it while the handler still runs.
      if (node.type === 'catch' && receiving.length > 0) failed(sourceOf(msg));
      const passage = follower?.received(node, msg);
      const counted = Boolean(node._expectedDoneCount) && node.parksMessages !== true;
      const entered = passage ?? unfollowed(node, msg);
      receiving.push({ node, msg, passage, counted, entered });
      // Another hook may halt a message after this one: then there is no postReceive for it.
      if (receiving.length > MAX_NESTING) receiving.shift();
      if (recipients !== null) recipients.received(node.id, msg);
      received.set(node.id, (received.get(node.id) ?? 0) + 1);
      nodeTrace.enter(entered);
      if (!counted) return undefined;
      const taken = messages.get(node) ?? new Map<object, Passage | undefined>();
      if (taken.size === 0) messages.set(node, taken);
      if (taken.has(msg)) left(taken.get(msg));
      else total++;
      taken.set(msg, passage);
      return undefined;
    },
    postReceive() {
      const done = receiving.pop();
      if (done?.counted === false) left(done.passage);
      nodeTrace.enter(receiving.at(-1)?.entered);
      return undefined;
    },
    onComplete({ msg, error, node: { node } }) {
      remove(node, msg, error);
      return undefined;
    },
    onError: failed,
    async drained(signal) {
      // A message between two nodes is in no node: it is delivered in the next turn of the loop.
      for (let quiet = 0; quiet < 2; ) {
        if (signal.aborted) return false;
        if (total === 0) {
          quiet++;
          await new Promise((resolve) => setImmediate(resolve));
          continue;
        }
        quiet = 0;
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        wake = null;
      }
      return true;
    },
  };
}

export function watchInFlight(red: NodeRed, inFlight: InFlight, follower: Follower | null = null): void {
  if (follower) {
    red.hooks.add('onSend.redstart', (events) => void follower.sending(events));
    red.hooks.add('preDeliver.redstart', (event) => void follower.delivering(event));
  }
  red.hooks.add('onReceive.redstart', (event) => inFlight.onReceive(event));
  red.hooks.add('postReceive.redstart', (event) => inFlight.postReceive(event));
  red.hooks.add('onComplete.redstart', (event) => inFlight.onComplete(event));
}

const NOT_TRACED: Passage['inLog'] = {};

/** The node's id alone where the message is about no run, as most are: then there is nothing to make. */
function unfollowed(node: NodeInstance, msg: object): Passage | string {
  const run = node.parksMessages === true ? undefined : runOf(msg);
  return run === undefined ? node.id : { node: node.id, run, inLog: NOT_TRACED };
}

function sourceOf(msg: Record<string, unknown>): string {
  const error = msg.error;
  const source = typeof error === 'object' && error !== null && 'source' in error ? error.source : null;
  return typeof source === 'object' && source !== null && 'id' in source ? String(source.id) : '';
}
