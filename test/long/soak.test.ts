import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { Appliance } from '../support/appliance.ts';
import { Collector } from '../support/collector.ts';
import { launchAndFollow } from '../support/crashing.ts';
import { type FlowNode, node, report, wire } from '../support/flows.ts';
import { temporaryFolder } from '../support/folder.ts';
import { connectionTo, platform, post } from '../support/platform.ts';

const RUNS = 1000;
const FILE_EVENTS = 10_000;
/** Simulated seconds a second: a day is eight minutes. */
const SPEED = 180;
const HOUR_MS = 3_600_000 / SPEED;
const DATA_LINK = 'soak';
/** Files that are there at a time. */
const KEPT = 200;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

it('holds its memory and its handles over a day with 1,000 runs and 10,000 file events', async () => {
  await using collector = await Collector.listen();
  const simulator = await platform({
    speed: SPEED,
    keepCalls: 1000,
    scenario: { runs: [{ submittedFor: '2m', runningFor: '10m' }] },
  });
  simulator.addDataLink({ name: DATA_LINK, resourceRef: 's3://soak', provider: 'aws' });
  const folder = temporaryFolder();
  const poll = node('seqera-datalink-poll', {
    seqera: '',
    z: 'tab1',
    dataLinkName: DATA_LINK,
    maxResults: '100000',
    pollFrequency: '2',
    pollUnits: 'seconds',
  });
  const created = report(collector.url, '/created', ['files']);
  const deleted = report(collector.url, '/deleted', ['files']);
  wire(poll, [created[0] as FlowNode], [deleted[0] as FlowNode]);
  const extra = [poll, ...created, ...deleted].map((each) => ({ ...each, z: 'tab1' }));
  await using appliance = await Appliance.start({
    folder,
    flows: { 'main.json': [...launchAndFollow(collector), ...extra] },
    env: {
      ...connectionTo(simulator, folder),
      NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, '..', 'support', 'live-heap.ts')).href}`,
    },
  });

  const rss = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${appliance.pid}/status`, 'utf8'))?.[1]) / 1024;
  const handles = (): number => readdirSync(`/proc/${appliance.pid}/fd`).length;
  /** What is left after all garbage is collected: the size of the process also says how lazy the collector was. */
  const liveHeap = async (): Promise<number> => {
    const said = () => appliance.lines.filter(({ msg }) => msg === 'live heap');
    const before = said().length;
    appliance.signal('SIGUSR2');
    await appliance.until(() => said().length > before, 'the size of the heap');
    return Number(said().at(-1)?.mebibytes);
  };
  const hours: { rssMiB: number; heapMiB: number; handles: number }[] = [];
  const began = Date.now();
  let launched = 0;
  let events = 0;
  const launching = new Set<Promise<unknown>>();
  /** What has to have happened when so much of the day is over. */
  const upTo = (done: number): void => {
    for (; launched < done * RUNS && launched < RUNS; launched += 1) {
      const asked = appliance.fetch('/api/launch', post({ index: launched })).then((answer) => answer.text());
      launching.add(asked);
      void asked.finally(() => launching.delete(asked));
    }
    // Half of the events are files that come, the other half the same files going again some polls later.
    for (; events < done * FILE_EVENTS && events < FILE_EVENTS; events += 1) {
      const pair = events >> 1;
      if (events % 2 === 0) simulator.putObject(DATA_LINK, `file-${pair}.txt`, pair);
      else if (pair >= KEPT) simulator.removeObject(DATA_LINK, `file-${pair - KEPT}.txt`);
    }
  };
  for (let hour = 1; hour <= 24; hour += 1) {
    const memory: number[] = [];
    const open: number[] = [];
    while (Date.now() - began < hour * HOUR_MS) {
      upTo((Date.now() - began) / (24 * HOUR_MS));
      memory.push(rss());
      open.push(handles());
      await pause(500);
    }
    hours.push({ rssMiB: Math.round(median(memory)), heapMiB: await liveHeap(), handles: median(open) });
    console.log(JSON.stringify({ hour, ...hours.at(-1) }));
  }
  upTo(1);
  const first = hours[0] as (typeof hours)[number];
  const last = hours.at(-1) as (typeof hours)[number];
  console.log(
    JSON.stringify({
      test: 'soak',
      runs: launched,
      rssMiB: hours.map(({ rssMiB }) => rssMiB),
      heapMiB: hours.map(({ heapMiB }) => heapMiB),
      handles: hours.map((each) => each.handles),
    }),
  );
  await Promise.all(launching);
  // The last ones have to be seen before they go.
  await pause(10_000);
  for (let pair = FILE_EVENTS / 2 - KEPT; pair < FILE_EVENTS / 2; pair += 1)
    simulator.removeObject(DATA_LINK, `file-${pair}.txt`);
  const filesOn = (path: string): number =>
    collector.on(path).reduce((sum, { files }) => sum + (files as unknown[]).length, 0);
  await collector.until(
    () => filesOn('/deleted') >= FILE_EVENTS / 2 && collector.on('/success').length >= RUNS,
    60_000,
  );

  expect(collector.on('/errors')).toEqual([]);
  expect(collector.on('/success')).toHaveLength(RUNS);
  expect(simulator.runs).toHaveLength(RUNS);
  expect(filesOn('/created')).toBe(FILE_EVENTS / 2);
  expect(filesOn('/deleted')).toBe(FILE_EVENTS / 2);
  expect(last.handles - first.handles).toBeLessThanOrEqual(5);
  expect(last.heapMiB - first.heapMiB).toBeLessThanOrEqual(5);
  await simulator.close();
}, 800_000);
