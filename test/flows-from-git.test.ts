import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { receiver } from '../server/notifications/testing/receiver.ts';
import { Appliance } from './support/appliance.ts';
import { EditorSession, withEditor } from './support/editor.ts';
import { type FlowNode, node, tab, wire } from './support/flows.ts';
import { temporaryFolder } from './support/folder.ts';

const SECRET = 'a-secret-of-the-webhook';

/** A repository on disk, and a checkout of it. */
function repository(folder: string) {
  const [origin, work] = [join(folder, 'origin.git'), join(folder, 'work')];
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-C', work, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
    }).trim();
  mkdirSync(work);
  execFileSync('git', ['init', '--bare', '--quiet', '-b', 'main', origin]);
  git('init', '--quiet', '-b', 'main');
  git('remote', 'add', 'origin', origin);
  return {
    origin,
    git,
    /** @returns the commit */
    push(files: Record<string, unknown>): string {
      for (const [name, content] of Object.entries(files))
        writeFileSync(join(work, name), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
      git('add', '-A');
      git('commit', '--quiet', '-m', 'change');
      git('push', '--quiet', 'origin', 'HEAD:main');
      return git('rev-parse', 'HEAD');
    },
  };
}

/** By the webhook, as a git host does. */
async function told(appliance: Appliance): Promise<void> {
  const body = '{}';
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const headers = { 'X-Hub-Signature-256': `sha256=${signature}`, 'Content-Type': 'application/json' };
  expect((await appliance.fetch('/_redstart/git', { method: 'POST', body, headers })).status).toBe(202);
}

/** A tab that answers GET /<name> with `text`, and with how often it has begun. */
const counter = (name: string, text: string): object[] => [
  { id: `${name}-tab`, type: 'tab', label: name },
  {
    id: `${name}-in`,
    type: 'http in',
    z: `${name}-tab`,
    url: `/${name}`,
    method: 'get',
    x: 100,
    y: 100,
    wires: [[`${name}-f`]],
  },
  {
    id: `${name}-f`,
    type: 'function',
    z: `${name}-tab`,
    func: `msg.payload = {\n  text: ${JSON.stringify(text)},\n  starts: flow.get('starts'),\n};\nreturn msg;`,
    initialize: "flow.set('starts', (flow.get('starts') ?? 0) + 1);",
    outputs: 1,
    x: 300,
    y: 100,
    wires: [[`${name}-out`]],
  },
  { id: `${name}-out`, type: 'http response', z: `${name}-tab`, x: 500, y: 100, wires: [] },
];

it('follows a branch: only flows that changed begin anew, and what is wrong changes nothing', async () => {
  const folder = temporaryFolder();
  const { origin, push } = repository(folder);
  push({ 'one.json': counter('one', 'first'), 'two.json': counter('two', 'first') });
  const env = {
    ...withEditor,
    REDSTART_GIT_URL: origin,
    REDSTART_GIT_INTERVAL: '3600',
    REDSTART_GIT_WEBHOOK_SECRET: SECRET,
    REDSTART_HTTP_AUTH: 'none',
    FLOW_TEST: 'x',
    REDSTART_SECRETS_DIR: join(folder, 'secrets'),
  };
  mkdirSync(env.REDSTART_SECRETS_DIR);
  for (const secret of ['alpha', 'beta'])
    writeFileSync(join(env.REDSTART_SECRETS_DIR, secret), `the-long-secret-${secret}\n`, { mode: 0o600 });
  {
    await using appliance = await Appliance.start({ folder, env });
    const ask = async (name: string): Promise<unknown> => await (await appliance.fetch(`/api/${name}`)).json();
    expect((await appliance.fetch('/_redstart/git', { method: 'POST', body: '{}' })).status).toBe(401);
    expect(await ask('one')).toEqual({ text: 'first', starts: 1 });
    expect(await ask('two')).toEqual({ text: 'first', starts: 1 });

    const second = push({ 'one.json': counter('one', 'second') });
    await told(appliance);
    await appliance.until(
      () => appliance.output.includes(`flows of revision ${second.slice(0, 10)} are in force`),
      'revision',
    );
    expect(await ask('one')).toEqual({ text: 'second', starts: 2 });
    expect(await ask('two')).toEqual({ text: 'first', starts: 1 });

    // References to secrets are no part of what Node-RED compares.
    const hook = (secret: string): Record<string, unknown> => ({
      'hook.json': [
        { id: 'hook-tab', type: 'tab', label: 'hook' },
        {
          ...{ id: 'hook-in', type: 'redstart-webhook-in', z: 'hook-tab', path: '/hook', scheme: 'github', x: 1, y: 1 },
          ...{ wires: [['hook-out']], credentials: { secret: `secret:${secret}` } },
        },
        { id: 'hook-out', type: 'http response', z: 'hook-tab', x: 2, y: 1, wires: [] },
      ],
    });
    const sent = async (secret: string): Promise<number> => {
      const body = JSON.stringify({ nonce: Math.random() });
      const headers = { 'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` };
      return (await appliance.fetch('/api/hook', { method: 'POST', body, headers })).status;
    };
    for (const secret of ['alpha', 'beta']) {
      const revision = push(hook(secret));
      await told(appliance);
      await appliance.until(() => appliance.output.includes(`flows of revision ${revision.slice(0, 10)} are`), secret);
      expect(await sent(`the-long-secret-${secret}`)).toBe(200);
      expect(await sent('the-long-secret-alpha')).toBe(secret === 'alpha' ? 200 : 401);
    }
    const starts = ((await ask('one')) as { starts: number }).starts;

    push({
      'one.json': [...counter('one', 'third'), { id: 'x', type: 'no-such-type', z: 'one-tab', x: 1, y: 1, wires: [] }],
    });
    await told(appliance);
    await appliance.until(() => appliance.output.includes('GIT_FLOWS_INVALID'), 'refusal');
    expect(await ask('one')).toEqual({ text: 'second', starts });

    // Read-only, as nothing says otherwise: what is tried in the editor comes back as a patch.
    const session = await EditorSession.signIn(appliance);
    const flows = await session.flows();
    const deploy = flows.map((node) => (node.id === 'two-tab' ? { ...node, label: 'renamed' } : node));
    const refused = await session.call('POST', '/flows', deploy);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain(`Open a pull request for "main" of ${origin}`);
    const patch = await session.call('GET', '/redstart/refused-deploy');
    expect(patch.text).toMatch(/^-.*"label": "two"/m);
    expect(patch.text).toMatch(/^\+.*"label": "renamed"/m);
    expect(await appliance.stop()).toBe(0);
  }
  renameSync(origin, `${origin}.away`);
  await using again = await Appliance.start({ folder, env });
  expect(await (await again.fetch('/api/one')).json()).toMatchObject({ text: 'second' });
  await again.until(() => again.output.includes('GIT_UNREACHABLE'), 'the missing repository in the log');
  expect((await again.fetch('/readyz')).status).toBe(200);
  const trail = readFileSync(join(folder, 'data', 'audit', 'audit.jsonl'), 'utf8');
  for (const outcome of ['applied', 'refused']) expect(trail).toContain(`"outcome":"${outcome}"`);
});

it('pushes a deploy in the name of who deployed; names stand for what they do in this environment', async () => {
  const folder = temporaryFolder();
  const { origin, push, git } = repository(folder);
  const name = (of: string): string => `\${${of}}`;
  const answers = [
    ...tab([
      { ...wire(node('http in', { id: 'in', url: '/name', method: 'get' }), [{ id: 'as' } as FlowNode]) },
      { ...wire(node('template', { id: 'as', template: name('pipeline:qc') }), [{ id: 'out' } as FlowNode]) },
      node('http response', { id: 'out' }),
    ]),
  ];
  // JSON is YAML.
  push({ 'one.json': answers, 'redstart.yaml': { environments: { staging: { pipelines: { qc: 'rnaseq-small' } } } } });
  await using appliance = await Appliance.start({
    folder,
    env: {
      ...withEditor,
      REDSTART_GIT_URL: origin,
      REDSTART_GIT_PUSH: 'main',
      REDSTART_HTTP_AUTH: 'none',
      REDSTART_ENVIRONMENT: 'staging',
    },
  });
  expect(await (await appliance.fetch('/api/name')).text()).toBe('rnaseq-small');
  const session = await EditorSession.signIn(appliance);
  const flows = await session.flows();
  expect(flows.find(({ id }) => id === 'as')?.template).toBe(name('pipeline:qc'));
  const answer = await session.call('POST', '/flows', [...flows, { id: 'new', type: 'tab', label: 'New one' }]);
  expect(answer.status).toBe(204);
  await appliance.until(() => appliance.output.includes('deploy pushed to branch'), 'the push');
  git('fetch', '--quiet', 'origin');
  expect(git('log', '-1', '--format=%an %s', 'origin/main')).toMatch(/^admin Deploy: .*new-one\.json/);
  expect(JSON.parse(git('show', 'origin/main:new-one.json'))).toMatchObject({ flow: { id: 'new', label: 'New one' } });
});

it('rehearses a revision before it is in force, under the permission model too', async () => {
  const folder = temporaryFolder();
  const { origin, push } = repository(folder);
  const rehearsal = (wanted: string): string =>
    `rehearsals:\n  - name: answers\n    steps:\n      - request: GET /one\n        answer: { body: { text: ${wanted} } }\n`;
  push({ 'one.json': counter('one', 'first'), 'one.flowtest.yaml': rehearsal('first') });
  await using notified = await receiver();
  const notices = () => notified.received.map(({ body }) => body);
  await using appliance = await Appliance.start({
    folder,
    args: ['serve', '--permission'],
    env: {
      REDSTART_GIT_URL: origin,
      REDSTART_GIT_INTERVAL: '3600',
      REDSTART_GIT_WEBHOOK_SECRET: SECRET,
      REDSTART_GIT_REHEARSE: 'true',
      REDSTART_NOTIFY_URL: notified.url,
      REDSTART_HTTP_AUTH: 'none',
      FLOW_TEST: 'x',
    },
  });
  expect(appliance.output).toContain('runs under the permission model');
  push({ 'one.json': counter('one', 'second') });
  await told(appliance);
  await appliance.until(() => appliance.output.includes('GIT_REHEARSAL_FAILED'), 'refusal');
  const refused = appliance.lines.find(({ code }) => code === 'GIT_REHEARSAL_FAILED');
  expect(refused?.msg).toMatch(/✗ answers .*\bfirst\b.*\bsecond\b/);
  expect(refused?.msg).toContain('one.flowtest.yaml:');
  expect(await (await appliance.fetch('/api/one')).json()).toEqual({ text: 'first', starts: 1 });
  await expect.poll(notices, { timeout: 20_000 }).toEqual([expect.stringMatching(/"failure".*GIT_REHEARSAL_FAILED/)]);
  const mended = push({ 'one.flowtest.yaml': rehearsal('second') });
  await told(appliance);
  await appliance.until(
    () => appliance.output.includes(`flows of revision ${mended.slice(0, 10)} are in force`),
    'revision',
  );
  expect(await (await appliance.fetch('/api/one')).json()).toEqual({ text: 'second', starts: 2 });
  await expect
    .poll(() => notices().slice(1), { timeout: 20_000 })
    .toEqual([expect.stringContaining(`Revision ${mended.slice(0, 12)} is in force.`)]);
  expect(await appliance.stop()).toBe(0);
});
