import { describe, expect, it } from 'vitest';
import { Collector } from './support/collector.ts';
import { launchAndFollow, lossesOf } from './support/crashing.ts';
import { asCaller, platform, post } from './support/platform.ts';
import { postgresPrograms, startPostgres } from './support/postgres.ts';
import { isStandby, leads, ReplicaSet } from './support/replicas.ts';

describe.skipIf(!postgresPrograms())('two replicas on one database', () => {
  it('take over from each other within ten seconds, and lose no run', async () => {
    await using postgres = await startPostgres();
    await using collector = await Collector.listen();
    await using replicas = new ReplicaSet();
    const simulator = await platform({ scenario: { runs: [{ submittedFor: '1s', runningFor: '6s' }] } });
    const setup = { simulator, flows: { 'main.json': launchAndFollow(collector) }, database: postgres.url };
    const first = await replicas.start(setup);
    const second = await replicas.start(setup);
    expect([await isStandby(first), await isStandby(second)]).toEqual([false, true]);

    // Asked at the standby, run by the leader.
    for (const [index, appliance] of [second, first, second].entries()) {
      expect((await appliance.fetch('/api/launch', post({ index }))).status).toBe(200);
    }
    expect((await second.fetch('/api/launch', { method: 'POST' })).status).toBe(401);
    expect((await second.fetch('/api/nothing', { headers: asCaller })).status).toBe(404);
    expect(simulator.runs).toHaveLength(3);

    const killed = Date.now();
    first.signal('SIGKILL');
    await second.until(() => leads(second), 'the take-over');
    expect(Date.now() - killed).toBeLessThan(10_000);
    expect(await isStandby(second)).toBe(false);
    await collector.until(() => new Set(collector.on('/success').map(({ index }) => index)).size === 3);
    expect(lossesOf(simulator, collector, 3)).toEqual([]);

    // A key used with the dead leader is known to the new one; a stop hands over at once.
    expect((await second.fetch('/api/launch', post({ index: 0 }))).status).toBe(200);
    const third = await replicas.start(setup);
    expect(await isStandby(third)).toBe(true);
    const stopped = Date.now();
    expect(await second.stop()).toBe(0);
    await third.until(() => leads(third), 'the take-over');
    expect(Date.now() - stopped).toBeLessThan(5000);
    expect((await third.fetch('/api/launch', post({ index: 1 }))).status).toBe(200);
    expect(simulator.runs).toHaveLength(3);
    await simulator.close();
  });
});
