// `seqera-api` reading all pages of a list of 10,000 runs: calls, seconds (with and without the pace of 20 calls a
// second that the Platform allows), and peak memory above what there was before.
import { createRequire } from 'node:module';
import { createSimulator } from '../simulator/index.ts';
import { round } from './subjects.ts';

// As built: the pack is a package of the other kind of module.
const require = createRequire(import.meta.url);
const { allItems } = require('../nodes/dist/lib/all-items.js') as typeof import('../nodes/lib/all-items.ts');
const { clientFor } = require('../nodes/dist/lib/clients.js') as typeof import('../nodes/lib/clients.ts');

const RUNS = Number(process.env.RUNS ?? 10_000);
const simulator = await createSimulator({ rateLimit: false, scenario: { history: [{ count: RUNS, every: 1000 }] } });

async function read(callsPerSecond: number | undefined, attributes: string) {
  const client = clientFor({
    baseUrl: simulator.url,
    token: () => 'bench',
    key: `bench ${callsPerSecond} ${attributes}`,
    settings: callsPerSecond === undefined ? {} : { callsPerSecond },
  }).with({ workspaceId: '70001' });
  await client.userInfo();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }, 5);
  const calls = simulator.calls.length;
  const from = performance.now();
  const query = attributes === '' ? {} : { attributes };
  const { answer, truncated } = await allItems(client, { path: '/workflow', query }, 1_000_000);
  const seconds = (performance.now() - from) / 1000;
  clearInterval(watch);
  const { workflows } = answer.body as { workflows: unknown[] };
  if (workflows.length !== RUNS || truncated)
    throw new Error(`${workflows.length} runs were read, and there are ${RUNS}`);
  return {
    calls: simulator.calls.length - calls,
    seconds: round(seconds),
    peakMiB: round((peak - before) / 1024 ** 2, 1),
  };
}

const unpaced = await read(1_000_000, '');
const minimal = await read(1_000_000, 'minimal');
const paced = await read(undefined, 'minimal');
await simulator.close();
console.log(
  JSON.stringify({
    bench: 'api-pages',
    runs: RUNS,
    unpaced,
    minimal,
    atTheLimitOfThePlatform: paced,
    goals: { calls: `<= ${Math.ceil(RUNS / 100) + 1}` },
  }),
);
