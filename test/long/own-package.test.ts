import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { Collector } from '../support/collector.ts';
import { type FlowNode, report } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { platform, TOKEN, WORKSPACE } from '../support/platform.ts';

// The node pack outside the appliance: packed as for a registry, installed with npm into Node-RED as its users have it.

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);
const npm = (folder: string, ...args: string[]) =>
  run('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, maxBuffer: 16 * 1024 * 1024 });

const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface NodeSet {
  id: string;
  types: string[];
  enabled: boolean;
  err?: string;
}

/** @returns the file that npm would publish */
async function pack(folder: string): Promise<string> {
  const { stdout } = await npm(join(root, 'nodes'), 'pack', '--json', '--pack-destination', folder);
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  const paths = (packed?.files ?? []).map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'examples/launch-and-follow.json']));
  expect(paths.filter((path) => /\.test\.|\.ts$|tsconfig|testing\//.test(path))).toEqual([]);
  const file = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (!file) throw new Error('npm packed nothing');
  return join(folder, file);
}

/** Starts the installed Node-RED with its folder as its user directory, and waits until its admin API answers. */
async function start(folder: string): Promise<{ url: string; output: () => string; stop(): Promise<void> }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const red = join(folder, 'node_modules', 'node-red', 'red.js');
  const child = spawn(process.execPath, [red, '--userDir', folder, '--port', String(port)], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, NODE_RED_DISABLE_TELEMETRY: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
  for (const deadline = Date.now() + 60_000; ; ) {
    if ((await fetch(`${url}/settings`).catch(() => null))?.ok) break;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`Node-RED did not start:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { url, output: () => output, stop };
}

const ask = async (url: string, init: RequestInit = {}): Promise<unknown> => {
  const answer = await fetch(url, {
    ...init,
    headers: { accept: 'application/json', 'content-type': 'application/json', 'node-red-api-version': 'v2' },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text}`);
  return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text;
};

/** The example with a connection, and with its debug nodes sending to the collector. */
function example(collector: Collector, baseUrl: string): FlowNode[] {
  const file = join(root, 'nodes', 'examples', 'launch-and-follow.json');
  const flow = JSON.parse(readFileSync(file, 'utf8')) as FlowNode[];
  const tab = flow.find(({ type }) => type === 'tab')?.id;
  const added: FlowNode[] = [];
  for (const node of flow) {
    if (node.type.startsWith('seqera-')) node.seqera = 'c0nnect10n';
    if ('poll' in node) node.poll = 0.5;
    if (node.type !== 'debug') continue;
    const tap = report(collector.url, `/${encodeURIComponent(String(node.name))}`, ['payload', 'workflowId', 'error']);
    Object.assign(node, { type: 'junction', wires: [[tap[0]?.id]] });
    added.push(...tap.map((each) => ({ ...each, z: tab })));
  }
  const connection = {
    id: 'c0nnect10n',
    type: 'seqera-config',
    name: 'simulator',
    baseUrl,
    workspaceId: WORKSPACE,
    credentials: { token: TOKEN },
  };
  return [...flow, ...added, connection];
}

describe('the pack as a package of its own', () => {
  it.each(['4.1', '5.0.7'])('installs into Node-RED %s, and runs its example there', async (version) => {
    const userDir = temporaryFolder();
    const tarball = await pack(userDir);
    writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'stock', private: true }));
    await npm(userDir, 'install', `node-red@${version}`, tarball);

    const simulator = await platform({ speed: 10 });
    await using collector = await Collector.listen();
    const red = await start(userDir);
    const sets = ((await ask(`${red.url}/nodes`)) as NodeSet[]).filter(({ id }) => id.includes('node-red-seqera'));
    const manifest = JSON.parse(readFileSync(join(root, 'nodes', 'package.json'), 'utf8')) as {
      'node-red': { nodes: object };
    };
    expect(sets.flatMap(({ types }) => types).sort()).toEqual(Object.keys(manifest['node-red'].nodes).sort());
    expect(sets.filter(({ err, enabled }) => err || !enabled)).toEqual([]);

    const flow = example(collector, simulator.url);
    await ask(`${red.url}/flows`, { method: 'POST', body: JSON.stringify({ flows: flow }) });
    const inject = flow.find(({ type }) => type === 'inject')?.id;
    // A deploy is answered before its nodes are there.
    const press = () => ask(`${red.url}/inject/${inject}`, { method: 'POST', body: '{}' });
    await expect.poll(() => press().then(() => 'pressed', String), { timeout: 30_000, interval: 100 }).toBe('pressed');
    await collector.until(() => collector.on('/succeeded').length > 0);
    expect(collector.on('/succeeded')).toMatchObject([
      { workflowId: simulator.runs[0]?.id, payload: { workflow: { status: 'SUCCEEDED' } } },
    ]);
    expect(collector.on('/each%20check').length).toBeGreaterThan(0);
    expect(collector.on('/errors')).toEqual([]);
    expect(simulator.runs).toHaveLength(1);
    expect(red.output()).not.toContain(TOKEN);
    await red.stop();
    await simulator.close();
  });
});
