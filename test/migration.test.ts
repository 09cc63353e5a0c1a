import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ERROR_CATALOGUE } from '../server/error-catalogue.ts';
import { Appliance } from './support/appliance.ts';
import { node, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';
import { asCaller, connectionTo, launches, platform, TOKEN } from './support/platform.ts';

// docs/migration.md, from a plain Node-RED: what it says of flows, credentials, paths and variables.

const root = join(import.meta.dirname, '..');
const MAIN = join(root, 'dist/server/main.js');
const PASSWORD = 'of-the-laboratory-system';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A plain Node-RED as it comes, with the Seqera nodes in its palette. It makes up its credential secret itself. */
async function plainNodeRed(userDir: string): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort();
  const settings = { uiPort: port, uiHost: '127.0.0.1', flowFile: 'flows.json', nodesDir: [join(root, 'nodes')] };
  mkdirSync(userDir, { recursive: true });
  writeFileSync(join(userDir, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
  const child = spawn(process.execPath, [join(root, 'node_modules/node-red/red.js'), '--userDir', userDir], {
    env: { PATH: process.env.PATH, HOME: userDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Started flows')) resolve();
    });
    child.once('exit', () => reject(new Error(`the plain Node-RED ended:\n${output}`)));
  });
  return { url: `http://127.0.0.1:${port}`, child };
}

/** Another system, which notes with what it was asked. */
async function askedSystem(): Promise<{ url: string; authorizations: unknown[] }> {
  const authorizations: unknown[] = [];
  const server = createHttpServer((request, response) => {
    authorizations.push(request.headers.authorization);
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, authorizations };
}

/** Flows as somebody has them: an endpoint that launches, over a connection of their own, and asks another system. */
function flowsOf(platformUrl: string, laboratory: string) {
  const connection = {
    id: 'c0nnection000001',
    type: 'seqera-config',
    name: 'ours',
    baseUrl: platformUrl,
    workspaceId: '70001',
  };
  const input = node('http in', { url: '/launch', method: 'post' });
  const launch = node('seqera-workflow-launch', { seqera: connection.id, launchpadName: 'hello' });
  const ask = node('http request', {
    id: 'asks000000000001',
    method: 'GET',
    ret: 'txt',
    url: laboratory,
    authType: 'basic',
  });
  const say = node('change', {
    rules: [{ t: 'set', p: 'payload', pt: 'msg', to: '$env("FLOW_LAB") & " " & $env("LAB_TOKEN")', tot: 'jsonata' }],
  });
  const answer = node('http response', { statusCode: '200' });
  wire(input, [launch]);
  wire(launch, [ask]);
  wire(ask, [say]);
  wire(say, [answer]);
  return {
    flows: [...tab([input, launch, ask, say, answer]), connection],
    credentials: { [connection.id]: { token: TOKEN }, [ask.id]: { user: 'lab', password: PASSWORD } },
  };
}

it('flows and encrypted credentials of a plain Node-RED run, as the page says', async () => {
  const simulator = await platform();
  onTestFinished(() => simulator.close());
  const laboratory = await askedSystem();
  const folder = temporaryFolder();
  const userDir = join(folder, 'node-red');
  const { url, child } = await plainNodeRed(userDir);
  const deployed = await fetch(`${url}/flows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'Node-RED-API-Version': 'v2' },
    body: JSON.stringify(flowsOf(simulator.url, laboratory.url)),
  });
  expect(deployed.status).toBe(200);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  expect(readFileSync(join(userDir, 'flows_cred.json'), 'utf8')).toMatch(/^\{"\$":"/);
  const secret = (
    JSON.parse(readFileSync(join(userDir, '.config.runtime.json'), 'utf8')) as { _credentialSecret: string }
  )._credentialSecret;

  // The steps of the page.
  for (const name of ['flows', 'data']) mkdirSync(join(folder, name), { mode: 0o700 });
  copyFileSync(join(userDir, 'flows.json'), join(folder, 'flows/flows.json'));
  copyFileSync(join(userDir, 'flows_cred.json'), join(folder, 'data/credentials.json'));
  const env = {
    ...connectionTo(simulator, folder),
    FLOW_LAB: 'bench 7',
    LAB_TOKEN: 'not-for-flows',
    REDSTART_CREDENTIAL_SECRET: 'a-new-one-of-the-operator',
    REDSTART_CREDENTIAL_SECRET_PREVIOUS: secret,
  };
  const check = spawnSync(process.execPath, [MAIN, 'check', 'flows'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    encoding: 'utf8',
  });
  expect(check.stdout).toMatch(/LAB_TOKEN.*\n?.*env-hidden|env-hidden.*LAB_TOKEN/);
  expect(check.stdout).not.toMatch(/FLOW_LAB/);

  // Another secret: it stops, and leaves the file as it was.
  const wrong = Appliance.launch({
    folder,
    env: { ...env, REDSTART_CREDENTIAL_SECRET_PREVIOUS: 'one-of-somebody-else' },
  });
  expect(await wrong.exited).toBe(ERROR_CATALOGUE.CREDENTIAL_SECRET_WRONG.exitCode);
  expect(wrong.output).toContain('CREDENTIAL_SECRET_WRONG');
  expect(readFileSync(join(folder, 'data/credentials.json'), 'utf8')).toMatch(/^\{"\$":"/);

  await using appliance = await Appliance.start({ folder, env });
  const called = await appliance.fetch('/api/launch', { method: 'POST', headers: asCaller });
  expect([called.status, await called.text()]).toEqual([200, 'bench 7 ']);
  expect((await appliance.fetch('/api/launch', { method: 'POST' })).status).toBe(401);
  // Both credentials arrived: that of the connection, and that of the http request.
  expect(launches(simulator)).toMatchObject([{ token: TOKEN, status: 200 }]);
  expect(laboratory.authorizations).toEqual([`Basic ${Buffer.from(`lab:${PASSWORD}`).toString('base64')}`]);
  expect(await appliance.stop()).toBe(0);

  // Sealed with the new secret, which is enough from now on; nothing of the old form is left.
  expect(readFileSync(join(folder, 'data/credentials.json'), 'utf8')).not.toContain('"$"');
  const { REDSTART_CREDENTIAL_SECRET_PREVIOUS: _, ...after } = env;
  await using again = await Appliance.start({ folder, env: after });
  expect((await again.fetch('/api/launch', { method: 'POST', headers: asCaller })).status).toBe(200);
  expect(launches(simulator)).toHaveLength(2);
  expect(await again.stop()).toBe(0);
});
