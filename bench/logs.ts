// What a log line costs, in microseconds: a line that is written, one that the level leaves out, an error that comes again.
// Beside pino alone with the same fields, which is the limit. Everything goes to /dev/null: how fast a terminal or a pipe
// is says nothing about the program.
import { pino } from 'pino';
import { Secret } from '../server/config/index.ts';
import { createFlowIndex } from '../server/runtime/flow-index.ts';
import { createLogBridge } from '../server/runtime/log-bridge.ts';
import { createLogs } from '../server/runtime/logs.ts';
import { median, round } from './subjects.ts';

const RUNS = Number(process.env.RUNS ?? 5);
const LINES = Number(process.env.LINES ?? 50_000);

// As many as a configuration has: each line is searched for all of them.
for (let index = 0; index < 8; index += 1) new Secret(`a-secret-of-the-environment-${index}`);

const nowhere = () => pino.destination({ dest: '/dev/null', sync: true });
const log = { level: 'info', components: {}, format: 'json' } as const;
const logs = createLogs({ log }, nowhere());
const index = createFlowIndex();
index.replace([
  { id: 't1', type: 'tab', label: 'Nightly' },
  { id: 'n1', type: 'function', name: 'clean', z: 't1' },
]);
const say = createLogBridge(logs.of('node-red'), index);
const alone = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, nowhere());
const fields = { node: 'n1', nodeType: 'function', nodeName: 'clean', flow: 't1', flowLabel: 'Nightly' };
const node = { id: 'n1', type: 'function', z: 't1', name: 'clean' };

const subjects: Record<string, (line: number) => void> = {
  pinoAlone: (line) => alone.info({ component: 'node-red', ...fields }, `sample ${line} is done`),
  written: (line) => say({ ...node, level: 40, msg: `sample ${line} is done` }),
  leftOut: (line) => say({ ...node, level: 50, msg: `sample ${line} is done` }),
  repeatedError: (line) => say({ ...node, level: 20, msg: `sample ${line} cannot be read` }),
  // More than are remembered, none of them like another.
  differentErrors: (line) => say({ ...node, level: 20, msg: `sample ${words(line)} cannot be read` }),
};

function words(line: number): string {
  return [...String(line)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
}

const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, [] as number[]]));
for (let run = 0; run < RUNS; run += 1) {
  for (const [name, write] of Object.entries(subjects)) {
    const from = performance.now();
    for (let line = 0; line < LINES; line += 1) write(run * LINES + line);
    times[name]?.push(((performance.now() - from) / LINES) * 1000);
  }
}
logs.flush();

console.log(
  JSON.stringify({
    bench: 'logs',
    runs: RUNS,
    lines: LINES,
    microsecondsPerLine: Object.fromEntries(Object.entries(times).map(([name, all]) => [name, round(median(all))])),
  }),
);
