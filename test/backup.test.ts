import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { launchAndFollow, Mortal } from './support/crashing.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform } from './support/platform.ts';

it('a backup of a running instance brings its watches back; two never work on one data folder', async () => {
  await using collector = await Collector.listen();
  const simulator = await platform({ scenario: { runs: [{ end: 'NEVER' }] } });
  const folder = temporaryFolder();
  const env = connectionTo(simulator, folder);
  await using mortal = await Mortal.create(simulator, folder, { 'main.json': launchAndFollow(collector) });
  const command = async (...args: string[]): Promise<Appliance> => {
    const run = Appliance.launch({ folder, args, env });
    await run.exited;
    return run;
  };

  const running = mortal.start();
  await mortal.ask('/api/launch', { index: 0 });
  const backup = join(folder, 'saved.backup');
  // What was launched is followed a moment later.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const made = await command('backup', backup);
  expect(made.exitCode, made.output).toBe(0);
  expect(made.output).toMatch(/entries of context/);
  expect(made.output).toMatch(/credential-secret, which is not in it/);

  const second = await command('serve');
  expect(second.exitCode).toBe(75);
  expect(second.output).toMatch(new RegExp(`DATA_FOLDER_IN_USE.*by process ${running.pid} on`));
  const refused = await command('restore', backup);
  expect(refused.exitCode).toBe(75);
  expect(refused.output).toMatch(/DATA_FOLDER_IN_USE/);
  expect((await fetch(`${mortal.url}/readyz`)).status).toBe(200);

  await running.kill();
  rmSync(join(folder, 'data', 'state.db'));
  for (const suffix of ['-wal', '-shm']) rmSync(join(folder, 'data', `state.db${suffix}`), { force: true });
  const restored = await command('restore', backup);
  expect(restored.exitCode, restored.output).toBe(0);
  mortal.start();
  simulator.endRun(String(simulator.runs[0]?.id));
  await collector.until(() => collector.on('/success').length > 0);
  expect(collector.on('/success')[0]).toMatchObject({ index: 0, workflowId: simulator.runs[0]?.id });
  await simulator.close();
});
