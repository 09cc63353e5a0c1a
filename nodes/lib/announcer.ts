import { delivered } from './delivered.ts';
import { SeqeraError, toSeqeraError } from './errors.ts';
import type { NodeHost } from './node-host.ts';

/** What is being announced: found so after a start, it may have been sent before. */
const PENDING = 'announcing';

interface Announcement<C> {
  /** Of all that is announced; long or sensitive ones are better hashed by the caller. */
  ids: readonly string[];
  /** Sends it. `again` says of an id whether it may have been sent before. */
  send(again: (id: string) => boolean): void;
  /** What is known from then on. */
  cursor: C;
  save(cursor: C): Promise<void>;
  /** Aborts when the node is about to go. */
  signal: AbortSignal;
}

/**
 * Announces what a poll found, so that a crash may repeat it (then marked) and never skips it: noted as being sent,
 * sent, then the cursor is moved. Nothing is noted when nothing is new. When the node goes in between, the nodes behind
 * it go as well, and what reached them cannot be told: the cursor stays, so that the node's successor announces it.
 */
export class Announcer {
  readonly #host: NodeHost;
  #pending: Set<string> | undefined;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  async announce<C>({ ids, send, cursor, save, signal }: Announcement<C>): Promise<void> {
    const { store } = this.#host;
    this.#pending ??= new Set((await this.#try(() => store.get<string[]>(PENDING))) ?? []);
    const before = this.#pending;
    if (ids.length > 0) await this.#try(() => store.set(PENDING, ids));
    if (signal.aborted) {
      // Nothing of these was sent.
      if (ids.length > 0) await this.#try(() => store.set(PENDING, before.size > 0 ? [...before] : undefined));
      return;
    }
    send((id) => before.has(id));
    await delivered();
    if (signal.aborted) return;
    const saved = await this.#try(async () => {
      await save(cursor);
      return true;
    });
    // Not saved: after a restart it is new once more, and then is marked.
    if (saved && (ids.length > 0 || before.size > 0)) await this.#try(() => store.delete(PENDING));
    this.#pending = new Set();
  }

  /** What cannot be stored is sent all the same, and the flow is told that it would be sent again. */
  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      const { message } = toSeqeraError(thrown);
      const what = `Polling goes on, but a restart would announce again what was announced: ${message}`;
      const error = new SeqeraError('SEQERA_STORE_FAILED', what);
      this.#host.node.error(error, { _msgid: this.#host.RED.util.generateId(), error });
      return undefined;
    }
  }
}
