import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, platform, post, TOKEN, WORKSPACE } from './support/platform.ts';

// Whoever may change flows can post them without the editor, whose dialog asks for the token again when an address is
// changed. The stored token must not follow.
it('keeps a stored token from an address that was deployed under its connection, over a restart too', async () => {
  const simulator = await platform();
  const stolen: unknown[] = [];
  const evil = createServer((request, response) => {
    stolen.push(request.headers.authorization);
    response.end('{}');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  const evilUrl = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
  await using collector = await Collector.listen();
  const folder = temporaryFolder();

  const connection = node('seqera-config', { name: 'mine', baseUrl: simulator.url, workspaceId: WORKSPACE });
  const call = node('seqera-api', { seqera: connection.id, path: '/user-info' });
  const out = report(collector.url, '/out', ['payload']);
  const start = trigger('/call', []);
  wire(start[0]!, [call, start[1]!]);
  wire(call, [out[0]!]);
  const nodes = tab([...start, call, ...out, ...errors(collector.url)]);
  const { z: _none, x: _x, y: _y, wires: _wires, ...config } = connection;
  // The default connection is another one: the simulator's token must not come from there.
  const setup = {
    folder,
    env: { ...connectionTo(simulator, folder), ...withEditor, REDSTART_CREDENTIAL_SECRET: 'a long secret for tests' },
  };
  {
    await using appliance = await Appliance.start(setup);
    const editor = await EditorSession.signIn(appliance);
    const starts = () => appliance.lines.filter(({ msg }) => msg === 'flows started').length;
    const deploy = async (flows: unknown[]) => {
      const before = starts();
      expect((await editor.call('POST', '/flows', flows)).status).toBeLessThan(300);
      await appliance.until(() => starts() > before, 'the start of the flows');
    };
    await deploy([...nodes, { ...config, credentials: { token: TOKEN } }]);
    await appliance.fetch('/api/call', post());
    await collector.until(() => collector.on('/out').length === 1);
    await deploy([...nodes, { ...config, baseUrl: evilUrl }]);
    await appliance.fetch('/api/call', post());
    await collector.until(() => collector.on('/errors').length === 1);
    expect(await appliance.stop()).toBe(0);
  }
  await using appliance = await Appliance.start(setup);
  await appliance.fetch('/api/call', post());
  await collector.until(() => collector.on('/errors').length === 2);
  for (const error of collector.on('/errors'))
    expect(error).toMatchObject({
      code: 'SEQERA_INVALID_INPUT',
      message: expect.stringMatching(/Make a new connection/),
    });
  expect(stolen).toEqual([]);
  expect(collector.on('/out')).toHaveLength(1);
  // Its dialog has the same answer.
  const editor = await EditorSession.signIn(appliance);
  const asked = await editor.call('POST', '/seqera/identity', { connection: { id: connection.id } });
  expect(asked).toMatchObject({ status: 400, text: expect.stringContaining('SEQERA_INVALID_INPUT') });
  expect(stolen).toEqual([]);
  await new Promise((resolve) => evil.close(resolve));
  await simulator.close();
});
