// Requests/s of `http in → http response`, beside plain Node-RED with its default roots and with split ones.
// The load generator shares the machine: only the ratios say something.
import autocannon from 'autocannon';
import { median, prepare, remove, round, SUBJECTS, start } from './subjects.ts';

const RUNS = Number(process.env.RUNS ?? 5);
const SECONDS = Number(process.env.SECONDS ?? 5);
const figures = [SUBJECTS.appliance, SUBJECTS.plain, SUBJECTS.plainSplitRoots].map((subject) => ({
  subject,
  folder: prepare(),
  rates: [] as number[],
}));

for (let run = 0; run < RUNS; run += 1) {
  for (const figure of figures) {
    const running = await start(figure.subject, figure.folder);
    await autocannon({ url: running.url, connections: 20, duration: 2 });
    const { requests, non2xx, errors } = await autocannon({ url: running.url, connections: 20, duration: SECONDS });
    await running.stop();
    if (non2xx > 0 || errors > 0) throw new Error(`${figure.subject.name}: ${non2xx} refusals, ${errors} errors`);
    figure.rates.push(requests.average);
  }
}
for (const { folder } of figures) remove(folder);

const [ours, plain, split] = figures.map(({ rates }) => round(median(rates), 0));
if (!ours || !plain || !split) throw new Error('three subjects are compared');
console.log(
  JSON.stringify({
    bench: 'http',
    runs: RUNS,
    requestsPerSecond: { redstart: ours, nodeRed: plain, nodeRedSplitRoots: split },
    ratio: round(ours / plain),
    ratioToSplitRoots: round(ours / split),
    goals: { ratio: '>= 0.9' },
  }),
);
