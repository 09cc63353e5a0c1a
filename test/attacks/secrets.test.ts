import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { schema } from '../../server/config/schema.ts';
import { Appliance } from '../support/appliance.ts';
import { isRefused } from '../support/attempts.ts';
import { EditorSession } from '../support/editor.ts';
import { type FlowNode, node, tab, wire } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { platform, WORKSPACE } from '../support/platform.ts';

// A marker in every variable that holds a secret, in every credential and in every file of secrets; then everything that
// the program says or writes is searched for all of them, in each form in which they could slip out.
let serial = 0;
const marker = (name: string): string => {
  serial += 1;
  return `Planted${serial}x${name.replace(/\W|_/g, '').slice(-12)}x7Qd4mZk29Tb`;
};
/** Variables whose values are something else than free text, or cannot be set together with the others, and why. */
const ELSEWHERE: Record<string, string> = {
  REDSTART_DATABASE_URL: 'wants a server of PostgreSQL: test/replicas.test.ts',
  REDSTART_ADMIN_PASSWORD_HASH: 'in the place of the password',
  REDSTART_HTTP_PASSWORD_HASH: 'in the place of the password',
  REDSTART_GIT_TOKEN: 'with REDSTART_GIT_URL: test/flows-from-git.test.ts',
  REDSTART_GIT_WEBHOOK_SECRET: 'with REDSTART_GIT_URL: test/flows-from-git.test.ts',
};

it('no planted secret is in a log, a file, an answer, a websocket or the output of a command', async () => {
  const folder = temporaryFolder();
  const simulator = await platform({ speed: 20 });
  const planted = new Map<string, string>();
  const plant = (name: string): string => {
    const value = marker(name);
    planted.set(name, value);
    return value;
  };
  // Answers with what it was called with: how a secret gets into messages, errors and debug windows.
  const echo = createServer((request, response) => {
    const sent = request.headers.authorization?.replace(/^(?:Basic|Bearer) /, '') ?? '';
    // Of notifications: what the receiver says of an error ends up in the log.
    if (request.method === 'POST') response.statusCode = 503;
    response.end(`${request.headers.authorization} ${Buffer.from(sent, 'base64').toString()} ${request.url}`);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const echoUrl = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`;

  const secret = schema.filter((field) => field.secret && !field.later).map(({ variable }) => variable);
  const env: Record<string, string> = {};
  for (const variable of secret) {
    if (variable in ELSEWHERE) continue;
    const name = variable.replace('<NAME>', 'SECOND');
    if (/PROXY$/.test(name)) env[name] = `http://proxy:${plant(name)}@127.0.0.1:9`;
    else if (/_HEADERS$/.test(name)) env[name] = `x-key=${plant(name)}`;
    else env[name] = name === 'REDSTART_NOTIFY_URL' ? `${echoUrl}/${plant(name)}` : plant(name);
  }
  // Guards against a schema that this test does not understand.
  expect(Object.keys(env)).toEqual(
    expect.arrayContaining([
      'TOWER_ACCESS_TOKEN',
      'REDSTART_ADMIN_PASSWORD',
      'REDSTART_CREDENTIAL_SECRET',
      'REDSTART_OIDC_CLIENT_SECRET',
    ]),
  );
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY']) env[name] ??= `http://proxy:${plant(name)}@127.0.0.1:9`;
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  writeFileSync(join(secrets, 'of-a-file'), plant('of-a-file'));
  writeFileSync(join(secrets, 'user'), 'x');
  writeFileSync(join(secrets, 'unused'), plant('unused'));
  Object.assign(env, {
    TOWER_API_ENDPOINT: simulator.url,
    TOWER_WORKSPACE_ID: WORKSPACE,
    REDSTART_CONNECTION_SECOND_ENDPOINT: echoUrl,
    REDSTART_ADMIN_USER: 'admin',
    REDSTART_HTTP_USER: 'caller',
    REDSTART_OIDC_ISSUER: echoUrl,
    REDSTART_OIDC_CLIENT_ID: 'redstart',
    REDSTART_OIDC_ROLE_MAP: '*=viewer',
    NO_PROXY: '127.0.0.1',
    REDSTART_SECRETS_DIR: secrets,
    REDSTART_METRICS: 'open',
    OTEL_EXPORTER_OTLP_ENDPOINT: echoUrl,
    LOG_LEVEL: 'trace',
  });

  const answer = node('http response', { statusCode: '200' });
  const debug = node('debug', { complete: 'true', targetType: 'full', tosidebar: true, console: true, tostatus: true });
  const credentials = (password: string) => ({ user: 'x', password });
  const ask = (url: string, props: object): FlowNode[] => {
    const call = wire(node('http request', { method: 'GET', url: echoUrl, ret: 'txt', authType: 'basic', ...props }), [
      debug,
      answer,
    ]);
    return [wire(node('http in', { url, method: 'get' }), [call]), call];
  };
  const typed = ask('/typed', {});
  const look = wire(
    node('function', {
      func: `const said = [];
        for (const name of ${JSON.stringify(Object.keys(env))}) said.push(env.get(name));
        said.push(JSON.stringify(RED.util.encodeObject({ msg: node }, { maxLength: 100000 })), JSON.stringify(global.keys()), String(util.inspect(node)));
        node.warn(said.join()); node.error(said.join(), msg); node.status({ text: said.join().slice(0, 200) });
        msg.payload = said.join(); return msg;`,
      outputs: 1,
    }),
    [debug, answer],
  );
  const fails = wire(
    node('seqera-api', { seqera: 'seqera-second', path: '/user-info', pathType: 'str', method: 'GET' }),
    [debug],
  );
  const flow = tab([
    ...ask('/file', { credentials: { user: 'secret:user', password: 'secret:of-a-file' } }),
    ...typed,
    wire(node('http in', { url: '/look', method: 'get' }), [look]),
    look,
    wire(node('http in', { url: '/fails', method: 'get' }), [fails, answer]),
    fails,
    wire(node('catch', { scope: null }), [debug]),
    debug,
    answer,
  ]);
  const admin = env.REDSTART_ADMIN_PASSWORD ?? '';
  const asCaller = { authorization: `Basic ${Buffer.from(`caller:${env.REDSTART_HTTP_PASSWORD}`).toString('base64')}` };
  const places: Record<string, string> = {};
  const say = (place: string, text: string): void => {
    places[place] = `${places[place] ?? ''}${text}\n`;
  };

  {
    await using appliance = await Appliance.start({ folder, flows: { 'main.json': flow }, env });
    const editor = await EditorSession.signIn(appliance, 'admin', admin);
    planted.set('a session', editor.authorization.slice('Bearer '.length));
    const comms = await editor.comms();
    // A password in the place of a name, a token in the place of a password: people do that.
    for (const [user, password] of [
      [admin, 'x'],
      ['admin', env.TOWER_ACCESS_TOKEN ?? ''],
      [env.TOWER_ACCESS_TOKEN ?? '', admin],
    ] as const)
      await EditorSession.signIn(appliance, user, password).catch((error: Error) => say('refusals', error.message));
    const starts = () => appliance.lines.filter(({ msg }) => msg === 'flows started').length;
    const before = starts();
    const deployed = (await editor.flows()).map((each) =>
      each.id === typed[1]?.id ? { ...each, credentials: credentials(plant('typed into the editor')) } : each,
    );
    expect((await editor.call('POST', '/flows', deployed)).status).toBe(204);
    await appliance.until(() => starts() > before, 'the flows of the deploy');
    for (const path of ['/file', '/typed', '/look', '/fails'])
      await appliance.fetch(`/api${path}`, { headers: asCaller });
    for (const path of [
      '/',
      '/healthz',
      '/readyz',
      '/metrics',
      '/status',
      '/status.json',
      '/editor/auth/login',
      '/editor/auth/sign-in',
      '/editor/auth/oidc',
      `/${env.TOWER_ACCESS_TOKEN}`,
      `/editor/flows?access_token=${env.TOWER_ACCESS_TOKEN}`,
    ])
      for (const headers of [{}, { authorization: editor.authorization }, asCaller]) {
        const reply = await appliance.fetch(path, { headers, redirect: 'manual' });
        say('answers', `${JSON.stringify([...reply.headers])} ${await reply.text()}`);
      }
    for (const path of [
      '/flows',
      '/nodes',
      '/settings',
      '/settings/user',
      '/plugins',
      '/diagnostics',
      '/theme',
      '/context/global',
      '/context/flow/tab1',
      ...deployed.map(({ type, id }) => `/credentials/${type}/${id}`),
      '/credentials/seqera-config/seqera-default',
      '/flow/tab1',
      '/library/local/flows',
    ])
      await editor.call('GET', path);
    for (const lookup of ['identity', 'workspaces', 'launchpads', 'connections'])
      for (const id of ['seqera-default', 'seqera-second'])
        await editor.call('POST', `/seqera/${lookup}`, { connection: { id } });
    await expect.poll(() => comms.frames.join().split('[redacted]').length, { timeout: 20_000 }).toBeGreaterThan(2);
    comms.close();
    expect(await appliance.stop()).toBe(0);
    say('log', appliance.output);
    say('editor', editor.received);
    say('websocket', comms.frames.join('\n'));
  }
  const main = join(import.meta.dirname, '..', '..', 'dist', 'server', 'main.js');
  for (const args of [
    ['config'],
    ['check'],
    ['check', '--json'],
    ['audit', 'verify'],
    ['permission-flags'],
    ['flows', 'split', '--help'],
    ['backup', join(folder, 'backup.tar')],
    ['token', 'list'],
  ]) {
    const { stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        REDSTART_DATA_DIR: join(folder, 'data'),
        REDSTART_FLOWS_DIR: join(folder, 'flows'),
        ...env,
      },
      encoding: 'utf8',
    });
    say(`redstart ${args[0]}`, stdout + stderr);
  }
  expect(places['redstart config']).toContain('TOWER_ACCESS_TOKEN');
  // A start that fails has the most to say.
  const broken = Appliance.launch({
    folder,
    env: {
      ...env,
      PORT: env.REDSTART_ADMIN_PASSWORD ?? '',
      TOWER_WORKSPACE_ID: 'x',
      REDSTART_TLS: env.TOWER_ACCESS_TOKEN ?? '',
    },
  });
  await broken.exited;
  say('a failed start', broken.output);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !entry.parentPath.startsWith(secrets))
      say(
        `file ${join(entry.parentPath, entry.name).slice(folder.length)}`,
        readFileSync(join(entry.parentPath, entry.name), 'latin1'),
      );
  expect(Object.keys(places).length).toBeGreaterThan(20);

  const found: string[] = [];
  for (const [name, value] of planted)
    for (const [place, text] of Object.entries(places)) {
      const forms = {
        plain: value,
        base64: Buffer.from(value).toString('base64').replace(/=+$/, '').slice(0, -1),
        'base64 of a user and it': Buffer.from(`x:${value}`).toString('base64').replace(/=+$/, '').slice(0, -1),
        base64url: Buffer.from(value).toString('base64url').slice(0, -1),
        hex: Buffer.from(value).toString('hex'),
        backwards: [...value].reverse().join(''),
      };
      const leaks = Object.entries(forms).filter(([, form]) => text.includes(form));
      if (!isRefused('planted secrets', leaks.length === 0))
        found.push(`${name} is in ${place}: ${leaks.map(([form]) => form)}`);
    }
  expect(found).toEqual([]);
  // They were where they had to be.
  expect(simulator.calls.length).toBeGreaterThan(0);
  echo.closeAllConnections();
  await new Promise((resolve) => echo.close(resolve));
  await simulator.close();
});
