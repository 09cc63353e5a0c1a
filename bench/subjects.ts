// What is compared: the appliance, and plain Node-RED as its own launcher starts it, each in a folder of its own
// with the same flow and the same Node.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Paths below the root of the flows' endpoints. */
export const PING_PATH = '/ping';
export const CHAIN_PATH = '/chain';
const BURST = 3000;

const step = (id: string, func: string, next: string): object => ({
  ...{
    id,
    type: 'function',
    z: 'tab2',
    name: '',
    func,
    outputs: 1,
    timeout: '',
    noerr: 0,
    initialize: '',
    finalize: '',
  },
  ...{ libs: [], wires: [[next]] },
});

/** An endpoint that answers at once. */
export const PING_FLOW = [
  { id: 'tab1', type: 'tab', label: 'Ping' },
  { id: 'in1', type: 'http in', z: 'tab1', url: PING_PATH, method: 'get', wires: [['out1']] },
  { id: 'out1', type: 'http response', z: 'tab1', statusCode: '200', wires: [] },
];

/** One that sends a burst of messages through ten function nodes, and answers how long that took. */
const CHAIN_FLOW = [
  { id: 'tab2', type: 'tab', label: 'Chain' },
  { id: 'in2', type: 'http in', z: 'tab2', url: CHAIN_PATH, method: 'get', wires: [['s0']] },
  step(
    's0',
    `const started = Date.now();\nfor (let i = 1; i < ${BURST}; i++) node.send({ payload: i });\nmsg.started = started;\nmsg.payload = 0;\nreturn msg;`,
    's1',
  ),
  ...Array.from({ length: 9 }, (_, i) => step(`s${i + 1}`, 'msg.payload += 1;\nreturn msg;', `s${i + 2}`)),
  step(
    's10',
    `if (!msg.started) return null;\nmsg.payload = { messages: ${BURST}, ms: Date.now() - msg.started };\nreturn msg;`,
    'out2',
  ),
  { id: 'out2', type: 'http response', z: 'tab2', statusCode: '200', wires: [] },
];

export interface Subject {
  name: string;
  path: string;
  command(folder: string, port: number): { args: string[]; env: Record<string, string> };
}

const appliance: Subject = {
  name: 'redstart',
  path: `/api${PING_PATH}`,
  command: (folder, port) => ({
    args: [join(root, 'dist', 'server', 'main.js'), 'serve'],
    env: {
      PORT: String(port),
      REDSTART_DATA_DIR: join(folder, 'data'),
      REDSTART_FLOWS_DIR: join(folder, 'flows'),
      REDSTART_HTTP_AUTH: 'none',
      // Counted as ever, and never met: one address makes all the calls here.
      REDSTART_HTTP_RATE_LIMIT: '1000000000',
      REDSTART_ADMIN_PASSWORD: 'a long bench password',
      REDSTART_CREDENTIAL_SECRET: 'a long bench secret',
      TOWER_ACCESS_TOKEN: 'bench-token',
      TOWER_API_ENDPOINT: 'http://127.0.0.1:9',
    },
  }),
};

export const SUBJECTS = { appliance };

export interface Running {
  url: string;
  pid: number;
  startMs: number;
  rssMiB(): number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export function prepare(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redstart-bench-'));
  mkdirSync(join(folder, 'flows'));
  mkdirSync(join(folder, 'user'));
  writeFileSync(join(folder, 'flows', 'flows.json'), JSON.stringify([...PING_FLOW, ...CHAIN_FLOW]));
  return folder;
}

/** Starts a subject and waits until its flow answers. The folder may be used again: the first start is the cold one. */
export async function start(subject: Subject, folder: string, headers: Record<string, string> = {}): Promise<Running> {
  const port = await freePort();
  const { args, env } = subject.command(folder, port);
  const url = `http://127.0.0.1:${port}${subject.path}`;
  const from = performance.now();
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
  for (;;) {
    const answer = await fetch(url, { headers }).catch(() => null);
    if (answer?.status === 200) break;
    if (child.exitCode !== null) throw new Error(`${subject.name} ended with ${child.exitCode}:\n${output}`);
    if (performance.now() - from > 60_000) throw new Error(`${subject.name} is not ready after 60 s:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    url,
    pid: child.pid ?? 0,
    startMs: performance.now() - from,
    rssMiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));
