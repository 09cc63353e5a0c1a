// Start to ready and resident memory after 10 s idle, beside plain Node-RED, interleaved; medians of RUNS warm starts.
import { median, prepare, remove, round, SUBJECTS, start } from './subjects.ts';

const RUNS = Number(process.env.RUNS ?? 5);
const IDLE_MS = 10_000;
const subjects = [SUBJECTS.appliance, SUBJECTS.plain];
const figures = subjects.map((subject) => ({ subject, folder: prepare(), start: [] as number[], rss: [] as number[] }));

for (let run = 0; run <= RUNS; run += 1) {
  for (const figure of figures) {
    const running = await start(figure.subject, figure.folder);
    // The first start of each makes its folders and caches: it is not counted.
    if (run > 0) {
      figure.start.push(running.startMs);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      figure.rss.push(running.rssMiB());
    }
    await running.stop();
  }
}
for (const { folder } of figures) remove(folder);

const [ours, theirs] = figures.map(({ start, rss }) => ({
  startMs: round(median(start), 0),
  rssMiB: round(median(rss), 1),
}));
if (!ours || !theirs) throw new Error('two subjects are compared');
console.log(
  JSON.stringify({
    bench: 'start',
    runs: RUNS,
    redstart: ours,
    nodeRed: theirs,
    startRatio: round(ours.startMs / theirs.startMs),
    memoryRatio: round(ours.rssMiB / theirs.rssMiB),
    goals: { startRatio: '<= 1.0', memoryRatio: '<= 1.1' },
  }),
);
