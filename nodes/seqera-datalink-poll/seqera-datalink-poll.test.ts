import { afterEach, describe, expect, it } from 'vitest';
import { type FakeNode, type FakeRed, FakeStore } from '../testing/fake-red.ts';
import { platform, redOn, type Simulator } from '../testing/stage.ts';

const open: Simulator[] = [];
const nodes: FakeNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function simulate(options: Parameters<typeof platform>[0] = {}): Promise<Simulator> {
  const simulator = await platform(options);
  open.push(simulator);
  return simulator;
}

const EVERY = { dataLinkName: 'reads', basePath: 'incoming', pollFrequency: '0.1', pollUnits: 'seconds' };

function poll(red: FakeRed, config: Record<string, unknown> = {}): FakeNode {
  const node = red.create('seqera-datalink-poll', { id: 'poll', ...EVERY, ...config });
  nodes.push(node);
  red.started();
  return node;
}

const namesOn = (node: FakeNode, output: number) =>
  node.on1(output).map((msg) => (msg.payload as { files: { name: string }[] }).files.map(({ name }) => name));
const rounds = (node: FakeNode) => node.statuses.filter(({ fill }) => fill === 'green').length;

/** Until so many more polls have ended. */
async function more(red: FakeRed, node: FakeNode, count = 1): Promise<void> {
  const before = rounds(node);
  await red.until(() => rounds(node) >= before + count);
}

describe('what is told', () => {
  it('at first nothing: what is there is known', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node, 2);
    expect(node.sent).toEqual([]);
    expect(node.statuses.some(({ text }) => text?.startsWith('2 objects known'))).toBe(true);
  });

  it('new objects on 1, those that are gone on 2, each once', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node);
    simulator.putObject('reads', 'incoming/third.fastq.gz', 70);
    simulator.removeObject('reads', 'incoming/first.fastq.gz');
    await red.until(() => node.sent.length === 2);
    await more(red, node, 2);
    expect(node.on1(1)).toMatchObject([
      {
        payload: {
          files: [{ type: 'FILE', name: 'incoming/third.fastq.gz', size: 70 }],
          resourceType: 'bucket',
          resourceRef: 'gs://redstart-reads',
          provider: 'google',
        },
        files: ['gs://redstart-reads/incoming/third.fastq.gz'],
      },
    ]);
    expect(node.on1(2)).toMatchObject([
      {
        payload: { files: [{ name: 'incoming/first.fastq.gz' }] },
        files: ['gs://redstart-reads/incoming/first.fastq.gz'],
      },
    ]);
    expect(node.on1(1)[0]).not.toHaveProperty('redelivered');
  });

  it('with all polls: everything first, and when the next one is', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red, { outputAllPolls: true, detectChanges: true });
    await more(red, node);
    simulator.putObject('reads', 'incoming/new.txt', 1);
    simulator.putObject('reads', 'incoming/second.fastq.gz', 2);
    simulator.removeObject('reads', 'incoming/first.fastq.gz');
    await red.until(() => node.on1(4).length > 0);
    expect(namesOn(node, 1)[0]).toEqual(['incoming/first.fastq.gz', 'incoming/second.fastq.gz']);
    const { nextPoll, pollIntervalSeconds } = node.on1(1)[0]!.payload as Record<string, unknown>;
    expect(pollIntervalSeconds).toBe(0.1);
    expect(new Date(String(nextPoll)).toISOString()).toBe(nextPoll);
    expect([namesOn(node, 2), namesOn(node, 3), namesOn(node, 4)]).toEqual([
      [['incoming/new.txt']],
      [['incoming/first.fastq.gz']],
      [['incoming/second.fastq.gz']],
    ]);
  });

  it('more new ones than maxResults come in several messages, none is left out, whatever the order', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red, { maxResults: '10', depth: -1 });
    await more(red, node);
    simulator.generateObjects('reads', { count: 25, under: 'incoming', depth: 1, perFolder: 7 });
    await red.until(() => node.sent.length === 3);
    await more(red, node, 2);
    expect(namesOn(node, 1).map(({ length }) => length)).toEqual([10, 10, 5]);
    expect(new Set(namesOn(node, 1).flat()).size).toBe(25);
    expect(node.on1(2)).toEqual([]);
  });

  it('does not start while no data link is named', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red, { dataLinkName: ' ' });
    const other = poll(red, { id: 'other' });
    await more(red, other, 2);
    expect(node.statuses).toEqual([{ fill: 'yellow', shape: 'ring', text: 'no data link is chosen' }]);
    expect(node.logged).toEqual([]);
  });
});

describe('what is not taken for deletions', () => {
  it.each([
    { kind: 'status' as const, status: 503 },
    { kind: 'status' as const, status: 404 },
    { kind: 'html' as const, status: 200 },
    { kind: 'malformed' as const },
    { kind: 'reset-before' as const },
  ])('%o while listing', async (fault) => {
    const simulator = await simulate();
    simulator.generateObjects('reads', { count: 300, under: 'incoming', depth: 0 });
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node);
    simulator.setScenario({ faults: [{ match: { path: '/browse' }, ...fault }] });
    await red.until(() => node.statuses.some(({ fill }) => fill === 'red' || fill === 'yellow'));
    simulator.putObject('reads', 'incoming/arrived-meanwhile.txt');
    simulator.setScenario({});
    await red.until(() => node.sent.length > 0);
    await more(red, node);
    expect(namesOn(node, 1)).toEqual([['incoming/arrived-meanwhile.txt']]);
    expect(node.on1(2)).toEqual([]);
  });

  it('a data link that is deleted between polls: one error, and it goes on when it is back', async () => {
    const simulator = await simulate();
    simulator.addDataLink({ name: 'short-lived' });
    simulator.putObject('short-lived', 'a.txt');
    const red = redOn(simulator);
    const node = poll(red, { dataLinkName: 'short-lived', basePath: '' });
    await more(red, node);
    simulator.removeDataLink('short-lived');
    await red.until(() => node.logged.length > 0);
    const seen = node.statuses.length;
    await red.until(() => node.statuses.length > seen + 4);
    expect(node.logged).toHaveLength(1);
    expect(node.logged[0]).toMatch(/error .*No data link is named exactly "short-lived"/);
    expect(node.statuses.at(-1)?.text).toMatch(/polling|not found/);
    expect(node.sent).toEqual([]);
  });

  it('while the Platform loads its buckets', async () => {
    const simulator = await simulate({ speed: 10 });
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node);
    simulator.setScenario({ dataLinksLoadingFor: '15s' });
    await simulator.waitForCall(({ status }) => status === 202);
    await more(red, node, 2);
    expect(node.sent).toEqual([]);
    expect(node.logged).toEqual([]);
  });

  it('an empty listing is looked at twice, and then believed', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node);
    simulator.removeObject('reads', 'incoming/');
    await red.until(() => node.sent.length > 0);
    expect(namesOn(node, 2)[0]?.sort()).toEqual(['incoming/first.fastq.gz', 'incoming/second.fastq.gz']);
  });
});

describe('over a restart', () => {
  it('tells what came, went and changed while it was away, once', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const before = poll(red, { detectChanges: true });
    await more(red, before);
    await before.close();
    simulator.putObject('reads', 'incoming/while-away.txt', 5);
    simulator.putObject('reads', 'incoming/second.fastq.gz', 6);
    simulator.removeObject('reads', 'incoming/first.fastq.gz');
    const again = redOn(simulator, { store: red.store.snapshot() });
    const node = poll(again, { detectChanges: true });
    // Another simulator stage is another connection id, and the same place.
    await again.until(() => node.sent.length === 3);
    await more(again, node, 2);
    expect([1, 2, 3].map((output) => namesOn(node, output))).toEqual([
      [['incoming/while-away.txt']],
      [['incoming/first.fastq.gz']],
      [['incoming/second.fastq.gz']],
    ]);
    expect(node.sent.every(({ msg }) => !('redelivered' in msg))).toBe(true);
  });

  it('a crash between telling and saving repeats, marked; what is new since then is not marked', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node);
    let left: FakeStore | undefined;
    const send = node.send.bind(node);
    node.send = (output) => {
      send(output);
      // kill -9 right after it was sent: this is what is on disk.
      left ??= red.store.snapshot();
    };
    simulator.putObject('reads', 'incoming/told.txt');
    await red.until(() => left !== undefined);
    await node.close();
    simulator.putObject('reads', 'incoming/untold.txt');
    const again = redOn(simulator, { store: left ?? new FakeStore() });
    const after = poll(again);
    await again.until(() => after.sent.length === 2);
    await more(again, after, 2);
    expect(after.on1(1)).toMatchObject([
      { redelivered: true, files: ['gs://redstart-reads/incoming/told.txt'] },
      { files: ['gs://redstart-reads/incoming/untold.txt'] },
    ]);
    expect(after.on1(1)[1]).not.toHaveProperty('redelivered');
    expect(after.sent).toHaveLength(2);
  });

  it('another data link or filter is another baseline, and that is said', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const before = poll(red);
    await more(red, before);
    await before.close();
    const node = poll(red, { basePath: '', depth: -1, returnType: 'files' });
    await more(red, node, 2);
    expect(node.sent).toEqual([]);
    expect(node.logged.join()).toMatch(/warn .*4 objects of now are known/);
    simulator.putObject('reads', 'elsewhere/x.txt');
    await red.until(() => node.sent.length > 0);
    expect(namesOn(node, 1)).toEqual([['elsewhere/x.txt']]);
  });

  it('a store that takes nothing: told once all the same, and that it would be told again', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node);
    red.store.failWith = new Error('ENOSPC');
    simulator.putObject('reads', 'incoming/x.txt');
    await red.until(() => node.sent.length > 0);
    await more(red, node, 2);
    expect(namesOn(node, 1)).toEqual([['incoming/x.txt']]);
    expect(node.logged.join()).toMatch(/ENOSPC/);
    red.store.failWith = undefined;
    simulator.putObject('reads', 'incoming/y.txt');
    await more(red, node, 2);
    expect(namesOn(node, 1)).toEqual([['incoming/x.txt'], ['incoming/y.txt']]);
    const again = redOn(simulator, { store: red.store.snapshot() });
    await node.close();
    const after = poll(again);
    await more(again, after, 2);
    expect(after.sent).toEqual([]);
  });
});

describe('many', () => {
  it('grows from a few to thousands, forgets what is gone, and no entry of the context grows with it', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red, { depth: -1, maxResults: 10_000 });
    await more(red, node);
    simulator.generateObjects('reads', { count: 5_000, under: 'incoming', depth: 2, perFolder: 50 });
    await red.until(() => node.on1(1).length > 0);
    expect(namesOn(node, 1).flat()).toHaveLength(5_000);
    await more(red, node);
    const sizes = [...red.store.scope('poll').values()].map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThan(100_000);
    simulator.removeObject('reads', 'incoming/level1_0/');
    await red.until(() => node.on1(2).length > 0);
    const gone = namesOn(node, 2).flat().length;
    expect(gone).toBeGreaterThan(100);
    await more(red, node, 2);
    expect(node.on1(1)).toHaveLength(1);
    expect(node.on1(2)).toHaveLength(1);
  });

  it('polls never overlap, however slow the answers', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { path: '/browse' }, kind: 'latency', delay: 400 }] },
    });
    const red = redOn(simulator);
    const node = poll(red);
    await more(red, node, 3);
    const listings = simulator.calls.filter(({ path }) => path.endsWith('/data-links'));
    const took = Date.now() - Number(new Date(listings[0]?.at ?? 0));
    expect(took).toBeGreaterThan(1000);
    expect(listings.length).toBeLessThanOrEqual(4);
  });
});

describe('bad input', () => {
  it.each([
    [{ pattern: '(' }, /regular expression/],
    [{ depth: 'deep' }, /depth/],
    [{ maxResults: '-1' }, /maxResults/],
    [{ returnType: 'everything' }, /returnType/],
    [{ dataLinkName: 'nothing', dataLinkNameType: 'msg' }, /dataLinkName/],
    [{ dataLinkName: 'shared-name' }, /2 data links/],
    [{ basePath: 'a/../b' }, /no path/],
    [{ pollFrequency: 'often' }, /pollFrequency/],
    [{ workspaceId: 'mine' }, /workspace id/],
  ])('%o: one error for a catch node, and no flood', async (config, words) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poll(red, config);
    await red.until(() => node.logged.length > 0);
    const other = poll(red, { id: 'other' });
    await more(red, other, 3);
    expect(node.logged).toHaveLength(1);
    expect(node.logged[0]).toMatch(/^error /);
    expect(node.logged[0]).toMatch(words);
    expect(node.sent).toEqual([]);
  });
});
