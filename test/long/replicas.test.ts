import { describe, expect, it } from 'vitest';
import { Collector } from '../support/collector.ts';
import { launchAndFollow, lossesOf } from '../support/crashing.ts';
import { randomOf, seedOfTest } from '../support/kills.ts';
import { platform, post } from '../support/platform.ts';
import { postgresPrograms, startPostgres } from '../support/postgres.ts';
import { isStandby, leads, ReplicaSet } from '../support/replicas.ts';
import { TcpRelay } from '../support/tcp-relay.ts';

/** Exit code of a replica that may not run the flows any more. */
const LEASE_LOST = 75;
const scenario = { runs: [{ submittedFor: '500ms', runningFor: '20s' }] };

async function launchMany(url: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const answer = await fetch(`${url}/api/launch`, post({ index }));
      expect(answer.status).toBe(200);
    }),
  );
}

const ends = (collector: Collector): number => new Set(collector.on('/success').map(({ index }) => index)).size;

describe.skipIf(!postgresPrograms())('replicas and their database', () => {
  it('a leader that stands still is replaced, and ends when it wakes up, without having done anything twice', async () => {
    await using postgres = await startPostgres();
    await using collector = await Collector.listen();
    await using replicas = new ReplicaSet();
    const simulator = await platform({ scenario });
    const setup = { simulator, flows: { 'main.json': launchAndFollow(collector) }, database: postgres.url };
    const leader = await replicas.start(setup);
    const standby = await replicas.start(setup);
    await launchMany(standby.url, 30);
    leader.signal('SIGSTOP');
    const stood = Date.now();
    await standby.until(() => leads(standby), 'the take-over');
    const takenOverMs = Date.now() - stood;
    expect(takenOverMs).toBeLessThan(10_000);
    // Until most have ended, so that what the one that stood still knows is out of date.
    await collector.until(() => ends(collector) >= 20);
    leader.signal('SIGCONT');
    expect(await leader.exited).toBe(LEASE_LOST);
    await collector.until(() => ends(collector) === 30);
    expect(lossesOf(simulator, collector, 30)).toEqual([]);
    console.log(JSON.stringify({ test: 'replicas', fault: 'frozen', takenOverMs }));
    await simulator.close();
  });

  it.each(['gone', 'half-open'] as const)(
    'a leader that is cut off from the database ends, and another goes on (%s)',
    async (mode) => {
      await using postgres = await startPostgres();
      await using relay = await TcpRelay.to(`http://127.0.0.1:${postgres.port}`);
      await using collector = await Collector.listen();
      await using replicas = new ReplicaSet();
      const simulator = await platform({ scenario });
      const flows = { 'main.json': launchAndFollow(collector) };
      const through = new URL(postgres.url);
      through.port = new URL(relay.url).port;
      const leader = await replicas.start({ simulator, flows, database: through.href });
      const standby = await replicas.start({ simulator, flows, database: postgres.url });
      await launchMany(leader.url, 30);
      await relay.set(mode);
      const cut = Date.now();
      expect(await leader.exited).toBe(LEASE_LOST);
      await standby.until(() => leads(standby), 'the take-over');
      const takenOverMs = Date.now() - cut;
      expect(takenOverMs).toBeLessThan(10_000);
      await collector.until(() => ends(collector) === 30);
      expect(lossesOf(simulator, collector, 30)).toEqual([]);
      console.log(JSON.stringify({ test: 'replicas', fault: `database ${mode}`, takenOverMs }));
      await simulator.close();
    },
  );

  it('a database that restarts is waited for', async () => {
    await using postgres = await startPostgres();
    await using collector = await Collector.listen();
    await using replicas = new ReplicaSet();
    const simulator = await platform({ scenario });
    const setup = { simulator, flows: { 'main.json': launchAndFollow(collector) }, database: postgres.url };
    const leader = await replicas.start(setup);
    const standby = await replicas.start(setup);
    const asked = new AbortController();
    const launched = Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 100));
        await replicas.ask('/api/launch', { index }, asked.signal);
      }),
    );
    await postgres.restart();
    await launched;
    await collector.until(() => ends(collector) === 30);
    expect(lossesOf(simulator, collector, 30)).toEqual([]);
    expect([leader.exitCode, standby.exitCode]).toEqual([null, null]);
    expect([await isStandby(leader), await isStandby(standby)].sort()).toEqual([false, true]);
    await simulator.close();
  });

  it('loses nothing of 60 runs over 12 leaders killed at random moments', async () => {
    const seed = seedOfTest();
    console.log(`REDSTART_SEED=${seed} replays this`);
    const random = randomOf(seed);
    await using postgres = await startPostgres();
    await using collector = await Collector.listen();
    await using replicas = new ReplicaSet();
    const simulator = await platform({ scenario: { runs: [{ submittedFor: '500ms', runningFor: '5s' }] } });
    const setup = {
      simulator,
      flows: { 'main.json': launchAndFollow(collector) },
      database: postgres.url,
      env: { REDSTART_LEASE_SECONDS: '2' },
    };
    await replicas.start(setup);
    await replicas.start(setup);
    const callers = Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 800));
        await replicas.ask('/api/launch', { index });
      }),
    );
    for (let kill = 0; kill < 12; kill += 1) {
      await new Promise((resolve) => setTimeout(resolve, 500 + random() * 3000));
      const leader = replicas.running.find(leads);
      await leader?.kill();
      await replicas.start(setup);
    }
    await callers;
    await collector.until(() => ends(collector) === 60, 120_000);
    expect(lossesOf(simulator, collector, 60)).toEqual([]);
    await simulator.close();
  });
});
