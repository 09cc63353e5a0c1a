import type { Logger } from 'pino';
import type { Replica, ReplicaDetails } from '../state/postgres/session.ts';

/** What is used of the store that the replicas share. */
export interface SharedStore {
  report(details: ReplicaDetails): Promise<Replica[]>;
  acquire(lease: string): Promise<boolean>;
  release(leases: string[]): Promise<void>;
  /** Reads what the former leader wrote. */
  load(): Promise<void>;
}

export interface ClusterOptions {
  store: SharedStore;
  /** This replica's name among the others. */
  id: string;
  /** Told to the other replicas, which is how they reach this one. */
  details(): ReplicaDetails;
  /** How many parts the flows are spread over; each is run by one replica at a time. */
  shards: number;
  logger: Logger;
  /** Runs exactly these from now on; what is not among them has stopped when it resolves. */
  run(shards: readonly number[]): Promise<void>;
  everyMs: number;
  /** Told who there is, after each look. */
  seen?(replicas: readonly Replica[]): void;
}

const lease = (shard: number): string => `shard-${shard}`;

/** None: it is a lease of something else. */
export const shardOfLease = (name: string): number[] => {
  const [, shard] = /^shard-(\d+)$/.exec(name) ?? [];
  return shard === undefined ? [] : [Number(shard)];
};

/**
 * Which of the replicas runs what. Each takes its fair share of the shards as they become free, and gives some away
 * when it has more than that and others are there. With one shard: one leads, the others wait.
 *
 * A lease that is lost, or cannot be renewed, is not dealt with here: the store then ends the process, since what
 * still runs in it can be stopped by nothing as surely.
 */
export class Cluster {
  readonly #options: ClusterOptions;
  readonly #held = new Set<number>();
  /** Leased, but what their former leader wrote is not read. */
  readonly #gained = new Set<number>();
  /** Still leased, and not to be run any more. */
  readonly #leaving = new Set<number>();
  /** False when something else runs than what is held. */
  #runs = true;
  #replicas: readonly Replica[] = [];
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> | null = null;
  #stopped = false;
  #told: string | null = null;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  get shards(): readonly number[] {
    return [...this.#held].sort((a, b) => a - b);
  }

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** Who runs a shard, as far as is known: null when nobody does, or this replica itself. */
  leaderOf(shard: number): Replica | null {
    if (this.#held.has(shard)) return null;
    return this.#replicas.find(({ id, leases }) => id !== this.#options.id && leases.includes(lease(shard))) ?? null;
  }

  /** Resolves after the first look around: by then this replica may lead. */
  async start(): Promise<void> {
    await this.#look();
    const { everyMs } = this.#options;
    if (!this.#stopped) this.#timer ??= setInterval(() => void this.#look(), everyMs);
  }

  /** Takes nothing more. What is held stays held until the store is closed, as flows may still be writing. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#turn;
  }

  #look(): Promise<void> {
    this.#turn ??= this.#lookOnce().finally(() => {
      this.#turn = null;
    });
    return this.#turn;
  }

  async #lookOnce(): Promise<void> {
    const { store, details, logger } = this.#options;
    try {
      this.#replicas = await store.report(details());
      await this.#balance();
      this.#options.seen?.(this.#replicas);
      if (this.#told !== null) logger.info('going on with the other replicas');
      this.#told = null;
    } catch (error) {
      const { message } = error as Error;
      if (this.#told !== message)
        logger.error(
          { err: error },
          `what this replica is to run could not be settled, which is tried again: ${message}`,
        );
      this.#told = message;
    }
  }

  async #balance(): Promise<void> {
    if (this.#stopped) return;
    await this.#settle();
    const { shards, id, store, logger } = this.#options;
    const share = Math.ceil(shards / Math.max(1, this.#replicas.length));
    const spare = this.shards.slice(share);
    if (spare.length > 0) {
      for (const shard of spare) {
        this.#held.delete(shard);
        this.#leaving.add(shard);
      }
      logger.info({ leads: this.shards }, `giving shards ${spare.join(', ')} to other replicas`);
      this.#runs = false;
      return await this.#settle();
    }
    const taken = new Set(this.#replicas.flatMap((replica) => (replica.id === id ? [] : replica.leases)));
    for (const shard of inTurn(shards, id)) {
      if (this.#held.size + this.#gained.size >= share || this.#stopped) break;
      if (this.#held.has(shard) || taken.has(lease(shard))) continue;
      if (await store.acquire(lease(shard))) this.#gained.add(shard);
    }
    await this.#settle();
  }

  /**
   * Makes run what is held, and nothing else. What the database or the flows do not let happen now is tried again at the
   * next look: a lease is renewed until it is let go, so that nobody else would run what it stands for.
   */
  async #settle(): Promise<void> {
    const { store, logger, run, shards } = this.#options;
    if (this.#gained.size > 0) {
      await store.load();
      for (const shard of this.#gained) this.#held.add(shard);
      this.#gained.clear();
      this.#runs = false;
      logger.info({ leads: this.shards }, shards === 1 ? 'leading' : `leading shards ${this.shards.join(', ')}`);
    }
    if (!this.#runs) {
      await run(this.shards);
      this.#runs = true;
    }
    if (this.#leaving.size === 0) return;
    // Only what has stopped here may start elsewhere.
    await store.release(Array.from(this.#leaving, lease));
    this.#leaving.clear();
  }
}

/** All shards, each replica beginning elsewhere, so that those who start together do not all want the same ones. */
function inTurn(shards: number, id: string): number[] {
  let start = 0;
  for (const character of id) start = (start * 31 + character.charCodeAt(0)) % shards;
  return Array.from({ length: shards }, (_, index) => (start + index) % shards);
}
