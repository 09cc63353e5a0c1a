// What traces cost: requests/s of `http in → http response`, and messages/s through a chain of ten function nodes, with traces
// off, with each message traced, and with one in ten. All run at the same time and are asked in turns of a second, so that what
// else the machine does falls on each of them alike. The receiver reads what comes and answers, in a process of its own.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { cpuOf } from './cpu-of.ts';
import { median, PING_FLOW, prepare, type Running, remove, round, SUBJECTS, type Subject, start } from './subjects.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 15);
const SECONDS = Number(process.env.SECONDS ?? 1);
const CHAIN = 10;

const chain = Array.from({ length: CHAIN }, (_, index) => ({
  id: `f${index}`,
  type: 'function',
  z: 'tab1',
  func: 'return msg;',
  outputs: 1,
  wires: [[index + 1 < CHAIN ? `f${index + 1}` : 'out1']],
}));
const CHAIN_IN = { id: 'in2', type: 'http in', z: 'tab1', url: '/chain', method: 'get', wires: [['f0']] };

const receiverCode = `
  require('node:http').createServer((request, response) => request.resume().on('end', () => response.end()))
    .listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;
const receiver = spawn(process.execPath, ['-e', receiverCode], { stdio: ['ignore', 'pipe', 'inherit'] });
const port = await new Promise<string>((resolve) =>
  receiver.stdout.once('data', (text) => resolve(String(text).trim())),
);

const tracing = (name: string, sampler: Record<string, string> | null): Subject => ({
  ...SUBJECTS.appliance,
  name,
  command(folder, own) {
    const { args, env } = SUBJECTS.appliance.command(folder, own);
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
    return { args, env: sampler === null ? env : { ...env, ...endpoint, ...sampler } };
  },
});

interface Figures {
  rates: number[];
  cpu: number[];
}
interface Run {
  subject: Subject;
  folder: string;
  running: Running;
  ping: Figures;
  chain: Figures;
}

const runs: Run[] = [];
for (const subject of [
  tracing('off', null),
  tracing('all', { OTEL_TRACES_SAMPLER: 'always_on' }),
  tracing('one in ten', { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }),
]) {
  const folder = prepare();
  writeFileSync(join(folder, 'flows', 'flows.json'), JSON.stringify([...PING_FLOW, CHAIN_IN, ...chain]));
  // The first start makes folders and caches.
  await (await start(subject, folder)).stop();
  const running = await start(subject, folder);
  runs.push({ subject, folder, running, ping: { rates: [], cpu: [] }, chain: { rates: [], cpu: [] } });
}

async function ask({ subject, running }: Run, path: string, duration: number, figures?: Figures): Promise<void> {
  const before = cpuOf(running.pid);
  const url = running.url.replace('/ping', path);
  const { requests, non2xx, errors, duration: took } = await autocannon({ url, connections: 20, duration });
  if (non2xx > 0 || errors > 0) throw new Error(`${subject.name}: ${non2xx} refusals, ${errors} errors`);
  figures?.rates.push(requests.total / took);
  figures?.cpu.push((cpuOf(running.pid) - before) / requests.total);
}

for (const run of runs) for (const path of ['/ping', '/chain']) await ask(run, path, 2);
for (let turn = 0; turn < ROUNDS; turn += 1) {
  for (const run of runs) {
    await ask(run, '/ping', SECONDS, run.ping);
    await ask(run, '/chain', SECONDS, run.chain);
  }
}

const figures = [];
for (const { subject, folder, running, ping, chain } of runs) {
  const metrics = await (await fetch(new URL('/metrics', running.url))).text();
  const spans = Object.fromEntries(
    [...metrics.matchAll(/^redstart_trace_spans_total\{outcome="(\w+)"\} (\d+)/gm)].map(([, name, count]) => [
      name,
      Number(count),
    ]),
  );
  figures.push({
    name: subject.name,
    startMs: round(running.startMs, 0),
    rssMiB: round(running.rssMiB(), 0),
    requestsPerSecond: round(median(ping.rates), 0),
    cpuMicrosecondsOfRequest: round(median(ping.cpu), 1),
    chainMessagesPerSecond: round(median(chain.rates) * (CHAIN + 1), 0),
    cpuMicrosecondsOfChainMessage: round(median(chain.cpu) / (CHAIN + 1), 1),
    spans,
  });
  await running.stop();
  remove(folder);
}
receiver.kill();

const [off, ...on] = figures;
if (off === undefined) throw new Error('nothing was measured');
console.log(
  JSON.stringify({
    bench: 'traces',
    rounds: ROUNDS,
    figures,
    ratioOfRequests: Object.fromEntries(
      on.map((one) => [one.name, round(one.requestsPerSecond / off.requestsPerSecond)]),
    ),
    ratioOfMessages: Object.fromEntries(
      on.map((one) => [one.name, round(one.chainMessagesPerSecond / off.chainMessagesPerSecond)]),
    ),
  }),
);
