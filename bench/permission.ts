// What Node.js's permission model and the watchdog cost: start, memory after 10 s idle, requests/s of
// `http in → http response`, of the same program with both, without the model, and with neither. Interleaved; medians.
import { execFileSync } from 'node:child_process';
import autocannon from 'autocannon';
import { median, prepare, remove, round, SUBJECTS, type Subject, start } from './subjects.ts';

const RUNS = Number(process.env.RUNS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 5);
const IDLE_MS = Number(process.env.IDLE_MS ?? 10_000);

function variant(name: string, { permission, watchdog }: { permission: boolean; watchdog: boolean }): Subject {
  return {
    name,
    path: SUBJECTS.appliance.path,
    command(folder, port) {
      const { args, env } = SUBJECTS.appliance.command(folder, port);
      const own = watchdog ? env : { ...env, REDSTART_LOOP_LIMIT_SECONDS: '0' };
      const [main = ''] = args;
      const flags = permission
        ? execFileSync(process.execPath, [main, 'permission-flags'], { cwd: folder, env: own, encoding: 'utf8' })
        : '';
      return { args: [...flags.split('\n').filter(Boolean), ...args], env: own };
    },
  };
}

const figures = [
  variant('both', { permission: true, watchdog: true }),
  variant('watchdog', { permission: false, watchdog: true }),
  variant('neither', { permission: false, watchdog: false }),
].map((subject) => ({
  subject,
  folder: prepare(),
  starts: [] as number[],
  rss: [] as number[],
  rates: [] as number[],
}));

for (let run = 0; run <= RUNS; run += 1) {
  for (const figure of figures) {
    const running = await start(figure.subject, figure.folder);
    // The first start of each makes its folders and caches: it is not counted.
    if (run > 0) {
      figure.starts.push(running.startMs);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      figure.rss.push(running.rssMiB());
      await autocannon({ url: running.url, connections: 20, duration: 1 });
      const { requests, non2xx, errors } = await autocannon({ url: running.url, connections: 20, duration: SECONDS });
      if (non2xx > 0 || errors > 0) throw new Error(`${figure.subject.name}: ${non2xx} refusals, ${errors} errors`);
      figure.rates.push(requests.average);
    }
    await running.stop();
  }
}
for (const { folder } of figures) remove(folder);

const [both, watchdog, neither] = figures.map(({ starts, rss, rates }) => ({
  startMs: round(median(starts), 0),
  rssMiB: round(median(rss), 1),
  requestsPerSecond: round(median(rates), 0),
}));
if (!both || !watchdog || !neither) throw new Error('three variants are compared');
const ratios = (of: typeof both) => ({
  start: round(of.startMs / neither.startMs),
  memory: round(of.rssMiB / neither.rssMiB),
  requests: round(of.requestsPerSecond / neither.requestsPerSecond),
});
console.log(
  JSON.stringify({
    bench: 'permission',
    runs: RUNS,
    permissionAndWatchdog: both,
    watchdogOnly: watchdog,
    neither,
    ratios: { permissionAndWatchdog: ratios(both), watchdogOnly: ratios(watchdog) },
    goals: { requests: '>= 0.95' },
  }),
);
