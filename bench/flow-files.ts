// Flow files of 10,000 nodes in 100 tabs, every third a function whose code is a file of its own: split, join, and a new
// revision from git that changes one flow while all of them run. Another flow is asked all the time: the longest
// answer is how long the others were kept waiting.
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FlowNode } from '../server/flows/flow-node.ts';
import { joinFolder, splitExport } from '../server/flows/layout/folder.ts';
import { median, round } from './subjects.ts';

const TABS = 100;
const NODES = Number(process.env.NODES ?? 10_000);
const RUNS = Number(process.env.RUNS ?? 5);
const SECRET = 'a long bench secret';
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'redstart-bench-'));

function flows(marker: string): FlowNode[] {
  const nodes: FlowNode[] = [];
  for (let tab = 0; tab < TABS; tab++) {
    const z = `tab${tab}`;
    nodes.push({ id: z, type: 'tab', label: `Flow ${tab}`, info: 'One of many.\nNothing in it runs by itself.' });
    for (let n = 0; n < NODES / TABS - 1; n++) {
      const common = {
        z,
        x: 100 + (n % 10) * 150,
        y: 50 + Math.floor(n / 10) * 60,
        wires: n === NODES / TABS - 2 ? [[]] : [[`${z}-n${n + 1}`]],
      };
      const id = `${z}-n${n}`;
      if (n % 3 === 0) {
        const mark = tab === 0 && n === 0 ? marker : 'same';
        const func = `// ${mark}\nconst value = msg.payload;\nmsg.payload = { value, step: ${n} };\nreturn msg;`;
        nodes.push({ id, type: 'function', name: `Step ${n}`, func, outputs: 1, ...common });
      } else if (n % 3 === 1)
        nodes.push({
          id,
          type: 'change',
          name: '',
          rules: [{ t: 'set', p: 'a', pt: 'msg', to: String(n), tot: 'num' }],
          ...common,
        });
      else
        nodes.push({
          id,
          type: 'switch',
          name: '',
          property: 'payload',
          propertyType: 'msg',
          rules: [{ t: 'nempty' }],
          ...common,
        });
    }
  }
  const last = `tab${TABS - 1}`;
  nodes.push(
    { id: 'ping-in', type: 'http in', z: last, url: '/ping', method: 'get', x: 1, y: 1, wires: [['ping-out']] },
    { id: 'ping-out', type: 'http response', z: last, x: 2, y: 1, wires: [] },
  );
  return nodes;
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const from = performance.now();
  const result = await work();
  return [result, performance.now() - from];
}

const nodes = flows('first');
const times = { split: [] as number[], splitOne: [] as number[], join: [] as number[] };
for (let run = 0; run < RUNS; run++) {
  const dir = join(folder, `split-${run}`);
  times.split.push((await timed(() => splitExport(nodes, dir)))[1]);
  const [back, join_] = await timed(() => joinFolder(dir));
  if (back.length !== nodes.length) throw new Error('nodes were lost');
  times.join.push(join_);
  const [changes, one] = await timed(() => splitExport(flows('second'), dir));
  if (changes.length !== 1) throw new Error(`${changes.length} files changed`);
  times.splitOne.push(one);
  rmSync(dir, { recursive: true });
}

const [origin, work] = [join(folder, 'origin.git'), join(folder, 'work')];
mkdirSync(work);
execFileSync('git', ['init', '--quiet', '--bare', '-b', 'main', origin]);
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', work, '-c', 'user.name=b', '-c', 'user.email=b@x', ...args], { encoding: 'utf8' }).trim();
git('init', '--quiet', '-b', 'main');
async function push(marker: string): Promise<string> {
  await splitExport(flows(marker), work);
  git('add', '-A');
  git('commit', '--quiet', '-m', marker);
  git('push', '--quiet', origin, 'HEAD:main');
  return git('rev-parse', 'HEAD').slice(0, 10);
}
await push('first');

const child = spawn(process.execPath, [join(root, 'dist/server/main.js'), 'serve'], {
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    PATH: process.env.PATH,
    PORT: '0',
    REDSTART_DATA_DIR: join(folder, 'data'),
    REDSTART_GIT_URL: origin,
    REDSTART_GIT_INTERVAL: '86400',
    REDSTART_GIT_WEBHOOK_SECRET: SECRET,
    REDSTART_HTTP_AUTH: 'none',
    REDSTART_HTTP_RATE_LIMIT: '1000000',
  },
});
const waiting = new Map<(line: Record<string, unknown>) => boolean, (line: Record<string, unknown>) => void>();
createInterface({ input: child.stdout }).on('line', (text) => {
  if (!text.startsWith('{')) return;
  const line = JSON.parse(text) as Record<string, unknown>;
  for (const [wanted, resolve] of waiting) {
    if (!wanted(line)) continue;
    waiting.delete(wanted);
    resolve(line);
  }
});
const logged = (wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> =>
  new Promise((resolve) => waiting.set(wanted, resolve));
const url = String((await logged(({ msg }) => msg === 'ready')).url);

/** Seconds of a processor that it took so far: unlike the clock, no matter what else the machine does. */
const cpuSeconds = (): number => {
  // After the name, which may hold anything: state is field 3, the times are fields 14 and 15, in hundredths.
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

const cpu: number[] = [];
const applies: number[] = [];
const deploys: number[] = [];
const waits: number[] = [];
let stopped = false;
const asking = (async () => {
  while (!stopped) {
    const [answer, took] = await timed(() => fetch(`${url}/api/ping`));
    if (!answer.ok) throw new Error(`another flow answered ${answer.status}`);
    waits.push(took);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
})();
const worst: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const revision = await push(`run ${run}`);
  waits.length = 0;
  let loaded = 0;
  const started = logged(({ msg }) => msg === 'flows started').then(() => {
    loaded = performance.now();
  });
  const done = logged(({ msg }) => msg === `flows of revision ${revision} are in force`);
  const body = '{}';
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  const [from, used] = [performance.now(), cpuSeconds()];
  await fetch(`${url}/_redstart/git`, {
    method: 'POST',
    body,
    headers: { 'X-Hub-Signature-256': `sha256=${signature}` },
  });
  await Promise.all([started, done]);
  applies.push(performance.now() - from);
  cpu.push((cpuSeconds() - used) * 1000);
  deploys.push(loaded - from);
  worst.push(Math.max(...waits));
}
stopped = true;
await asking;
child.kill('SIGTERM');
await new Promise((resolve) => child.once('close', resolve));
rmSync(folder, { recursive: true, force: true });
console.log(
  JSON.stringify({
    bench: 'flow-files',
    nodes: nodes.length,
    runs: RUNS,
    splitMs: round(median(times.split), 0),
    splitOneFlowMs: round(median(times.splitOne), 0),
    joinMs: round(median(times.join), 0),
    webhookToInForceMs: round(median(applies), 0),
    ofWhichProcessorMs: round(median(cpu), 0),
    otherFlowsWaitedMs: round(median(worst), 0),
    goals: { splitMs: '< 1000', joinMs: '< 1000', webhookToInForceMs: '< 500', otherFlows: 'not interrupted' },
  }),
);
