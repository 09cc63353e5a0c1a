// Watching N runs at a 5 s interval over one connection: calls, event-loop time, how late an end is noticed; and the start
// with 10,000 watches on disk beside one with none. The simulator is a process of its own. One JSON line each.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { createContextStore } from '../server/state/context-store.ts';
import { SqliteStore } from '../server/state/sqlite-store.ts';
import { median, PING_FLOW, prepare, remove, round, SUBJECTS, type Subject, start } from './subjects.ts';

const load = createRequire(import.meta.url);
const { clientFor } = load('../nodes/dist/lib/clients.js') as typeof import('../nodes/lib/clients.ts');
const { followedRuns } = load('../nodes/dist/lib/run-watcher.js') as typeof import('../nodes/lib/run-watcher.ts');
const { packMessage } = load('../nodes/dist/lib/message-codec.js') as typeof import('../nodes/lib/message-codec.ts');

const COUNTS = (process.env.COUNTS ?? '1,10,100,1000,10000').split(',').map(Number);
const SECONDS = Number(process.env.SECONDS ?? 40);
const STARTS = Number(process.env.RUNS ?? 5);
const INTERVAL_MS = 5000;
const WORKSPACE = '70001';
/** From when it is watched to when the first run ends; then one ends each second. */
const FIRST_END_S = 15;
const root = join(import.meta.dirname, '..');

interface Platform {
  url: string;
  ids: string[];
  calls(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** A Platform on which `count` runs run. They end one a second, the oldest first. */
async function platformWith(count: number, folder: string, everyMs = 1000): Promise<Platform> {
  const runningFor = count * everyMs + FIRST_END_S * 1000;
  const scenario = {
    runs: [{ match: { runName: '^bench-' }, submittedFor: 0, runningFor }],
    history: [{ count, every: everyMs, runNamePrefix: 'bench' }],
  };
  const file = join(folder, 'scenario.json');
  writeFileSync(file, JSON.stringify(scenario));
  const child: ChildProcess = spawn(
    process.execPath,
    [join(root, 'dist', 'server', 'main.js'), 'simulator', '--scenario', file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('close', () => reject(new Error(`the simulator ended: ${output}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      output += String(chunk);
      const found = /TOWER_API_ENDPOINT=(\S+)/.exec(output)?.[1];
      if (found) resolve(found);
    });
  });
  const control = async (path: string) => (await fetch(`${url}/_simulator/${path}`)).json();
  const { runs } = (await control('runs')) as { runs: { id: string; status: string }[] };
  return {
    url,
    ids: runs.filter(({ status }) => status === 'RUNNING').map(({ id }) => id),
    calls: async () => ((await control('calls')) as { counts: Record<string, number> }).counts,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function watchMany(count: number): Promise<void> {
  const folder = prepare();
  const platform = await platformWith(count, folder);
  const client = clientFor({ baseUrl: platform.url, token: () => 'bench-token', key: `bench-${count}` });
  const watcher = followedRuns.watcherFor(client.with({ workspaceId: WORKSPACE }));
  const late: number[] = [];
  let sights = 0;
  let troubles = 0;
  const seen = new Set<string>();
  let allSeen: () => void = () => {};
  const everySeen = new Promise<void>((resolve) => {
    allSeen = resolve;
  });
  const stops = platform.ids.map((id) => {
    const stop = watcher.watch({
      id,
      intervalMs: INTERVAL_MS,
      onSight(run) {
        sights += 1;
        seen.add(id);
        if (seen.size === platform.ids.length) allSeen();
        if (followedRuns.endOf(run) === undefined) return;
        late.push(Date.now() - Date.parse(String(run.workflow.complete)));
        stop();
      },
      onTrouble() {
        troubles += 1;
      },
      onLost(error) {
        throw error;
      },
    });
    return stop;
  });
  const began = performance.now();
  await everySeen;
  const firstRoundMs = performance.now() - began;
  // What it costs to go on watching; the first round has to find where each run is in the list.
  const before = await platform.calls();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const loop = performance.eventLoopUtilization();
  const cpu = process.cpuUsage();
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const seconds = (performance.now() - from) / 1000;
  const used = performance.eventLoopUtilization(loop);
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  const after = await platform.calls();
  for (const stop of stops) stop();
  const made = (route: string): number => (after[`GET ${route}`] ?? 0) - (before[`GET ${route}`] ?? 0);
  const lists = made('/workflow');
  const single = made('/workflow/{workflowId}');
  const naive = (count * seconds) / (INTERVAL_MS / 1000);
  console.log(
    JSON.stringify({
      bench: 'watch',
      runs: platform.ids.length,
      intervalMs: INTERVAL_MS,
      seconds: round(seconds, 1),
      firstRoundMs: round(firstRoundMs, 0),
      callsPerSecond: round((lists + single) / seconds),
      listCalls: lists,
      singleCalls: single,
      naiveCalls: round(naive, 0),
      partOfNaive: round((lists + single) / naive, 4),
      sightsPerSecond: round(sights / ((performance.now() - began) / 1000), 0),
      ends: late.length,
      endsNoticedMs: late.length > 0 ? { median: round(median(late), 0), worst: Math.max(...late) } : null,
      eventLoopMsPerSecond: round(used.active / seconds, 1),
      eventLoopDelayP99Ms: round(delay.percentile(99) / 1e6, 1),
      cpuMsPerSecond: round((user + system) / 1000 / seconds, 1),
      troubles,
      rssMiB: round(process.memoryUsage.rss() / 1024 / 1024, 0),
      goals: { partOfNaiveAt1000: '<= 0.02', worstAt1000: '<= 6000', callsPerSecond: '<= 20' },
    }),
  );
  await platform.stop();
  remove(folder);
}

const MONITOR = {
  id: 'mon1',
  type: 'seqera-workflow-monitor',
  z: 'tab1',
  seqera: '',
  poll: 5,
  pollUnits: 'seconds',
  wires: [[], [], []],
};

async function startWith(watches: number): Promise<number> {
  const folder = prepare();
  const platform = await platformWith(Math.max(1, watches), folder, 100);
  writeFileSync(join(folder, 'flows', 'flows.json'), JSON.stringify([...PING_FLOW, MONITOR]));
  const subject: Subject = {
    ...SUBJECTS.appliance,
    command(...args) {
      const { args: words, env } = SUBJECTS.appliance.command(...args);
      return { args: words, env: { ...env, TOWER_API_ENDPOINT: platform.url, TOWER_WORKSPACE_ID: WORKSPACE } };
    },
  };
  const times: number[] = [];
  for (let run = 0; run <= STARTS; run += 1) {
    if (run === 1) fill(join(folder, 'data', 'state.db'), platform.ids.slice(0, watches));
    const running = await start(subject, folder);
    // The first start makes folders and caches: it is not counted.
    if (run > 0) times.push(running.startMs);
    await running.stop();
  }
  await platform.stop();
  remove(folder);
  return median(times);
}

/** As the monitor leaves them. */
function fill(path: string, ids: readonly string[]): void {
  const store = new SqliteStore(path);
  store.open();
  const context = createContextStore(store);
  for (const [index, id] of ids.entries()) {
    const key = `watch-${index.toString(16).padStart(18, '0')}`;
    const message = packMessage({ _msgid: `m${index}`, workflowId: id, payload: { sample: `S-${index}` } }).text;
    context.set('mon1:tab1', key, { key, id, workspaceId: WORKSPACE, at: index, ending: false, message }, () => {});
  }
  store.close();
}

for (const count of COUNTS) await watchMany(count);
if (STARTS > 0) {
  const none = await startWith(0);
  const many = await startWith(10_000);
  console.log(
    JSON.stringify({
      bench: 'start-with-watches',
      runs: STARTS,
      watches: 10_000,
      startMs: { none: round(none, 0), many: round(many, 0) },
      moreMs: round(many - none, 0),
      goals: { moreMs: '<= 2000' },
    }),
  );
}
process.exit(0);
