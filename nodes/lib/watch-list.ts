import { SeqeraError } from './errors.ts';
import { packMessage, unpackMessage } from './message-codec.ts';
import type { NodeStore } from './node-store.ts';
import type { Message } from './red.ts';

export interface WatchRecord {
  key: string;
  /** Of the run or studio. */
  id: string;
  workspaceId: string | null;
  /** When the watch began, wall clock. */
  at: number;
  /** Since when the Platform has lost sight of the run. */
  unknownSince?: number;
  /** That it is ready: being told (found so after a start, it may have been told before), or told. */
  ready?: 'telling' | 'told';
  /** Its end is being sent. Found so after a start, the end may have been sent before. */
  ending: boolean;
}

interface Stored extends WatchRecord {
  message: string;
}

const PREFIX = 'watch-';

/** Messages as they are, not as they are stored: over a deploy `res` is still the open request that waits for its answer. */
const handedOver = new Map<string, Map<string, Message>>();

/** The watches of a node with their messages, one entry each in the node's context. */
export class WatchList {
  readonly #store: NodeStore;
  readonly #nodeId: string;
  readonly #messages = new Map<string, string>();

  constructor(store: NodeStore, nodeId: string) {
    this.#store = store;
    this.#nodeId = nodeId;
  }

  /** @returns what of the message cannot be kept, `req` and `res` apart: that they cannot is no news */
  async add(record: WatchRecord, msg: Message): Promise<string[]> {
    const { text, dropped } = packMessage(msg);
    this.#messages.set(record.key, text);
    await this.update(record);
    return dropped.filter((path) => path !== 'req' && path !== 'res');
  }

  async update(record: WatchRecord): Promise<void> {
    const message = this.#messages.get(record.key);
    if (message !== undefined) await this.#store.set(record.key, { ...record, message } satisfies Stored);
  }

  async remove({ key }: WatchRecord): Promise<void> {
    this.#messages.delete(key);
    await this.#store.delete(key);
  }

  /** What waited when the node was last closed, oldest first. */
  async read(): Promise<{ waiting: { record: WatchRecord; msg: Message }[]; broken: SeqeraError[] }> {
    const live = handedOver.get(this.#nodeId);
    handedOver.delete(this.#nodeId);
    const waiting: { record: WatchRecord; msg: Message }[] = [];
    const broken: SeqeraError[] = [];
    for (const key of await this.#store.keys(PREFIX)) {
      // Already here: a message that came in while the node started.
      if (this.#messages.has(key)) continue;
      const stored = await this.#store.get<Stored>(key);
      if (!stored) continue;
      try {
        const { message, ...record } = stored;
        const msg = live?.get(key) ?? unpackMessage(message);
        this.#messages.set(key, message);
        waiting.push({ record, msg });
      } catch {
        const what = `The stored watch ${key} cannot be read and is left as it is`;
        broken.push(new SeqeraError('SEQERA_STORE_FAILED', what));
      }
    }
    return { waiting: waiting.sort((a, b) => a.record.at - b.record.at), broken };
  }

  /** For the node that takes this one's place in this process. */
  handOver(waiting: readonly { record: WatchRecord; msg: Message }[]): void {
    if (waiting.length > 0) handedOver.set(this.#nodeId, new Map(waiting.map(({ record, msg }) => [record.key, msg])));
  }

  release(): void {
    handedOver.delete(this.#nodeId);
  }
}
