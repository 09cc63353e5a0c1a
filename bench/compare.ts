// Redstart beside plain Node-RED 5 with the Seqera nodes installed in its user folder, as its command starts it: start until a
// flow answers, resident memory after 10 s idle, requests/s of `http in → http response`, messages/s through a chain of ten
// function nodes. Each in an installation of its own: what one tree of packages happens to share must not help either. With what
// each figure would be at the limit: Node.js alone, and Express alone. Interleaved; medians of RUNS warm runs. Needs the npm
// registry, for the installations.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { CHAIN_PATH, median, PING_PATH, prepare, remove, round, SUBJECTS, type Subject, start } from './subjects.ts';

const RUNS = Number(process.env.RUNS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 5);
const IDLE_MS = Number(process.env.IDLE_MS ?? 10_000);
const BURSTS = 8;

const root = join(import.meta.dirname, '..');
const place = mkdtempSync(join(tmpdir(), 'redstart-compare-'));
const npm = (cwd: string, ...args: string[]): string =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** The program as its image has it: built, with what runs and nothing else. */
function installRedstart(): string {
  const dir = join(place, 'redstart');
  for (const name of [
    'package.json',
    'package-lock.json',
    'dist',
    'flows',
    'nodes/package.json',
    'nodes/dist',
    'nodes/resources',
  ])
    cpSync(join(root, name), join(dir, name), { recursive: true });
  npm(dir, 'ci', '--omit=dev', '--ignore-scripts');
  return join(dir, 'dist', 'server', 'main.js');
}

/** Plain Node-RED of the same version, and a user folder with the nodes. */
function installNodeRed(): { red: string; nodes: string } {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const dir = join(place, 'node-red');
  mkdirSync(dir);
  writeFileSync(join(dir, 'package.json'), '{"name":"plain","private":true}');
  npm(dir, 'install', `node-red@${dependencies['node-red']}`);
  const user = join(place, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{"name":"user","private":true}');
  const [packed = ''] = npm(join(root, 'nodes'), 'pack', '--pack-destination', place).trim().split('\n').slice(-1);
  npm(user, 'install', join(place, packed));
  return { red: join(dir, 'node_modules', 'node-red', 'red.js'), nodes: user };
}

const program = installRedstart();
const { red, nodes } = installNodeRed();

const redstart: Subject = {
  ...SUBJECTS.appliance,
  command(folder, port) {
    const { args, env } = SUBJECTS.appliance.command(folder, port);
    return { args: [program, ...args.slice(1)], env };
  },
};
const nodeRed: Subject = {
  name: 'node-red',
  path: PING_PATH,
  command: (folder, port) => ({
    args: [red, '-u', join(folder, 'user'), '-p', String(port), join(folder, 'flows', 'flows.json')],
    env: { NODE_RED_DISABLE_TELEMETRY: '1' },
  }),
};
const bare = (name: string, code: string): Subject => ({
  name,
  path: PING_PATH,
  command: (folder, port) => {
    const file = join(folder, `${name}.cjs`);
    writeFileSync(file, code);
    return { args: [file, String(port)], env: { NODE_PATH: join(place, 'node-red', 'node_modules') } };
  },
});
const LIMITS = {
  node: bare(
    'node',
    `require('node:http').createServer((req, res) => res.end('{}')).listen(process.argv[2], '127.0.0.1');`,
  ),
  express: bare(
    'express',
    `const app = require('express')(); app.get('/ping', (req, res) => res.json({})); app.listen(process.argv[2], '127.0.0.1');`,
  ),
};

const subjects = [redstart, nodeRed, LIMITS.node, LIMITS.express].map((subject) => {
  const folder = prepare();
  if (subject === nodeRed) cpSync(nodes, join(folder, 'user'), { recursive: true });
  return {
    subject,
    folder,
    start: [] as number[],
    rss: [] as number[],
    requests: [] as number[],
    messages: [] as number[],
  };
});

for (let run = 0; run <= RUNS; run += 1) {
  for (const figures of subjects) {
    const { subject, folder } = figures;
    const running = await start(subject, folder);
    // The first start of each makes its folders and caches: it is not counted.
    if (run > 0) {
      figures.start.push(running.startMs);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      figures.rss.push(running.rssMiB());
      await autocannon({ url: running.url, connections: 20, duration: 2 });
      const { requests, non2xx, errors } = await autocannon({ url: running.url, connections: 20, duration: SECONDS });
      if (non2xx > 0 || errors > 0) throw new Error(`${subject.name}: ${non2xx} refusals, ${errors} errors`);
      figures.requests.push(requests.average);
      if (subject === redstart || subject === nodeRed) figures.messages.push(await messageRate(running.url));
    }
    await running.stop();
  }
}
for (const { folder } of subjects) remove(folder);
remove(place);

/** Of messages a second, as the flow itself counts; the first bursts warm it up. */
async function messageRate(url: string): Promise<number> {
  const rates: number[] = [];
  for (let burst = 0; burst < BURSTS * 2; burst += 1) {
    const answer = await fetch(url.replace(PING_PATH, CHAIN_PATH));
    const { messages, ms } = (await answer.json()) as { messages: number; ms: number };
    if (burst >= BURSTS) rates.push((messages / ms) * 1000);
  }
  return median(rates);
}

const [ours, theirs, node, express] = subjects.map(({ subject, ...figures }) => ({
  name: subject.name,
  startMs: round(median(figures.start), 0),
  rssMiB: round(median(figures.rss), 1),
  requestsPerSecond: round(median(figures.requests), 0),
  ...(figures.messages.length > 0 && { messagesPerSecond: round(median(figures.messages), 0) }),
}));
if (!ours || !theirs || !node || !express) throw new Error('four subjects are compared');
const ratios = {
  start: round(ours.startMs / theirs.startMs),
  memory: round(ours.rssMiB / theirs.rssMiB),
  requests: round(ours.requestsPerSecond / theirs.requestsPerSecond),
  messages: round((ours.messagesPerSecond ?? 0) / (theirs.messagesPerSecond ?? Number.NaN)),
};
console.table([ours, theirs, node, express]);
console.log(
  JSON.stringify({
    bench: 'compare',
    runs: RUNS,
    figures: [ours, theirs],
    limits: [node, express],
    ratios,
    goals: { start: '<= 0.7', memory: '<= 0.9', requests: '>= 1.0', messages: '>= 1.0' },
  }),
);
