import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withReferences } from '../credential-references.ts';
import type { FlowNode } from '../flow-node.ts';
import { createFlowStore } from '../flow-store.ts';
import { splitExport } from '../layout/folder.ts';
import { createRefusedDeploys, REFUSED_DEPLOY_PATH } from './refused-deploys.ts';

const FLOW: FlowNode[] = [
  { id: 't', type: 'tab', label: 'Nightly' },
  { id: 'f', type: 'function', z: 't', name: 'Count', func: 'one();\ntwo();', x: 1, y: 2, wires: [] },
];
const CHANGED = FLOW.map((node) => (node.id === 'f' ? { ...node, func: 'one();\nthree();', x: 7 } : node));

let dir: string;
let url: string;
let time = 0;
const server = createServer();
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-refused-'));
  await splitExport(FLOW, dir);
  const flows = withReferences(
    createFlowStore({ dir, mode: 'readonly', removedDir: join(dir, '.removed'), managedNodes: [] }),
  );
  await flows.load();
  const refused = createRefusedDeploys({
    flows,
    limit: '100kb',
    message: 'Open a pull request.',
    userOf: (request) => request.get('user') ?? null,
    now: () => time,
  });
  const app = express().use(refused.download).use(refused.refuse);
  server.removeAllListeners('request').on('request', app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

const deploy = async (user: string, body: unknown, path = '/flows'): Promise<Response> =>
  await fetch(url + path, {
    method: 'POST',
    headers: { user, 'Content-Type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const download = async (user: string): Promise<Response> =>
  await fetch(url + REFUSED_DEPLOY_PATH, { headers: { user } });

it('refuses with the way in, and gives the attempt to its user as a patch that git applies', async () => {
  const answer = await deploy('ada', { flows: CHANGED, rev: 'x' });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('X-Redstart-Refused-Deploy')).toBe('2');
  expect(await answer.text()).toMatch(/^Open a pull request\. What you tried to deploy is kept/);
  expect((await download('eve')).status).toBe(404);

  const patch = await download('ada');
  expect(patch.headers.get('Content-Disposition')).toBe('attachment; filename="flows.patch"');
  const { status } = spawnSync('git', ['apply', '-'], { cwd: dir, input: await patch.text() });
  expect(status).toBe(0);
  expect(await readFile(join(dir, 'nightly/count.js'), 'utf8')).toBe('one();\nthree();\n');
  expect(await readFile(join(dir, 'nightly.json'), 'utf8')).toContain('["f", 7, 2]');
});

it('never has a credential in it', async () => {
  const secret = 'hunter2-hunter2';
  await deploy('ada', { flows: CHANGED.map((node) => ({ ...node, credentials: { password: secret } })) });
  expect(await (await download('ada')).text()).not.toContain(secret);
});

it('forgets after half an hour', async () => {
  await deploy('ada', CHANGED);
  expect((await download('ada')).status).toBe(200);
  time += 31 * 60_000;
  expect((await download('ada')).status).toBe(404);
});

it.each([
  ['what changes nothing', FLOW, '/flows'],
  ['what is no JSON', '{', '/flows'],
  ['what is no flow', [5], '/flows'],
  ['what is too long', JSON.stringify('x'.repeat(200_000)), '/flows'],
  ['a single flow', CHANGED, '/flow'],
])('keeps nothing of %s', async (_what, body, path) => {
  const answer = await deploy('ada', body, path);
  expect([answer.status, await answer.text()]).toEqual([403, 'Open a pull request.\n']);
  expect(answer.headers.has('X-Redstart-Refused-Deploy')).toBe(false);
  expect((await download('ada')).status).toBe(404);
});
