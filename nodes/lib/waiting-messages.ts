import type { Timer } from './clock.ts';
import { SeqeraError } from './errors.ts';
import { packMessage, unpackMessage } from './message-codec.ts';
import type { NodeHost } from './node-host.ts';
import type { Message } from './red.ts';

/** What is stored beside a message, and says how far it has come. */
export interface WaitingRecord {
  key: string;
  /** When the message came, wall clock. */
  at: number;
}

export interface Waiting<R extends WaitingRecord> {
  record: R;
  msg: Message;
}

/**
 * A message that was sent is in no store until the nodes behind have dealt with it, and nobody tells when that is.
 * Its record is kept for so long: who dies meanwhile sends it again, marked, instead of losing it.
 */
const LINGER_MS = 2_000;

/** Messages as they are, not as they are stored: over a deploy `res` is still the open request that waits for its answer. */
const handedOver = new Map<string, Map<string, Message>>();

/** The messages that wait in a node, one entry each in the node's context, with a record of how far they have come. */
export class WaitingMessages<R extends WaitingRecord> {
  readonly #host: NodeHost;
  readonly #prefix: string;
  readonly #texts = new Map<string, string>();
  readonly #warned: Set<string>;
  readonly #sent = new Map<string, Timer>();

  /**
   * @param prefix of the keys of these entries
   * @param unsaid parts of messages that are left out without a word
   */
  constructor(host: NodeHost, prefix: string, unsaid: readonly string[] = []) {
    this.#host = host;
    this.#prefix = prefix;
    this.#warned = new Set(unsaid);
  }

  /** Resolves when it is on disk. What of the message cannot be kept is named in one warning. */
  async add(record: R, msg: Message): Promise<void> {
    const { text, dropped } = packMessage(msg);
    await this.#host.store.set(record.key, { ...record, message: text });
    this.#texts.set(record.key, text);
    const news = dropped.filter((path) => !this.#warned.has(path));
    if (news.length === 0) return;
    for (const path of news) this.#warned.add(path);
    this.#host.node.warn(
      `Of messages that wait here, this cannot be kept over a restart and is left out then: ${news.join(', ')}`,
    );
  }

  /** Whether it is stored, as far as this node knows. */
  has({ key }: WaitingRecord): boolean {
    return this.#texts.has(key);
  }

  /** Does nothing for what could not be added. */
  async update(record: R): Promise<void> {
    const message = this.#texts.get(record.key);
    if (message !== undefined) await this.#host.store.set(record.key, { ...record, message });
  }

  async remove({ key }: WaitingRecord): Promise<void> {
    if (this.#texts.delete(key)) await this.#host.store.delete(key);
  }

  /** Removes it after a while, in which the nodes behind take over; at once when the node goes. */
  async sent(record: R, failed: (error: unknown) => void): Promise<void> {
    const linger = this.#host.settings.lingerMs ?? LINGER_MS;
    if (linger === 0) {
      await this.remove(record).catch(failed);
      return;
    }
    const timer = this.#host.clock.setTimer(() => {
      this.#sent.delete(record.key);
      this.remove(record).catch(failed);
    }, linger);
    this.#sent.set(record.key, timer);
  }

  /** What waited when the node was last closed, oldest first. */
  async read(): Promise<Waiting<R>[]> {
    const { node, store } = this.#host;
    const live = handedOver.get(node.id);
    handedOver.delete(node.id);
    const waiting: Waiting<R>[] = [];
    for (const key of await store.keys(this.#prefix)) {
      // Already here: a message that came in while the node started.
      if (this.#texts.has(key)) continue;
      const stored = await store.get<R & { message: string }>(key);
      if (!stored) continue;
      try {
        const { message, ...record } = stored;
        const msg = live?.get(key) ?? unpackMessage(message);
        this.#texts.set(key, message);
        waiting.push({ record: record as unknown as R, msg });
      } catch {
        node.error(new SeqeraError('SEQERA_STORE_FAILED', `The stored ${key} cannot be read and is left as it is`));
      }
    }
    return waiting.sort((a, b) => a.record.at - b.record.at);
  }

  /** For the node that takes this one's place in this process. */
  handOver(waiting: readonly Waiting<R>[]): void {
    if (waiting.length === 0) return;
    const messages = handedOver.get(this.#host.node.id) ?? new Map<string, Message>();
    for (const { record, msg } of waiting) messages.set(record.key, msg);
    handedOver.set(this.#host.node.id, messages);
  }

  /** When the node goes: what was sent is with other nodes, which close as well and have taken it by now. */
  async close(removed: boolean): Promise<void> {
    if (removed) handedOver.delete(this.#host.node.id);
    const keys = [...this.#sent.keys()];
    for (const timer of this.#sent.values()) this.#host.clock.clearTimer(timer);
    this.#sent.clear();
    await Promise.all(keys.map((key) => this.remove({ key, at: 0 })));
  }
}
