// Listing 100,000 objects in nested folders, by the tree and folder by folder, and a poll that knows 100,000 objects
// and meets 10 new ones. The simulator is a process of its own, so that the memory is that of the nodes alone.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SqliteStore } from '../server/state/sqlite-store.ts';
import { createSimulator } from '../simulator/index.ts';
import { asModule } from './as-module.ts';
import { round } from './subjects.ts';

// The pack is CommonJS once it is built; its sources are modules.
asModule('/nodes/');
const { PlatformClient } = await import('../nodes/lib/client.ts');
const { findDataLink } = await import('../nodes/lib/data-link.ts');
const { HttpClient } = await import('../nodes/lib/http-client.ts');
const { listObjects } = await import('../nodes/lib/object-listing.ts');
const { redOn, TOKEN, WORKSPACE } = await import('../nodes/testing/stage.ts');

const OBJECTS = Number(process.env.OBJECTS ?? 100_000);
const PER_FOLDER = 100;
const LINK = 'bench';

/** What the simulator's process is asked for, and answers. */
type Ask = { do: 'calls' | 'new' };

if (process.send) await simulate();
else await bench();

async function simulate(): Promise<void> {
  const simulator = await createSimulator({ rateLimit: false, keepCalls: 10 });
  simulator.addDataLink({ name: LINK });
  simulator.generateObjects(LINK, { count: OBJECTS, depth: 3, perFolder: PER_FOLDER });
  process.on('message', ({ do: what }: Ask) => {
    if (what === 'new')
      for (let n = 0; n < 10; n += 1) simulator.putObject(LINK, `level3_${n}/arrived/new_${n}.fastq.gz`, n);
    process.send?.({ calls: [...simulator.counts.values()].reduce((sum, count) => sum + count, 0) });
  });
  process.send?.({ url: simulator.url });
}

/** A node's context in the appliance's own crash-safe store. */
function contextIn(store: SqliteStore) {
  const scope = 'bench';
  type Callback = (error: Error | null | undefined, value?: unknown) => void;
  return {
    written: 0,
    get(key: string, _store: unknown, callback: Callback) {
      const text = store.get(scope, key);
      callback(null, text === undefined ? undefined : JSON.parse(text));
    },
    set(key: string, value: unknown, _store: unknown, callback: Callback) {
      this.written += 1;
      store.write([{ scope, key, text: value === undefined ? null : JSON.stringify(value) }], callback);
    },
    keys(_store: unknown, callback: Callback) {
      callback(null, store.keys(scope));
    },
  };
}

async function bench(): Promise<void> {
  const child = fork(import.meta.filename, { env: process.env });
  const answer = <T>() => new Promise<T>((resolve) => child.once('message', (message) => resolve(message as T)));
  const { url } = await answer<{ url: string }>();
  const ask = (what: Ask['do']) => {
    const answered = answer<{ calls: number }>();
    child.send({ do: what } satisfies Ask);
    return answered;
  };

  const measure = async (work: () => Promise<number>) => {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { calls: before } = await ask('calls');
    const rssBefore = process.memoryUsage.rss();
    let peak = rssBefore;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 5);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const from = performance.now();
    const objects = await work();
    const seconds = round((performance.now() - from) / 1000);
    delay.disable();
    peak = Math.max(peak, process.memoryUsage.rss());
    clearInterval(watch);
    globalThis.gc?.();
    return {
      objects,
      calls: (await ask('calls')).calls - before,
      seconds,
      peakMiB: round((peak - rssBefore) / 2 ** 20, 1),
      longestPauseMs: round(delay.max / 1e6, 0),
    };
  };

  const http = new HttpClient({ baseUrl: url, token: () => TOKEN, callsPerSecond: 1e6 });
  const client = new PlatformClient(http, { workspaceId: WORKSPACE });
  const dataLink = await findDataLink(client, LINK);
  const count = async (depth: number, pattern = '') => {
    let objects = 0;
    const listing = listObjects(client, {
      dataLink,
      basePath: '',
      depth,
      prefix: '',
      pattern,
      returnType: 'files',
      most: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
    });
    for await (const batch of listing) objects += batch.length;
    return objects;
  };
  await count(0);
  const folderByFolder = await measure(() => count(100));
  const tree = await measure(() => count(-1));
  const treeWithPattern = await measure(() => count(-1, 'sample_\\d*7\\.fastq\\.gz$'));

  const folder = mkdtempSync(join(tmpdir(), 'redstart-bench-'));
  const store = new SqliteStore(join(folder, 'state.db'));
  store.open();
  const red = redOn({ url }, { pace: { callsPerSecond: 1e6 } });
  const context = contextIn(store);
  red.contextOf = () => context;
  // Without the wait for the interval.
  let began = 0;
  let pollSeconds = 0;
  const rounds = async (work: () => Promise<unknown>, count: number) => {
    const ended = () => node.statuses.filter(({ fill }) => fill === 'green').length;
    const before = ended();
    await work();
    await red.until(() => ended() >= before + count, 120_000);
    return OBJECTS;
  };
  const config = { dataLinkName: LINK, depth: -1, maxResults: 1000, pollFrequency: 1, pollUnits: 'seconds' };
  const node = red.create('seqera-datalink-poll', { id: 'bench', ...config });
  const show = node.status.bind(node);
  node.status = (status) => {
    if (status.fill === 'blue') began = performance.now();
    if (status.fill === 'green') pollSeconds = round((performance.now() - began) / 1000);
    show(status);
  };
  const measurePoll = async (work: () => Promise<number>) => ({ ...(await measure(work)), seconds: pollSeconds });
  const baseline = await measurePoll(() => rounds(async () => red.started(), 1));
  const nothingNew = await measurePoll(() => rounds(async () => undefined, 1));
  const writesBefore = context.written;
  const tenNew = await measurePoll(() => rounds(() => ask('new'), 1));
  const announced = node.on1(1).flatMap((msg) => (msg as unknown as { files: string[] }).files).length;
  const writes = context.written - writesBefore;
  await node.close();
  store.close();
  rmSync(folder, { recursive: true });
  child.kill();
  const folders = Math.ceil(OBJECTS / PER_FOLDER);
  console.log(
    JSON.stringify({
      bench: 'listing',
      objects: OBJECTS,
      leafFolders: folders,
      folderByFolder,
      tree,
      treeWithPattern,
      poll: { baseline, nothingNew, tenNew: { ...tenNew, announced, writes } },
    }),
  );
}
