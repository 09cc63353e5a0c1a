import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { StoreCode } from '../../error-catalogue.ts';
import { failpoint } from '../failpoint.ts';
import type { StateStore, Write } from '../state-store.ts';
import { StoreError } from '../store-error.ts';
import type { Answers, Asked, Reply, Request, WorkerData } from './messages.ts';
import type { Change, Replica, ReplicaDetails } from './session.ts';

export interface PostgresStoreOptions {
  connectionString: string;
  /** Names this process among the replicas. */
  holder: string;
  leaseMs: number;
  /** Called once: this process must do nothing more, and end. */
  onLost(reason: string): void;
}

interface Batch {
  writes: Write[];
  done: ((error?: Error) => void)[];
}

/** What an entry was before a change that may fail. */
interface Before {
  scope: string;
  key: string;
  text: string | undefined;
  /** What the change made of it. */
  became: string | null;
}

/** One write is waited for by the whole process: longer than a lease lasts it cannot be worth it. */
const WAIT_LEASES = 2;

/**
 * The crash-safe store in PostgreSQL, for one of several replicas. Its holder of a lease is the only writer, so that all
 * entries are kept in memory for reading; writes go to the database in order, those of one turn of the event loop
 * together. While the database is away they wait, for as long as the lease lasts: then this process ends.
 */
export class PostgresStore implements StateStore {
  readonly #options: PostgresStoreOptions;
  readonly #entries = new Map<string, Map<string, string>>();
  readonly #asked = new Map<number, { change: boolean; resolve(value: never): void; reject(error: Error): void }>();
  readonly #answered = new SharedArrayBuffer(4);
  #worker: Worker | null = null;
  #port: MessagePort | null = null;
  #next = 1;
  #batch: Batch | null = null;
  #trouble: string | null = 'the store is not open';
  #lost = false;
  /** Batches that are not answered. */
  #sent = 0;
  /** What was changed since everything is being read anew. */
  #touched: Map<string, Set<string>> | null = null;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
  }

  /** @throws StoreError when the database cannot be used. */
  async open(): Promise<void> {
    const { connectionString, holder, leaseMs } = this.#options;
    const { port1, port2 } = new MessageChannel();
    const data: WorkerData = { connectionString, holder, leaseMs, port: port2, answered: this.#answered };
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    this.#port = port1;
    port1.on('message', (reply: Reply) => this.#take(reply));
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, transferList: [port2] });
    this.#worker.on('error', (error) => this.#end(`the thread of the store failed: ${error.message}`));
    try {
      await this.#ask({ ask: 'open' });
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#trouble = null;
  }

  async close(): Promise<void> {
    if (!this.#port) return;
    this.#flush();
    if (!this.#lost) await this.#ask({ ask: 'close' }).catch(() => {});
    this.#port.close();
    this.#port = null;
    this.#trouble = 'the store is closed';
    await this.#worker?.terminate();
    this.#worker = null;
  }

  /** True when this process is now the one that runs what the lease stands for. */
  acquire(name: string): Promise<boolean> {
    return this.#ask({ ask: 'acquire', name });
  }

  async release(names: string[]): Promise<void> {
    this.#flush();
    await this.#ask({ ask: 'release', names });
  }

  report(details: ReplicaDetails): Promise<Replica[]> {
    return this.#ask({ ask: 'report', details });
  }

  /**
   * Reads everything anew: what another replica wrote until the lease became ours. Flows of other leases may be running:
   * what they write meanwhile is newer than what is read.
   */
  async load(): Promise<void> {
    this.#flush();
    const touched = new Map<string, Set<string>>();
    this.#touched = touched;
    try {
      const entries = await this.#ask({ ask: 'entries' });
      const newer = Array.from(touched, ([scope, keys]) =>
        Array.from(keys, (key): Write => ({ scope, key, text: this.get(scope, key) ?? null })),
      ).flat();
      this.#entries.clear();
      for (const entry of [...entries, ...newer]) this.#put(entry);
    } finally {
      this.#touched = null;
    }
  }

  probe(): string | null {
    return this.#trouble;
  }

  get(scope: string, key: string): string | undefined {
    return this.#entries.get(scope)?.get(key);
  }

  keys(scope: string): string[] {
    return [...(this.#entries.get(scope)?.keys() ?? [])].sort();
  }

  scopes(): string[] {
    return [...this.#entries.keys()];
  }

  writeSync(writes: readonly Write[]): void {
    const refused = refusal(writes);
    if (refused) throw refused;
    let failed: Error | undefined;
    this.#add(writes, (error) => {
      failed = error;
    });
    this.#flush(true);
    // Whoever called must not go on as if it were written, however short the rest of the process is.
    if (this.#lost) failed ??= new StoreError('STORE_UNAVAILABLE', `Not written: ${this.#trouble}.`);
    if (failed) throw failed;
  }

  write(writes: readonly Write[], done: (error?: Error) => void): void {
    const refused = refusal(writes);
    if (refused) {
      done(refused);
      return;
    }
    if (!this.#batch) this.#flushSoon();
    this.#add(writes, done);
  }

  removeScope(scope: string): void {
    const keys = this.keys(scope);
    if (keys.length > 0) this.writeSync(keys.map((key) => ({ scope, key, text: null })));
  }

  #add(writes: readonly Write[], done: (error?: Error) => void): void {
    this.#batch ??= { writes: [], done: [] };
    this.#batch.writes.push(...writes);
    this.#batch.done.push(done);
    if (this.#before === null) this.#before = [];
    for (const write of writes) {
      const { scope, key, text } = write;
      this.#before.push({ scope, key, text: this.get(scope, key), became: text });
      this.#change(write);
    }
  }

  #before: Before[] | null = null;

  /** While the database is busy with a batch the next one gathers: what waits for a slow one does not grow with each turn. */
  #flushSoon(): void {
    setImmediate(() => {
      if (this.#sent === 0) this.#flush();
    });
  }

  /** Sends what was written since the last time. With `waits` the thread stands still until it is on disk, or is not. */
  #flush(waits = false): void {
    const { writes, done } = this.#batch ?? { writes: [], done: [] };
    const before = this.#before ?? [];
    this.#batch = null;
    this.#before = null;
    if (writes.length === 0) return;
    failpoint('store.commit');
    const id = this.#next;
    this.#sent += 1;
    const settle = (error?: Error): void => {
      this.#sent -= 1;
      if (error) this.#undo(before);
      if (this.#batch) this.#flushSoon();
      for (const each of done) each(error);
    };
    this.#ask({ ask: 'apply', change: { kind: 'entries', writes } satisfies Change, waits }, settle);
    if (waits) this.#wait(id);
  }

  #wait(id: number): void {
    const answers = new Int32Array(this.#answered);
    const until = performance.now() + this.#options.leaseMs * WAIT_LEASES;
    while (this.#port && this.#asked.has(id) && !this.#lost) {
      if (performance.now() > until) this.#end('the store did not answer');
      const last = Atomics.load(answers, 0);
      if (last !== id) Atomics.wait(answers, 0, last, 100);
      const received = receiveMessageOnPort(this.#port) as { message: Reply } | undefined;
      if (received) this.#take(received.message);
    }
  }

  #change(write: Write): void {
    const { scope, key } = write;
    if (this.#touched) this.#touched.set(scope, (this.#touched.get(scope) ?? new Set()).add(key));
    this.#put(write);
  }

  #put({ scope, key, text }: Write): void {
    const entries = this.#entries.get(scope);
    if (text !== null) {
      if (entries) entries.set(key, text);
      else this.#entries.set(scope, new Map([[key, text]]));
      return;
    }
    entries?.delete(key);
    if (entries?.size === 0) this.#entries.delete(scope);
  }

  /** Takes back what is not on disk, but not what was written over it since. */
  #undo(before: readonly Before[]): void {
    for (const { scope, key, text, became } of before.toReversed()) {
      if ((this.get(scope, key) ?? null) === became) this.#change({ scope, key, text: text ?? null });
    }
  }

  #ask<Kind extends keyof Answers>(
    request: Omit<Asked<Kind>, 'id'> & { ask: Kind },
    settle?: (error?: Error) => void,
  ): Promise<Answers[Kind]> {
    const id = this.#next++;
    if (!this.#port) {
      const error = new StoreError('STORE_UNAVAILABLE', 'The store is closed.');
      settle?.(error);
      return settle ? (Promise.resolve() as Promise<never>) : Promise.reject(error);
    }
    const asked = new Promise<Answers[Kind]>((resolve, reject) => {
      // Settled in place and not by the promise where a thread waits: its callbacks would run too late.
      if (settle) this.#asked.set(id, { change: true, resolve: () => settle(), reject: settle });
      else this.#asked.set(id, { change: false, resolve, reject });
    });
    this.#port.postMessage({ ...request, id } as Request);
    return asked;
  }

  #take(reply: Reply): void {
    if ('lost' in reply) this.#end(reply.lost);
    else if ('trouble' in reply) this.#trouble = reply.trouble && `the database: ${reply.trouble}`;
    else {
      const asked = this.#asked.get(reply.id);
      this.#asked.delete(reply.id);
      // In a process that may not go on, who wrote something hears neither of a success nor of an error.
      if (this.#lost && asked?.change) return;
      if (reply.error) asked?.reject(new StoreError(reply.error.code as StoreCode, reply.error.message));
      else asked?.resolve(reply.value as never);
    }
  }

  #end(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#trouble = reason;
    this.#port?.postMessage({ id: 0, ask: 'heard' } satisfies Request);
    this.#options.onLost(reason);
  }
}

/** An index of PostgreSQL takes 2,700 bytes. */
const MAX_NAME_BYTES = 2000;

/** What PostgreSQL would refuse, and with it whatever else was written in the same turn. */
function refusal(writes: readonly Write[]): StoreError | null {
  for (const { scope, key } of writes) {
    const name = scope + key;
    if (name.includes('\0') || Buffer.byteLength(name) > MAX_NAME_BYTES) {
      return new StoreError(
        'STORE_NOT_SERIALISABLE',
        `Context key ${JSON.stringify(key.slice(0, 60))}: keys in a database have no NUL and at most ${MAX_NAME_BYTES} bytes together with the node's id.`,
      );
    }
  }
  return null;
}
