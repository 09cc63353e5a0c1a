import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { launchAndFollow, lossesOf } from './support/crashing.ts';
import { asCaller, connectionTo, platform, post } from './support/platform.ts';
import { postgresPrograms, startPostgres } from './support/postgres.ts';

describe.skipIf(!postgresPrograms())('two replicas on one database', () => {
  it('take over from each other within ten seconds, and lose no run', async () => {
    const postgres = await startPostgres();
    await using collector = await Collector.listen();
    const simulator = await platform({ scenario: { runs: [{ submittedFor: '1s', runningFor: '6s' }] } });
    const flows = { 'main.json': launchAndFollow(collector) };
    const folders: string[] = [];
    const start = (name: string): Promise<Appliance> => {
      const folder = mkdtempSync(join(tmpdir(), `redstart-replica-${name}-`));
      folders.push(folder);
      return Appliance.start({
        folder,
        flows,
        env: {
          ...connectionTo(simulator, folder),
          REDSTART_DATABASE_URL: postgres.url,
          REDSTART_FLOWS_MODE: 'readonly',
        },
      });
    };
    const state = async (appliance: Appliance) => (await appliance.fetch('/readyz')).json();
    try {
      await using first = await start('a');
      await using second = await start('b');
      expect(await state(first)).toEqual({ ready: true, reasons: [] });
      expect(await state(second)).toMatchObject({ ready: true, reasons: [{ code: 'standby' }] });

      // Asked at the standby, run by the leader; its flows see who asked.
      for (const [index, appliance] of [second, first, second].entries()) {
        expect((await appliance.fetch('/api/launch', post({ index }))).status).toBe(200);
      }
      expect((await second.fetch('/api/launch', { method: 'POST' })).status).toBe(401);
      expect((await second.fetch('/api/nothing', { headers: asCaller })).status).toBe(404);
      expect(simulator.runs).toHaveLength(3);

      const killed = Date.now();
      first.signal('SIGKILL');
      await second.until(() => second.lines.some(({ msg }) => msg === 'flows started'), 'the take-over');
      expect(Date.now() - killed).toBeLessThan(10_000);
      expect(await state(second)).toEqual({ ready: true, reasons: [] });
      await collector.until(() => new Set(collector.on('/success').map(({ index }) => index)).size === 3);
      expect(lossesOf(simulator, collector, 3)).toEqual([]);

      // A key used with the dead leader is known to the new one; a stop hands over at once.
      expect((await second.fetch('/api/launch', post({ index: 0 }))).status).toBe(200);
      await using third = await start('c');
      expect(await state(third)).toMatchObject({ reasons: [{ code: 'standby' }] });
      const stopped = Date.now();
      expect(await second.stop()).toBe(0);
      await third.until(() => third.lines.some(({ msg }) => msg === 'flows started'), 'the take-over');
      expect(Date.now() - stopped).toBeLessThan(4000);
      expect((await third.fetch('/api/launch', post({ index: 1 }))).status).toBe(200);
      expect(simulator.runs).toHaveLength(3);
    } finally {
      await simulator.close();
      await postgres.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
  });
});
