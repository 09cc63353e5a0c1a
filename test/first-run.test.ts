import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform, post } from './support/platform.ts';

const starter = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'flows', 'starter.json'), 'utf8')) as unknown;

describe('the first start, as `npm start` does it', () => {
  it('says that it simulates, gives an address and a password that opens it, and runs the starter flow', async () => {
    await using appliance = await Appliance.start({
      flows: { 'starter.json': starter },
      args: ['serve', '--local'],
      env: { LOG_FORMAT: 'json' },
    });
    await appliance.until(() => appliance.output.includes('Ctrl+C'), 'the banner');
    expect(appliance.output).toMatch(/simulator/i);
    const address = /Editor\s+(\S+)/.exec(appliance.output)?.[1];
    const user = /User\s+(\S+)/.exec(appliance.output)?.[1] ?? '';
    const password = /Password\s+(\S+)/.exec(appliance.output)?.[1] ?? '';
    expect(address).toBe(`${appliance.url}/editor/`);
    const editor = await EditorSession.signIn(appliance, user, password);
    const comms = await editor.comms();
    await expect.poll(() => comms.frames.join('\n'), { timeout: 30_000 }).toMatch(/ succeeded · /);
    comms.close();
    // It is a password of this start only, and no log line has it.
    expect(appliance.lines.filter((line) => JSON.stringify(line).includes(password))).toEqual([]);
    expect(await appliance.stop()).toBe(0);
    await using again = await Appliance.start({ folder: appliance.folder, args: ['serve', '--local'] });
    await expect(EditorSession.signIn(again, user, password)).rejects.toThrow(/sign-in answered 4/);
  });

  it('does not launch anything by itself on a real Platform', async () => {
    const simulator = await platform({ speed: 10 });
    const folder = temporaryFolder();
    await using appliance = await Appliance.start({
      folder,
      flows: { 'starter.json': starter },
      args: ['serve', '--local'],
      env: connectionTo(simulator, folder),
    });
    await appliance.until(() => appliance.output.includes('Ctrl+C'), 'the banner');
    expect(appliance.output).toContain('launches are real');
    // The starter flow's own start comes 2 s after the flows'.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(simulator.runs).toEqual([]);
    await simulator.close();
  });
});

it('without a sign-in configured there is neither an editor nor an admin API', async () => {
  await using appliance = await Appliance.start({ flows: { 'a.json': tab([node('comment')]) } });
  for (const path of [
    '/editor',
    '/editor/',
    '/editor/flows',
    '/editor/auth/login',
    '/editor/settings',
    '/flows',
    '/settings',
  ]) {
    expect([path, (await appliance.fetch(path)).status]).toEqual([path, 404]);
  }
  expect((await appliance.fetch('/healthz')).status).toBe(200);
  expect((await appliance.fetch('/api/anything')).status).toBe(403);
});

it('uses a changed token file within 5 s, without a restart', async () => {
  const simulator = await platform({ token: 'the-second-token-0002' });
  await using collector = await Collector.listen();
  const folder = temporaryFolder();
  const start = trigger('/launch', []);
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello' });
  const launched = report(collector.url, '/launched', ['workflowId']);
  wire(start[0]!, [launch, start[1]!]);
  wire(launch, [launched[0]!]);
  const env = { ...connectionTo(simulator, folder), ...withEditor };
  writeFileSync(join(folder, 'token'), 'the-first-token-0001\n');
  await using appliance = await Appliance.start({
    folder,
    flows: { 'a.json': tab([...start, launch, ...launched, ...errors(collector.url)]) },
    env,
  });
  await appliance.fetch('/api/launch', post());
  await collector.until(() => collector.on('/errors').length === 1);
  expect(collector.on('/errors')[0]).toMatchObject({ code: 'SEQERA_UNAUTHORIZED' });
  writeFileSync(join(folder, 'token'), 'the-second-token-0002\n');
  const changed = Date.now();
  await expect
    .poll(
      async () => {
        const before = collector.messages.length;
        await appliance.fetch('/api/launch', post());
        await collector.until(() => collector.messages.length > before);
        return collector.on('/launched').length;
      },
      { timeout: 10_000, interval: 300 },
    )
    .toBeGreaterThan(0);
  expect(Date.now() - changed).toBeLessThan(5000);
  await simulator.close();
});
