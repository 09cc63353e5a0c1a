import type { PlatformClient } from './client.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { type Connection, connectionFor } from './connection.ts';
import { invalidInput, SeqeraError, stopped, toSeqeraError } from './errors.ts';
import { whenFlowsStarted } from './flows-started.ts';
import { type StatusKind, shortError, showStatus } from './node-status.ts';
import { NodeStore } from './node-store.ts';
import { messageOf, tell } from './observer.ts';
import type { Message, RedApi, RedNode, Send } from './red.ts';
import { evaluateInputs, type InputSpecs, type InputValues, type PlainObject, text } from './typed-input.ts';

/** Under Node-RED's own limit for closing a node (15 s). */
const DRAIN_MS = 10_000;

const PLACE = { workspaceId: text(), baseUrl: text() };

export interface Place {
  connection: Connection;
  client: PlatformClient;
  workspaceId: string | null;
}

export interface Settings {
  clock?: Clock;
  random?: () => number;
  /** How long to wait on close for inputs that are being worked on. */
  drainMs?: number;
  /** How long a run is looked for after a launch of unknown outcome. */
  settleMs?: number;
  /** How long a message that was sent is kept for the case that the process dies. */
  lingerMs?: number;
  /** How long no check may fail before it is said that they succeed again. */
  quietMs?: number;
}

/** What a handler gives for a message that waits on when the node goes: it has not ended, so there is no `done`. */
export const PARKED = Symbol('parked');

/** What every node of the pack does the same way: inputs, connection, status, errors, stopping. */
export class NodeHost {
  readonly RED: RedApi;
  readonly node: RedNode;
  readonly config: PlainObject;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly store: NodeStore;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #closers: ((removed: boolean) => Promise<void>)[] = [];

  constructor(RED: RedApi, node: RedNode, config: PlainObject) {
    this.RED = RED;
    this.node = node;
    this.config = config;
    this.settings = (RED.settings as { seqeraClient?: Settings }).seqeraClient ?? {};
    this.clock = this.settings.clock ?? systemClock;
    this.store = new NodeStore(RED, node);
    const notStarted = whenFlowsStarted(RED, () => {
      this.#connection().catch((error: unknown) => this.status('failed', shortError(toSeqeraError(error))));
    });
    this.onClose(async () => notStarted());
    node.on('close', (removed: boolean, done: () => void) => {
      this.#close(removed).then(done, (error: unknown) => {
        node.warn(toSeqeraError(error).message);
        done();
      });
    });
  }

  /** Aborts when the node has to be gone. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Inputs that are being worked on. */
  get busy(): number {
    return this.#running.size;
  }

  evaluate<S extends InputSpecs>(specs: S, msg: Message): Promise<InputValues<S>> {
    return evaluateInputs(this.RED, this.node, this.config, specs, msg);
  }

  /**
   * The connection and the workspace: of the node, else of the connection, else (monitors) of the message, else the
   * personal one. @throws SEQERA_NO_CONNECTION, SEQERA_INVALID_INPUT
   */
  async place(msg: Message, { workspaceOfMessage = false } = {}): Promise<Place> {
    const own = await this.evaluate(PLACE, msg);
    const connection = await this.#connection();
    const carried = workspaceOfMessage ? text().read(msg.workspaceId, 'msg.workspaceId') : '';
    const workspaceId = own.workspaceId || connection.workspaceId || carried || null;
    if (workspaceId !== null && !/^\d+$/.test(workspaceId)) {
      throw invalidInput(`The workspace id must be a number, and it is "${workspaceId.slice(0, 40)}"`);
    }
    const base = own.baseUrl === '' ? connection.client : connection.at(own.baseUrl);
    const client = base.with({
      workspaceId,
      caller: this.node.id,
      signal: this.signal,
      onRetry: ({ error }) => this.status('retrying', `retrying: ${shortError(error)}`),
      onWrite: (write) => tell(this.RED, 'onWrite', this.node.id, { ...write, ...messageOf(msg) }),
    });
    return { connection, client, workspaceId };
  }

  async #connection(): Promise<Connection> {
    const connection = await connectionFor(this.RED, this.config.seqera as string | undefined);
    if (connection) return connection;
    throw new SeqeraError(
      'SEQERA_NO_CONNECTION',
      'There is no connection to Seqera Platform: choose one in the node, or set TOWER_ACCESS_TOKEN for a default one.',
    );
  }

  status(kind: StatusKind, message: string): void {
    if (!this.signal.aborted) showStatus(this.node, kind, message, this.clock.now());
  }

  /** Each message ends in exactly one `done`, whatever the handler does; nothing is ever left rejected. */
  onInput(handler: (msg: Message, send: Send) => Promise<undefined | typeof PARKED>): void {
    this.node.on('input', (msg, send, done) => {
      // The nodes behind a node that is gone belong to other flows by now, or are gone as well.
      const sendWhileHere: Send = (output) => {
        if (this.signal.aborted) throw stopped();
        (send as Send)(output);
      };
      const work = (async () => handler(msg, sendWhileHere))()
        .then(
          (result) => {
            if (result !== PARKED) done();
          },
          (thrown: unknown) => {
            const error = toSeqeraError(thrown);
            this.status('failed', shortError(error));
            done(error);
          },
        )
        .catch((thrown: unknown) => this.node.error(toSeqeraError(thrown).message))
        .finally(() => this.#running.delete(work));
      this.#running.add(work);
    });
  }

  /** Runs before the inputs are waited for. */
  onClose(closer: (removed: boolean) => Promise<void>): void {
    this.#closers.push(closer);
  }

  async #close(removed: boolean): Promise<void> {
    for (const closer of this.#closers) await closer(removed);
    if (this.#running.size > 0) {
      const enough = new AbortController();
      const limit = sleep(this.clock, this.settings.drainMs ?? DRAIN_MS, enough.signal).catch(() => undefined);
      await Promise.race([Promise.all(this.#running), limit]);
      enough.abort();
    }
    if (this.#running.size > 0) {
      this.node.warn(`Closed with ${this.#running.size} message(s) unfinished: their calls are cut`);
    }
    this.#stop.abort();
    // What was cut ends with its error before the node is gone.
    await Promise.race([Promise.all(this.#running), new Promise((resolve) => setImmediate(resolve))]);
    await this.store.close(removed);
  }
}
