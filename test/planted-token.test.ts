import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Appliance } from './support/appliance.ts';
import { Collector } from './support/collector.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { errors, node, report, tab, trigger, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { connectionTo, launches, platform, post, TOKEN } from './support/platform.ts';

/** The token in the forms in which it could slip out. */
const FORMS = [
  TOKEN,
  Buffer.from(TOKEN).toString('base64').slice(0, -4),
  encodeURIComponent(TOKEN),
  Buffer.from(TOKEN).toString('hex'),
];
const leaks = (text: string): string[] => FORMS.filter((form) => text.includes(form));

function* filesOf(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesOf(path);
    else yield path;
  }
}

it('lets the token out in nothing but the Authorization header to its own Platform', async () => {
  const simulator = await platform({ speed: 20 });
  await using collector = await Collector.listen();

  // Another host, to which the simulator could be told to redirect and a flow author to override.
  const elsewhere: string[] = [];
  const other = createServer((request: IncomingMessage, response) => {
    elsewhere.push(JSON.stringify(request.headers) + (request.url ?? ''));
    response.end('{}');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const otherUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;

  const folder = temporaryFolder();
  const start = trigger('/launch', []);
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello', labels: 'prod' });
  const monitor = node('seqera-workflow-monitor', { seqera: '', poll: 1, pollUnits: 'seconds' });
  const debug = node('debug', { complete: 'true', targetType: 'full', tosidebar: true, console: true, tostatus: true });
  const success = report(collector.url, '/success', ['workflowId', 'payload']);
  wire(start[0]!, [launch, start[1]!]);
  wire(launch, [monitor, debug]);
  wire(monitor, [debug], [success[0]!, debug], [debug]);

  // What a flow author can reach: the environment, the node's own objects, the configuration node.
  const look = trigger('/look', []);
  const looking = node('function', {
    func: `const found = {};
      for (const name of ['TOWER_ACCESS_TOKEN', 'TOWER_ACCESS_TOKEN_FILE', 'SEQERA_ACCESS_TOKEN', 'REDSTART_ADMIN_PASSWORD', 'REDSTART_HTTP_PASSWORD']) found[name] = env.get(name);
      found.globals = Object.keys(global.keys ? Object.fromEntries(global.keys().map((key) => [key, global.get(key)])) : {});
      found.node = RED.util.encodeObject({ msg: node }, { maxLength: 100000 });
      return { payload: found };`,
  });
  const looked = report(collector.url, '/looked', ['payload']);
  wire(look[0]!, [looking, look[1]!]);
  wire(looking, [looked[0]!]);

  const away = trigger('/away', []);
  const launchAway = node('seqera-workflow-launch', {
    seqera: '',
    launchpadName: 'hello',
    baseUrl: otherUrl,
    baseUrlType: 'str',
  });
  wire(away[0]!, [launchAway, away[1]!]);
  wire(launchAway, [debug]);

  const env = { ...connectionTo(simulator, folder), ...withEditor, LOG_LEVEL: 'trace' };
  await using appliance = await Appliance.start({
    folder,
    flows: {
      'planted.json': tab([
        ...start,
        launch,
        monitor,
        debug,
        ...success,
        ...look,
        looking,
        ...looked,
        ...away,
        launchAway,
        ...errors(collector.url),
      ]),
    },
    env,
  });
  const editor = await EditorSession.signIn(appliance);
  const comms = await editor.comms();

  // Success.
  await appliance.fetch('/api/launch', post());
  await collector.until(() => collector.on('/success').length > 0);
  await appliance.fetch('/api/look', post());
  await collector.until(() => collector.on('/looked').length > 0);
  // An override that would carry the token to another host.
  await appliance.fetch('/api/away', post());
  await collector.until(() => collector.on('/errors').length === 1);
  expect(elsewhere).toEqual([]);
  // Each error of the API, and a Platform that redirects to another host or sends back what it was sent.
  const faults = [
    { kind: 'status', status: 400, body: { message: 'Bad' } },
    { kind: 'status', status: 401 },
    { kind: 'status', status: 403 },
    { kind: 'status', status: 404 },
    { kind: 'status', status: 409, body: { message: 'Conflict' } },
    { kind: 'status', status: 302, headers: { location: `${otherUrl}/taken` } },
    { kind: 'status', status: 400, body: { message: `You sent Bearer ${TOKEN}` } },
    { kind: 'malformed' },
    { kind: 'html', status: 403 },
  ] as const;
  for (const [index, fault] of faults.entries()) {
    simulator.setScenario({ faults: [{ match: { path: '.' }, ...fault }] } as Parameters<
      typeof simulator.setScenario
    >[0]);
    await appliance.fetch('/api/launch', post());
    await collector.until(() => collector.on('/errors').length === index + 2);
  }
  simulator.setScenario({});
  expect(elsewhere.filter((request) => leaks(request).length > 0)).toEqual([]);

  // The editor's own requests, those of the nodes' dialogs included.
  for (const path of [
    '/flows',
    '/nodes',
    '/settings',
    '/settings/user',
    '/plugins',
    '/credentials/seqera-config/seqera-default',
    '/context/global',
    '/theme',
  ]) {
    await editor.call('GET', path);
  }
  for (const [path, body] of [
    ['/seqera/check', { id: 'seqera-default' }],
    ['/seqera/check', { id: 'seqera-default', baseUrl: otherUrl }],
    ['/seqera/workspaces', { id: 'seqera-default' }],
  ] as const) {
    await editor.call('POST', path, body);
  }
  expect(elsewhere.filter((request) => leaks(request).length > 0)).toEqual([]);

  // A deploy writes flow files; the environment's connection and its token are not among what is written.
  expect((await editor.call('POST', '/flows', await editor.flows())).status).toBe(204);
  const config = spawnSync(process.execPath, [join(import.meta.dirname, '..', 'dist', 'server', 'main.js'), 'config'], {
    env: { PATH: process.env.PATH, ...env },
    cwd: folder,
    encoding: 'utf8',
  });
  expect(config.status).toBe(0);
  expect(config.stdout).toContain('TOWER_ACCESS_TOKEN');

  comms.close();
  expect(await appliance.stop()).toBe(0);

  expect(launches(simulator).length).toBeGreaterThan(0);
  expect(comms.frames.length).toBeGreaterThan(3);
  expect(leaks(appliance.output)).toEqual([]);
  expect(leaks(editor.received)).toEqual([]);
  expect(leaks(comms.frames.join('\n'))).toEqual([]);
  expect(leaks(JSON.stringify(collector.messages))).toEqual([]);
  expect(leaks(config.stdout + config.stderr)).toEqual([]);
  const written = [...filesOf(folder)].filter((path) => path !== join(folder, 'token'));
  expect(written.length).toBeGreaterThan(3);
  expect(written.filter((path) => leaks(readFileSync(path, 'latin1')).length > 0)).toEqual([]);
  for (const call of simulator.calls) expect(leaks(JSON.stringify({ ...call, token: undefined }))).toEqual([]);
  other.closeAllConnections();
  await simulator.close();
});
