import { createInFlight, type InFlight } from '../runtime/in-flight.ts';
import type { NodeRed } from '../runtime/node-red.ts';
import type { NodeName, RehearsalEvent } from './rehearsal-event.ts';

/** A node as the hooks give it. */
interface LiveNode {
  id: string;
  type: string;
  name?: string;
  /** Of a node within a subflow: the id that it has in the file. */
  _alias?: string;
  _expectedDoneCount?: number;
}

interface SendEvent {
  msg: Record<string, unknown>;
  source: { id: string; node: LiveNode; port: number };
  destination: { id: string; node?: LiveNode };
}

interface Receiver {
  receive?(message: unknown): void;
  node?: Receiver;
}

/** What is used of Node-RED beyond what the appliance uses. */
export interface RehearsedNodeRed extends Omit<NodeRed, 'hooks' | 'runtime' | 'nodes'> {
  hooks: { add(name: string, hook: (event: never) => undefined): void };
  util: { cloneMessage(message: unknown): unknown };
  nodes: { getNode(id: string): Receiver | null };
  runtime: { flows: { setFlows(options: object): Promise<unknown> } };
}

/** More than anybody reads: a flow that sends in a loop must not fill the memory. */
const MOST_EVENTS = 100_000;

/** Writes down what the flows do, by the hooks and events of Node-RED. */
export class Recorder {
  /** Of this rehearsal: what nodes of an earlier one never ended with is nobody's business. */
  inFlight: InFlight = createInFlight();
  events: RehearsalEvent[] = [];
  /** Nodes whose messages are looked at: only theirs are copied. */
  #watched: ReadonlySet<string> = new Set();
  #recording = false;
  #overflow = false;
  readonly #clone: (message: unknown) => unknown;
  /** The node whose code runs, for whoever has to end a process that hangs. */
  readonly #onNode: (name: NodeName) => void;

  constructor(red: RehearsedNodeRed, onNode: (name: NodeName) => void) {
    this.#clone = red.util.cloneMessage;
    this.#onNode = onNode;
    red.hooks.add('onReceive.rehearsal', (event: { msg: Record<string, unknown>; destination: { node: LiveNode } }) => {
      this.inFlight.onReceive(event as never);
      this.#received(event.msg, event.destination.node);
      return undefined;
    });
    red.hooks.add('postReceive.rehearsal', (event: never) => this.inFlight.postReceive(event));
    red.hooks.add(
      'onComplete.rehearsal',
      (event: { msg: Record<string, unknown>; error?: unknown; node: { node: LiveNode } }) => {
        this.inFlight.onComplete(event as never);
        return undefined;
      },
    );
    red.hooks.add('preDeliver.rehearsal', ({ msg, source, destination }: SendEvent) => {
      const to = destination.node ? nameOf(destination.node).id : destination.id;
      this.add({ kind: 'sent', from: nameOf(source.node), port: source.port, to, msgid: idOf(msg) });
      return undefined;
    });
    red.events.on('node-status', ({ id, status }: { id: string; status: Record<string, unknown> }) => {
      const node = red.nodes.getNode(id) as unknown as LiveNode | null;
      if (!node || Object.keys(status ?? {}).length === 0) return;
      this.add({
        kind: 'status',
        node: nameOf(node),
        text: String(status.text ?? ''),
        fill: typeof status.fill === 'string' ? status.fill : null,
        shape: typeof status.shape === 'string' ? status.shape : null,
      });
    });
  }

  start(watched: ReadonlySet<string>): void {
    this.events = [];
    this.inFlight = createInFlight();
    this.#watched = watched;
    this.#recording = true;
    this.#overflow = false;
  }

  stop(): RehearsalEvent[] {
    this.#recording = false;
    return this.events;
  }

  get overflow(): boolean {
    return this.#overflow;
  }

  add(event: RehearsalEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never): void {
    if (!this.#recording) return;
    if (this.events.length >= MOST_EVENTS) {
      this.#overflow = true;
      return;
    }
    this.events.push({ at: Date.now(), ...event } as RehearsalEvent);
  }

  /** An error that no catch node took. */
  uncaught(node: NodeName, error: unknown): void {
    const { text, code } = describe(error);
    this.add({ kind: 'error', node, text, code, caught: false, msgid: null });
  }

  #received(msg: Record<string, unknown>, live: LiveNode): void {
    const node = nameOf(live);
    this.#onNode(node);
    if (live.type === 'catch') this.#caught(msg);
    const watched = this.#watched.has(node.id);
    this.add({ kind: 'message', node, msgid: idOf(msg), msg: watched && this.#recording ? this.#clone(msg) : null });
  }

  #caught(msg: Record<string, unknown>): void {
    const error = msg.error as { message?: unknown; code?: unknown; source?: Record<string, unknown> } | undefined;
    if (!error?.source) return;
    const { id, type, name } = error.source;
    const node = { id: String(id), type: String(type), name: String(name ?? '') };
    const { text, code } = describe(error);
    // Several catch nodes can take the same error.
    const last = this.events.at(-1);
    if (last?.kind === 'error' && last.node.id === node.id && last.text === text && last.msgid === idOf(msg)) return;
    this.add({ kind: 'error', node, text, code, caught: true, msgid: idOf(msg) });
  }
}

export function nameOf({ id, type, name, _alias }: LiveNode): NodeName {
  return { id: _alias ?? id, type, name: name ?? '' };
}

function describe(error: unknown): { text: string; code: string | null } {
  if (typeof error !== 'object' || error === null) return { text: String(error), code: null };
  const { message, code } = error as { message?: unknown; code?: unknown };
  return { text: String(message ?? error), code: typeof code === 'string' ? code : null };
}

const idOf = (msg: Record<string, unknown>): string => String(msg._msgid ?? '');
