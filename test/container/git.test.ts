import { createHmac } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Container, runToEnd } from './support/container.ts';
import { buildImage, docker, noEngine, root, tryDocker } from './support/engine.ts';

const TOKEN = 'tok_6f2c09a1d4';
const WEBHOOK = 'a-secret-of-the-webhook';
const PASSWORD = 'six-swans-on-a-lake';
const NETWORK = `redstart-git-${process.pid}`;
const SERVER = `${NETWORK}-server`;

/** A tab that answers GET /<name> with `text`, and with how often it has begun. */
const answering = (name: string, text: string): object[] => [
  { id: `${name}-tab`, type: 'tab', label: name },
  { id: `${name}-in`, type: 'http in', z: `${name}-tab`, url: `/${name}`, method: 'get', wires: [[`${name}-f`]] },
  {
    id: `${name}-f`,
    type: 'function',
    z: `${name}-tab`,
    func: `msg.payload = ${JSON.stringify(text)} + flow.get('starts');\nreturn msg;`,
    initialize: "flow.set('starts', (flow.get('starts') ?? 0) + 1);",
    outputs: 1,
    wires: [[`${name}-out`]],
  },
  { id: `${name}-out`, type: 'http response', z: `${name}-tab`, wires: [] },
];

describe.skipIf(noEngine !== null)('flows from git, in a container of the image', () => {
  const shared = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  const write = (name: string, content: unknown): void =>
    writeFileSync(join(shared, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2), {
      mode: 0o644,
    });
  const common = ['--network', NETWORK, '--init', '--volume', `${shared}:/etc/git:ro`];
  const readonly = {
    REDSTART_SIMULATOR: 'true',
    REDSTART_GIT_INTERVAL: '86400',
    REDSTART_GIT_WEBHOOK_SECRET: WEBHOOK,
    REDSTART_HTTP_AUTH: 'none',
  };
  const ssh = {
    ...readonly,
    REDSTART_GIT_URL: 'git@git-server:/srv/flows.git',
    REDSTART_GIT_SSH_KEY_FILE: '/etc/git/deploy',
    REDSTART_GIT_KNOWN_HOSTS_FILE: '/etc/git/known_hosts',
  };
  const https = {
    ...readonly,
    REDSTART_GIT_URL: 'https://git-server/flows.git',
    REDSTART_GIT_TOKEN_FILE: '/etc/git/token',
    NODE_EXTRA_CA_CERTS: '/etc/git/tls.pem',
  };
  const rehearsal = (payload: string): string =>
    `rehearsals:\n  - name: one\n    steps:\n      - request: GET /one\n        answer: { body: ${payload} }\n`;
  /** In the checkout at the git host. */
  const atHost = (line: string): string => docker('exec', '--workdir', '/work', SERVER, 'sh', '-ec', line);
  /** @returns the commit */
  const push = (files: Record<string, unknown>): string => {
    for (const [name, content] of Object.entries(files)) write(name, content);
    const names = Object.keys(files);
    return atHost(
      `git pull --quiet; cp ${names.map((name) => `/shared/${name}`).join(' ')} .; git add -A; git commit --quiet -m change; git push --quiet origin main; git rev-parse HEAD`,
    );
  };
  const told = async (container: Container): Promise<void> => {
    const body = '{}';
    const signature = createHmac('sha256', WEBHOOK).update(body).digest('hex');
    const headers = { 'X-Hub-Signature-256': `sha256=${signature}`, 'Content-Type': 'application/json' };
    expect(await container.request('/_redstart/git', { method: 'POST', body, headers })).toMatchObject({ status: 202 });
  };
  const says = (container: Container, wanted: string) =>
    expect.poll(() => container.logs, { timeout: 20_000, interval: 100 }).toContain(wanted);
  const inForce = (commit: string): string => `flows of revision ${commit.slice(0, 10)} are in force`;
  const ask = async (container: Container, name: string) => (await container.request(`/api/${name}`)).text;

  beforeAll(async () => {
    buildImage();
    docker('build', '--quiet', '--tag', 'redstart:test-git-server', join(root, 'test/container/support/git-server'));
    chmodSync(shared, 0o755);
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'git-server' }], {
      keyType: 'ec',
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'git-server' }] },
      ],
    });
    write('tls.key', key);
    write('tls.pem', cert);
    write('token', `${TOKEN}\n`);
    write('wrong-token', 'tok_of_somebody_else\n');
    write('one.json', answering('one', 'first '));
    write('two.json', answering('two', 'first '));
    write('one.flowtest.yaml', rehearsal('/ 1$/'));
    docker('network', 'create', NETWORK);
    const server = ['--network', NETWORK, '--network-alias', 'git-server', '--env', `TOKEN=${TOKEN}`];
    docker('run', '--detach', '--name', SERVER, ...server, '--volume', `${shared}:/shared`, 'redstart:test-git-server');
    await vi.waitFor(() => expect(tryDocker('logs', SERVER).output).toContain('ready'), { timeout: 20_000 });
  });
  afterAll(() => {
    tryDocker('rm', '--force', '--volumes', SERVER);
    tryDocker('network', 'rm', NETWORK);
    rmSync(shared, { recursive: true, force: true });
  });

  it('over ssh with a deploy key: a push is in force, only its flow begins anew, failed rehearsals keep it out', async () => {
    await using container = await Container.start({ options: common, env: { ...ssh, REDSTART_GIT_REHEARSE: 'true' } });
    expect(container.logs).toContain('runs under the permission model');
    expect([await ask(container, 'one'), await ask(container, 'two')]).toEqual(['first 1', 'first 1']);
    const second = push({ 'one.json': answering('one', 'second ') });
    await told(container);
    await says(container, inForce(second));
    expect([await ask(container, 'one'), await ask(container, 'two')]).toEqual(['second 2', 'first 1']);

    push({ 'one.flowtest.yaml': rehearsal('never 1') });
    await told(container);
    await says(container, 'GIT_REHEARSAL_FAILED');
    const mended = push({ 'one.json': answering('one', 'third '), 'one.flowtest.yaml': rehearsal('third 1') });
    await told(container);
    await says(container, inForce(mended));
    expect([await ask(container, 'one'), await ask(container, 'two')]).toEqual(['third 3', 'first 1']);
    container.stop();
    expect(container.exitCode).toBe(0);
  });

  it('over https with a token: followed, and a deploy is pushed in the name of who made it', async () => {
    await using container = await Container.start({
      options: common,
      env: {
        ...https,
        REDSTART_ADMIN_PASSWORD: PASSWORD,
        REDSTART_FLOWS_MODE: 'editable',
        REDSTART_GIT_PUSH: 'from-the-editor',
      },
    });
    const second = push({ 'two.json': answering('two', 'second ') });
    await told(container);
    await says(container, inForce(second));
    expect(await ask(container, 'two')).toBe('second 2');

    const json = { 'content-type': 'application/json', accept: 'application/json' };
    const grant = { client_id: 'node-red-editor', grant_type: 'password', scope: '*', username: 'admin' };
    const body = JSON.stringify({ ...grant, password: PASSWORD });
    const signedIn = await container.request('/editor/auth/token', { method: 'POST', headers: json, body });
    const headers = { ...json, authorization: `Bearer ${JSON.parse(signedIn.text).access_token}` };
    const flows = JSON.parse((await container.request('/editor/flows', { headers })).text) as object[];
    const deploy = JSON.stringify([...flows, { id: 'new', type: 'tab', label: 'New one' }]);
    expect(await container.request('/editor/flows', { method: 'POST', headers, body: deploy })).toMatchObject({
      status: 204,
    });
    await says(container, 'deploy pushed to branch');
    expect(atHost('git fetch --quiet; git log -1 --format="%an %s" origin/from-the-editor')).toMatch(
      /^admin Deploy: .*new-one\.json/,
    );
    // Neither what it wrote nor what it keeps has the token.
    expect(container.logs).not.toContain(TOKEN);
    expect(container.exec('grep', '-rl', TOKEN, '/data').output).toBe('');
  });

  it.each([
    [
      'a key that the server does not know',
      { ...ssh, REDSTART_GIT_SSH_KEY_FILE: '/etc/git/other' },
      'GIT_ACCESS_DENIED',
      77,
    ],
    [
      'a server with another host key',
      { ...ssh, REDSTART_GIT_KNOWN_HOSTS_FILE: '/etc/git/wrong_hosts' },
      'GIT_HOST_UNKNOWN',
      78,
    ],
    ['a token that is wrong', { ...https, REDSTART_GIT_TOKEN_FILE: '/etc/git/wrong-token' }, 'GIT_ACCESS_DENIED', 77],
    ['a certificate of nobody that is trusted', { ...https, NODE_EXTRA_CA_CERTS: '' }, 'GIT_CERTIFICATE_UNTRUSTED', 78],
  ])('%s: refused, with the code', (_what, env, code, exit) => {
    const { status, output } = runToEnd({ options: common, env });
    expect(output).toMatch(new RegExp(`^${code}: `, 'm'));
    expect(status).toBe(exit);
  });
});
