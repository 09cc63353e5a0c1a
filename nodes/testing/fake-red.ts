import { EventEmitter } from 'node:events';
import nodeRed from '@node-red/util';
import type { Message, Output, RedApi } from '../lib/red.ts';

type Callback = (...args: unknown[]) => void;
type Constructor = (this: FakeNode, def: Record<string, unknown>) => void;

/** Node-RED's own utilities: cloning and typed inputs are theirs, not ours to fake. */
const util = nodeRed.util as RedApi['util'];

/** A Node-RED context store that outlives the nodes, as a configured one does. */
export class FakeStore {
  readonly scopes = new Map<string, Map<string, string>>();
  /** Thrown by the next writes. */
  failWith: Error | undefined;

  scope(id: string): Map<string, string> {
    const found = this.scopes.get(id) ?? new Map<string, string>();
    this.scopes.set(id, found);
    return found;
  }

  /** As of now: what a process that dies here leaves behind. */
  snapshot(): FakeStore {
    const copy = new FakeStore();
    for (const [id, scope] of this.scopes) copy.scopes.set(id, new Map(scope));
    return copy;
  }
}

export interface Sent {
  output: number;
  msg: Message;
}

export class FakeNode extends EventEmitter {
  readonly id: string;
  readonly type: string;
  credentials: Record<string, string> | undefined;
  readonly statuses: { fill?: string; shape?: string; text?: string }[] = [];
  readonly sent: Sent[] = [];
  /** What each input ended with, in the order in which they ended. */
  readonly done: { msg: Message; error: Error | undefined }[] = [];
  readonly logged: string[] = [];
  /** As they were given: a log reads more off an error than its text. */
  readonly warned: unknown[] = [];
  readonly #red: FakeRed;
  readonly #closers: Callback[] = [];
  #input: Callback | undefined;

  constructor(red: FakeRed, id: string, type: string) {
    super();
    this.#red = red;
    this.id = id;
    this.type = type;
  }

  override on(event: string, listener: Callback): this {
    if (event === 'close') this.#closers.push(listener);
    else if (event === 'input') this.#input = listener;
    else super.on(event, listener);
    return this;
  }

  receive(msg: Record<string, unknown> = {}): void {
    const message = msg as Message;
    message._msgid ??= util.generateId();
    let ended = 0;
    this.#input?.(
      message,
      (output: Output) => this.send(output),
      (error?: Error) => {
        ended += 1;
        if (ended > 1) throw new Error(`done was called ${ended} times for one message`);
        this.done.push({ msg: message, error });
        this.#red.changed();
      },
    );
  }

  send(output: Output): void {
    const outputs = Array.isArray(output) ? output : [output];
    outputs.forEach((each, index) => {
      for (const one of Array.isArray(each) ? each : [each]) {
        if (one) {
          this.sent.push({ output: index + 1, msg: one as Message });
          this.#red.changed();
        }
      }
    });
  }

  status(status: { fill?: string; shape?: string; text?: string }): void {
    this.statuses.push(status);
    this.#red.changed();
  }

  log(message: unknown): void {
    this.logged.push(`log ${String(message)}`);
  }

  warn(message: unknown): void {
    this.warned.push(message);
    this.logged.push(`warn ${String(message)}`);
  }

  error(message: unknown, _msg?: unknown): void {
    this.logged.push(`error ${String(message)}`);
    this.#red.changed();
  }

  context(): unknown {
    return this.#red.contextOf(this.id);
  }

  async close(removed = false): Promise<void> {
    await Promise.all(this.#closers.map((closer) => new Promise<void>((resolve) => closer(removed, resolve))));
    this.#input = undefined;
  }

  on1(output: number): Message[] {
    return this.sent.filter((each) => each.output === output).map(({ msg }) => msg);
  }
}

export interface FakeRedOptions {
  settings?: Record<string, unknown>;
  store?: FakeStore;
  /** Name of the store in `contextStorage`. */
  storeName?: string;
}

/** As much of Node-RED as the nodes of the pack touch. */
export class FakeRed {
  readonly events = new EventEmitter();
  readonly store: FakeStore;
  readonly util = util;
  readonly settings: Record<string, unknown>;
  readonly routes: unknown[] = [];
  /** Nodes of the flows that are not there, because they are switched off. */
  readonly disabled: { id: string; d: true; name?: string }[] = [];
  readonly #types = new Map<string, Constructor>();
  readonly #instances = new Map<string, FakeNode>();
  readonly #waiting = new Set<() => void>();

  constructor({ settings = {}, store = new FakeStore(), storeName = 'durable' }: FakeRedOptions = {}) {
    this.store = store;
    this.settings = { contextStorage: { [storeName]: {} }, ...settings };
  }

  readonly nodes = {
    registerType: (type: string, make: Constructor): void => {
      this.#types.set(type, make);
    },
    createNode: (node: FakeNode, def: { id: string }): void => {
      this.#instances.set(def.id, node);
    },
    getNode: (id: string): FakeNode | undefined => this.#instances.get(id),
    eachNode: (visit: (node: object) => void): void => this.disabled.forEach(visit),
  };

  readonly auth = { needsPermission: () => () => undefined };
  readonly httpAdmin = new Proxy(
    {},
    {
      get:
        () =>
        (...args: unknown[]) =>
          this.routes.push(args),
    },
  );

  get api(): RedApi {
    return this as unknown as RedApi;
  }

  load(...modules: ((RED: RedApi) => void)[]): this {
    for (const module of modules) module(this.api);
    return this;
  }

  /** Makes a node as a deploy does; `started()` is what ends the deploy. */
  create(type: string, def: Record<string, unknown> = {}, credentials?: Record<string, string>): FakeNode {
    const id = typeof def.id === 'string' ? def.id : util.generateId();
    const node = new FakeNode(this, id, type);
    node.credentials = credentials;
    const make = this.#types.get(type);
    if (!make) throw new Error(`no type ${type}`);
    make.call(node, { ...def, id, type });
    return node;
  }

  started(): void {
    this.events.emit('flows:started');
  }

  contextOf(id: string): unknown {
    const { store } = this;
    return {
      get: (key: string, _store: string | undefined, callback: (error: Error | null, value?: unknown) => void) => {
        const text = store.scope(id).get(key);
        callback(null, text === undefined ? undefined : JSON.parse(text));
      },
      set: (key: string, value: unknown, _store: string | undefined, callback: (error?: Error) => void) => {
        if (store.failWith) {
          callback(store.failWith);
          return;
        }
        if (value === undefined) store.scope(id).delete(key);
        else store.scope(id).set(key, JSON.stringify(value));
        callback();
      },
      keys: (_store: string | undefined, callback: (error: Error | null, keys: string[]) => void) =>
        callback(null, [...store.scope(id).keys()]),
      flow: { get: () => undefined },
      global: { get: () => undefined },
    };
  }

  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves when it is so: looked at whenever a node sent, ended or showed something. */
  async until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(wake);
        reject(new Error(`not within ${timeoutMs} ms`));
      }, timeoutMs);
      const wake = () => {
        if (!condition()) return;
        clearTimeout(late);
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
}
