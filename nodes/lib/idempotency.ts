import { createHash } from 'node:crypto';
import { KeyedLock } from './keyed-lock.ts';
import type { Intention, Launched } from './launch-once.ts';
import type { NodeStore } from './node-store.ts';

interface Entry {
  /** The key itself, for whoever looks at the context. */
  key: string;
  at: number;
  intention: Intention;
  /** The message that the launch is for. */
  owner?: string;
  /** Missing while the outcome of the launch is not known. */
  workflowId?: string;
}

const PREFIX = 'launch-';
const DAY_MS = 24 * 3_600_000;

export interface KeyedLaunch {
  launched: Launched;
  /** The key was seen before: nothing was launched now. */
  reused: boolean;
}

export interface KeyUse {
  /** The workspace: the same key in another one is another launch. */
  scope: string;
  key: string;
  /** Names the message. */
  owner: string;
  /** Whether the message of this name still waits for the outcome of its launch. */
  waits(owner: string): boolean;
  /** Makes a new launch; calls `intend` before it sends anything. */
  launch(intend: (intention: Intention) => Promise<void>): Promise<Launched>;
  /** Finishes one whose outcome was never known. */
  settle(intention: Intention): Promise<Launched>;
}

/** Which run each key of a node led to. Keys are kept for 30 days. */
export class LaunchKeys {
  readonly #store: NodeStore;
  readonly #now: () => number;
  readonly #keepMs: number;
  readonly #lock = new KeyedLock();
  #nextPrune = 0;

  constructor(store: NodeStore, now: () => number, keepMs = 30 * DAY_MS) {
    this.#store = store;
    this.#now = now;
    this.#keepMs = keepMs;
  }

  /** One at a time for each key, so that two inputs with one key launch once. */
  use(use: KeyUse): Promise<KeyedLaunch> {
    const { scope, key } = use;
    const hash = createHash('sha256').update(JSON.stringify([scope, key]));
    const place = PREFIX + hash.digest('hex').slice(0, 32);
    return this.#lock.run(place, () => this.#use(place, use));
  }

  async #use(place: string, { key, owner, waits, launch, settle }: KeyUse): Promise<KeyedLaunch> {
    await this.#prune();
    const known = await this.#store.get<Entry>(place);
    if (known?.workflowId !== undefined && known.at > this.#now() - this.#keepMs) {
      const { workflowId, intention } = known;
      return {
        launched: { workflowId, runName: intention.runName, answer: { workflowId }, adopted: false },
        // Its own run, which it launched before the program ended.
        reused: known.owner !== owner,
      };
    }
    const unsettled = known && known.workflowId === undefined ? known : undefined;
    // The message that it was for goes on with it by itself.
    const ofAnother = unsettled?.owner !== undefined && unsettled.owner !== owner && waits(unsettled.owner);
    const entry = { key, at: this.#now(), owner: ofAnother && unsettled.owner ? unsettled.owner : owner };
    let intended = unsettled?.intention;
    const intend = async (intention: Intention) => {
      intended = intention;
      await this.#store.set(place, { ...entry, intention } satisfies Entry);
    };
    let launched: Launched;
    try {
      launched = unsettled ? await settle(unsettled.intention) : await launch(intend);
    } catch (error) {
      // Refused for certain: the next message with this key may launch.
      if ((error as { outcome?: string }).outcome !== 'unknown' && intended) await this.#store.delete(place);
      throw error;
    }
    const intention = intended ?? { runName: launched.runName, known: [] };
    await this.#store.set(place, { ...entry, intention, workflowId: launched.workflowId } satisfies Entry);
    const adopted = unsettled !== undefined && unsettled.owner !== owner && launched.adopted;
    return { launched, reused: ofAnother || adopted };
  }

  async #prune(): Promise<void> {
    const now = this.#now();
    if (now < this.#nextPrune) return;
    this.#nextPrune = now + DAY_MS;
    for (const place of await this.#store.keys(PREFIX)) {
      const entry = await this.#store.get<Entry>(place);
      if (entry && entry.at <= now - this.#keepMs) await this.#store.delete(place);
    }
  }
}
