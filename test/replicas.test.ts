import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashToken, makeToken } from '../server/auth/token-hash.ts';
import { receiver } from '../server/notifications/testing/receiver.ts';
import type { StatusReport } from '../server/operations/status-schema.ts';
import { Collector } from './support/collector.ts';
import { launchAndFollow, lossesOf } from './support/crashing.ts';
import { withEditor } from './support/editor.ts';
import { temporaryFolder } from './support/folder.ts';
import { asCaller, platform, post } from './support/platform.ts';
import { postgresPrograms, startPostgres } from './support/postgres.ts';
import { isStandby, leads, ReplicaSet } from './support/replicas.ts';

describe.skipIf(!postgresPrograms())('two replicas on one database', () => {
  it('take over from each other within ten seconds, and lose no run', async () => {
    await using postgres = await startPostgres();
    await using collector = await Collector.listen();
    await using replicas = new ReplicaSet();
    const simulator = await platform({ scenario: { runs: [{ submittedFor: '1s', runningFor: '6s' }] } });
    const token = makeToken();
    const tokensFile = join(temporaryFolder(), 'tokens.yaml');
    writeFileSync(tokensFile, `- {name: robot, sha256: ${hashToken(token)}, role: viewer, expires: never}\n`, {
      mode: 0o600,
    });
    await using notified = await receiver();
    const notify = { REDSTART_NOTIFY_URL: `${notified.url}/hook`, REDSTART_NOTIFY_RECOVERY: '1' };
    const env = { ...withEditor, ...notify, REDSTART_TOKENS_FILE: tokensFile };
    const setup = { simulator, flows: { 'main.json': launchAndFollow(collector) }, database: postgres.url, env };
    const asProgram = { headers: { authorization: `Bearer ${token}` } };
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

    // So is the status page: what it shows is the leader's, as it goes on.
    const status = async () => (await (await second.fetch('/status.json', asProgram)).json()) as StatusReport;
    await expect.poll(status).toMatchObject({ following: 3, store: { kind: 'postgresql', bytes: null } });
    const members = async () => (await status()).replicas?.members.map(({ self, leads: led }) => [self, led]);
    await expect.poll(members).toEqual([
      [true, [0]],
      [false, []],
    ]);
    const live = await second.fetch('/status/events', asProgram);
    const followed = live.text().catch(() => 'cut');

    const killed = Date.now();
    first.signal('SIGKILL');
    await second.until(() => leads(second), 'the take-over');
    expect(Date.now() - killed).toBeLessThan(10_000);
    expect(await isStandby(second)).toBe(false);
    await collector.until(() => new Set(collector.on('/success').map(({ index }) => index)).size === 3);
    expect(lossesOf(simulator, collector, 3)).toEqual([]);
    expect(await followed).toBeTypeOf('string');
    await expect.poll(async () => (await status()).ended.length).toBe(3);

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

    // The kill was told once, by who took over; a stop is nothing to be told of.
    const events = () =>
      notified.received.flatMap(({ body }) =>
        (JSON.parse(body) as { events: { event: string; problem: string }[] }).events.map(
          ({ event, problem }) => `${event} ${problem}`,
        ),
      );
    await expect.poll(events, { timeout: 15_000 }).toEqual(['failure crashed', 'recovery crashed']);
    await simulator.close();
  });
});
