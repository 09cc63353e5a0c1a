import { createHash } from 'node:crypto';
import { KeyedLock } from './keyed-lock.ts';
import type { Intention, Launched } from './launch-once.ts';
import type { NodeStore } from './node-store.ts';

interface Entry {
  /** The key itself, for whoever looks at the context. */
  key: string;
  at: number;
  intention: Intention;
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

  /**
   * @param scope the workspace: the same key in another one is another launch
   * @param launch makes a new launch; calls `intend` before it sends anything
   * @param settle finishes one whose outcome was never known
   */
  use(
    scope: string,
    key: string,
    launch: (intend: (intention: Intention) => Promise<void>) => Promise<Launched>,
    settle: (intention: Intention) => Promise<Launched>,
  ): Promise<KeyedLaunch> {
    const place =
      PREFIX +
      createHash('sha256')
        .update(JSON.stringify([scope, key]))
        .digest('hex')
        .slice(0, 32);
    // One at a time, so that two inputs with one key launch once.
    return this.#lock.run(place, async () => {
      await this.#prune();
      const known = await this.#store.get<Entry>(place);
      if (known?.workflowId !== undefined && known.at > this.#now() - this.#keepMs) {
        const { workflowId, intention } = known;
        return {
          launched: { workflowId, runName: intention.runName, answer: { workflowId }, adopted: false },
          reused: true,
        };
      }
      const unsettled = known && known.workflowId === undefined ? known.intention : undefined;
      let intended = unsettled;
      const intend = async (intention: Intention) => {
        intended = intention;
        await this.#store.set(place, { key, at: this.#now(), intention } satisfies Entry);
      };
      let launched: Launched;
      try {
        launched = unsettled ? await settle(unsettled) : await launch(intend);
      } catch (error) {
        // Refused for certain: the next message with this key may launch.
        if ((error as { outcome?: string }).outcome !== 'unknown' && intended) await this.#store.delete(place);
        throw error;
      }
      const intention = intended ?? { runName: launched.runName, known: [] };
      await this.#store.set(place, {
        key,
        at: this.#now(),
        intention,
        workflowId: launched.workflowId,
      } satisfies Entry);
      return { launched, reused: unsettled !== undefined && launched.adopted };
    });
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
