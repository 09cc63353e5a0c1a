import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { Replica, ReplicaDetails } from '../state/postgres/session.ts';
import { Cluster } from './cluster.ts';

/** What the database does for the replicas, without time: a lease is free, or one has it. */
class Leases {
  readonly holders = new Map<string, string>();
  readonly replicas = new Map<string, ReplicaDetails>();

  storeOf(id: string) {
    return {
      report: async (details: ReplicaDetails): Promise<Replica[]> => {
        this.replicas.set(id, details);
        return Array.from(this.replicas, ([each, about]) => ({
          id: each,
          details: about,
          leases: [...this.holders].filter(([, holder]) => holder === each).map(([name]) => name),
        }));
      },
      acquire: async (name: string): Promise<boolean> => {
        if ((this.holders.get(name) ?? id) !== id) return false;
        this.holders.set(name, id);
        return true;
      },
      release: async (names: string[]): Promise<void> => {
        for (const name of names) if (this.holders.get(name) === id) this.holders.delete(name);
      },
      load: async (): Promise<void> => {},
    };
  }

  die(id: string): void {
    this.replicas.delete(id);
    for (const [name, holder] of this.holders) if (holder === id) this.holders.delete(name);
  }
}

/** One that looks around only when told to. */
function replica(leases: Leases, id: string, shards = 1) {
  const ran: number[][] = [];
  const running = new Set<number>();
  const cluster = new Cluster({
    store: leases.storeOf(id),
    id,
    details: () => ({ url: `http://${id}` }),
    shards,
    logger: pino({ level: 'silent' }),
    run: async (now) => {
      ran.push([...now]);
      running.clear();
      for (const shard of now) running.add(shard);
    },
    everyMs: 1_000_000,
  });
  return { cluster, ran, running };
}

describe('which replica runs what', () => {
  it('is one of two, and the other when that is gone', async () => {
    const leases = new Leases();
    const [a, b] = [replica(leases, 'a'), replica(leases, 'b')];
    await a.cluster.start();
    await b.cluster.start();
    expect([a.ran, b.ran]).toEqual([[[0]], []]);
    expect([a.cluster.leaderOf(0), b.cluster.leaderOf(0)?.details]).toEqual([null, { url: 'http://a' }]);
    await a.cluster.stop();
    leases.die('a');
    await b.cluster.start();
    expect([b.ran, b.cluster.leaderOf(0)]).toEqual([[[0]], null]);
    await b.cluster.stop();
  });

  it('is a fair share of the shards, given up and taken over as replicas come and go', async () => {
    const leases = new Leases();
    const all = ['a', 'b', 'c'].map((id) => replica(leases, id, 6));
    const turn = async (): Promise<void> => {
      for (const { cluster } of all) await cluster.start();
    };
    await all[0]?.cluster.start();
    expect(all[0]?.cluster.shards).toEqual([0, 1, 2, 3, 4, 5]);
    for (let round = 0; round < 4; round += 1) await turn();
    expect(all.map(({ cluster }) => cluster.shards.length)).toEqual([2, 2, 2]);
    expect(all.flatMap(({ cluster }) => cluster.shards).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    await all[0]?.cluster.stop();
    leases.die('a');
    all.shift();
    for (let round = 0; round < 2; round += 1) await turn();
    expect(all.map(({ cluster }) => cluster.shards.length)).toEqual([3, 3]);
    for (const { cluster, running } of all) expect([...running].sort()).toEqual(cluster.shards);
    for (const { cluster } of all) await cluster.stop();
  });

  it('never lets a shard go before it has stopped here', async () => {
    const leases = new Leases();
    let held: string[] = [];
    const cluster = new Cluster({
      store: leases.storeOf('a'),
      id: 'a',
      details: () => ({}),
      shards: 2,
      logger: pino({ level: 'silent' }),
      run: async () => {
        held = [...leases.holders.keys()].sort();
      },
      everyMs: 1_000_000,
    });
    await cluster.start();
    leases.replicas.set('b', {});
    await cluster.start();
    expect(held).toEqual(['shard-0', 'shard-1']);
    expect([...leases.holders.keys()]).toEqual([`shard-${cluster.shards[0]}`]);
    await cluster.stop();
  });

  it('tries again what a database or flows did not let happen, and renews no lease that nobody uses', async () => {
    const leases = new Leases();
    const store = leases.storeOf('a');
    const fails = new Set(['load']);
    const unless = async (what: string, does: () => unknown): Promise<void> => {
      if (fails.delete(what)) throw new Error(`${what} failed`);
      await does();
    };
    let running: readonly number[] = [];
    const cluster = new Cluster({
      store: {
        ...store,
        load: () => unless('load', store.load),
        release: (names) => unless('release', () => store.release(names)),
      },
      id: 'a',
      details: () => ({}),
      shards: 2,
      logger: pino({ level: 'silent' }),
      run: (shards) =>
        unless('run', () => {
          running = shards;
        }),
      everyMs: 1_000_000,
    });
    await cluster.start();
    expect([cluster.shards, running]).toEqual([[], []]);
    fails.add('run');
    await cluster.start();
    expect([cluster.shards, running]).toEqual([[0, 1], []]);
    await cluster.start();
    expect(running).toEqual([0, 1]);
    // Half of it is for another one now.
    leases.replicas.set('b', {});
    fails.add('run');
    await cluster.start();
    expect([running, [...leases.holders.keys()].sort()]).toEqual([
      [0, 1],
      ['shard-0', 'shard-1'],
    ]);
    fails.add('release');
    await cluster.start();
    expect([running, leases.holders.size]).toEqual([[0], 2]);
    await cluster.start();
    expect([running, [...leases.holders.keys()]]).toEqual([[0], ['shard-0']]);
    await cluster.stop();
  });

  it('does not look around again when it was stopped while it started', async () => {
    const leases = new Leases();
    const store = leases.storeOf('a');
    let looks = 0;
    const own = new Cluster({
      store: {
        ...store,
        report: async (details) => {
          looks += 1;
          return await store.report(details);
        },
      },
      id: 'a',
      details: () => ({}),
      shards: 1,
      logger: pino({ level: 'silent' }),
      run: async () => {},
      everyMs: 1,
    });
    const started = own.start();
    await own.stop();
    await started;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([looks, leases.holders.size]).toEqual([1, 0]);
  });

  it('lives with a database that does not answer, and goes on with it', async () => {
    const leases = new Leases();
    const store = leases.storeOf('a');
    const { report } = store;
    store.report = () => Promise.reject(new Error('gone'));
    const ran: (readonly number[])[] = [];
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => lines.push(line) });
    let fault: Error | null = null;
    const run = async (shards: readonly number[]) => {
      if (fault) throw fault;
      ran.push(shards);
    };
    const cluster = new Cluster({ store, id: 'a', details: () => ({}), shards: 1, logger, run, everyMs: 1_000_000 });
    await cluster.start();
    await cluster.start();
    expect(lines.filter((line) => line.includes('gone'))).toHaveLength(1);
    store.report = report;
    fault = new Error('no flows');
    await cluster.start();
    await cluster.start();
    expect(lines.filter((line) => line.includes('no flows'))).toHaveLength(1);
    fault = null;
    await cluster.start();
    expect(ran).toEqual([[0]]);
    expect(lines.filter((line) => line.includes('going on'))).toHaveLength(1);
    await cluster.stop();
  });
});
