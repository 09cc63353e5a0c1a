import { SeqeraError } from './errors.ts';
import type { RedApi, RedNode } from './red.ts';

/** What the appliance names its crash-safe context store. */
const DURABLE = 'durable';

/**
 * Node-RED empties a node's context when the node is closed, unless a context store is configured. What the node had
 * is kept here meanwhile, so that a deploy does not lose it.
 */
const betweenDeploys = new Map<string, Map<string, unknown>>();

/**
 * What a node keeps: in the store `durable` of its context where there is one, else in the default store. One entry a
 * key, so that a write costs what changed. Keys hold letters, digits, `_` and `-`: a dot would nest.
 */
export class NodeStore {
  readonly #node: RedNode;
  readonly #store: string | undefined;
  readonly #emptiedOnClose: boolean;
  #restored: Promise<void> | undefined;

  constructor(RED: RedApi, node: RedNode) {
    this.#node = node;
    const { contextStorage } = RED.settings as { contextStorage?: object };
    this.#store = contextStorage && Object.hasOwn(contextStorage, DURABLE) ? DURABLE : undefined;
    this.#emptiedOnClose = contextStorage === undefined || Object.keys(contextStorage).length === 0;
  }

  async get<T>(key: string): Promise<T | undefined> {
    await this.#restore();
    return this.#get(key) as Promise<T | undefined>;
  }

  /** Resolves when it is written. @throws SEQERA_STORE_FAILED */
  async set(key: string, value: unknown): Promise<void> {
    await this.#restore();
    await this.#set(key, value);
  }

  delete(key: string): Promise<void> {
    return this.set(key, undefined);
  }

  async keys(prefix: string): Promise<string[]> {
    await this.#restore();
    return (await this.#keys()).filter((key) => key.startsWith(prefix));
  }

  /** Before the node goes: keeps its entries over a deploy. A configured store keeps and cleans them by itself. */
  async close(removed: boolean): Promise<void> {
    if (!this.#emptiedOnClose) return;
    const kept = new Map<string, unknown>();
    if (!removed) for (const key of await this.keys('')) kept.set(key, await this.#get(key));
    if (kept.size > 0) betweenDeploys.set(this.#node.id, kept);
    else betweenDeploys.delete(this.#node.id);
  }

  #restore(): Promise<void> {
    this.#restored ??= (async () => {
      const kept = betweenDeploys.get(this.#node.id);
      betweenDeploys.delete(this.#node.id);
      for (const [key, value] of kept ?? []) await this.#set(key, value);
    })();
    return this.#restored;
  }

  #get(key: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#node.context().get(key, this.#store, (error: Error | null, value: unknown) => {
        if (error) reject(failed('read', key, error));
        else resolve(value);
      });
    });
  }

  #set(key: string, value: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#node.context().set(key, value, this.#store, (error: Error | null | undefined) => {
        if (error) reject(failed('written', key, error));
        else resolve();
      });
    });
  }

  #keys(): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#node.context().keys(this.#store, (error: Error | null, keys: unknown[]) => {
        if (error) reject(failed('read', 'all keys', error));
        else resolve((keys ?? []) as string[]);
      });
    });
  }
}

const failed = (done: string, key: string, error: Error): SeqeraError =>
  new SeqeraError('SEQERA_STORE_FAILED', `${key} of the node's context cannot be ${done}: ${error.message}`);
