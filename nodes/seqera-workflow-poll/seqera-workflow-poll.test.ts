import { describe, expect, it } from 'vitest';
import { aRun, simulators } from '../testing/drive.ts';
import { type FakeNode, type FakeRed, FakeStore } from '../testing/fake-red.ts';
import { redOn, type Simulator } from '../testing/stage.ts';

const { simulate, keep } = simulators();
const never = { runs: [{ end: 'NEVER' as const }] };
const EVERY = { pollFrequency: '0.1', pollUnits: 'seconds' };

function poller(red: FakeRed, properties: Record<string, unknown> = {}): FakeNode {
  const node = keep(red.create('seqera-workflow-poll', { id: 'poll1', seqera: '', ...EVERY, ...properties }));
  red.started();
  return node;
}

const announced = (node: FakeNode) => node.on1(2).map(({ workflowId }) => workflowId);
const polls = (node: FakeNode) => node.on1(1).length;
const another = async (red: FakeRed, node: FakeNode, times = 2) => {
  const before = polls(node);
  await red.until(() => polls(node) >= before + times);
};
const some = async (simulator: Simulator, count: number, name = 'r'): Promise<string[]> => {
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    ids.push(await aRun(simulator, `${name}-${i}`));
    simulator.advance(10);
  }
  return ids;
};

describe('polling for runs', () => {
  it('starts from what is there, tells each poll, and announces new runs once', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const old = await some(simulator, 3);
    const node = poller(red);
    await red.until(() => polls(node) >= 1);
    expect(node.on1(1)[0]).toMatchObject({ workflowIds: [...old].reverse() });
    const payload = node.on1(1)[0]?.payload as { workflows: { workflow: unknown }[]; nextPoll: string };
    expect(payload.workflows[0]?.workflow).toMatchObject({ id: old[2] });
    expect(new Date(payload.nextPoll).toISOString()).toBe(payload.nextPoll);
    const fresh = await some(simulator, 2, 'new');
    await red.until(() => announced(node).length >= 2);
    await another(red, node);
    expect(announced(node)).toEqual(fresh);
    expect(node.on1(2)[0]).toMatchObject({
      payload: { workflow: { workflow: { id: fresh[0] } } },
      _msgid: expect.any(String),
    });
    expect(node.on1(2)[0]).not.toHaveProperty('redelivered');
    expect(node.logged).toEqual([]);
  });

  it.each([{ maxResults: '2.5' }, { pollUnits: 'fortnights' }, { pollUnits: 'constructor' }])(
    'asks nothing with %j, and says why',
    async (properties) => {
      const simulator = await simulate({ scenario: never });
      const red = redOn(simulator);
      const node = poller(red, properties);
      await red.until(() => node.logged.length > 0);
      expect(node.logged[0]).toMatch(new RegExp(`${Object.keys(properties)[0]} (is|must be)`));
      expect(simulator.calls).toEqual([]);
    },
  );

  it('announces the first run of an empty workspace', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = poller(red);
    await red.until(() => polls(node) >= 1);
    const ids = await some(simulator, 1);
    await red.until(() => announced(node).length > 0);
    expect(announced(node)).toEqual(ids);
  });

  it('announces a burst whole, however few results are shown', async () => {
    const simulator = await simulate({ scenario: { ...never, history: [{ count: 300 }] } });
    const red = redOn(simulator);
    const node = poller(red, { maxResults: '5' });
    await red.until(() => polls(node) >= 1);
    expect(node.on1(1)[0]?.workflowIds).toHaveLength(5);
    const fresh = await some(simulator, 130, 'burst');
    await red.until(() => announced(node).length >= 130);
    await another(red, node);
    expect(new Set(announced(node))).toEqual(new Set(fresh));
    expect(announced(node)).toHaveLength(130);
  });

  it('announces after a restart what came meanwhile, once, and nothing that was known', async () => {
    const simulator = await simulate({ scenario: { ...never, history: [{ count: 60 }] } });
    const red = redOn(simulator);
    const first = poller(red);
    await red.until(() => polls(first) >= 1);
    const seen = await some(simulator, 1);
    await red.until(() => announced(first).length === 1);
    await another(red, first);
    await first.close();
    const missed = await some(simulator, 70, 'missed');
    const next = redOn(simulator, { store: red.store });
    const again = poller(next);
    await next.until(() => announced(again).length >= 70);
    await another(next, again);
    expect(announced(again)).toEqual(missed);
    expect(announced(first)).toEqual(seen);
    expect(again.on1(2).some(({ redelivered }) => redelivered)).toBe(false);
  });

  it('marks what it may have announced before it died', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = poller(red);
    await red.until(() => polls(node) >= 1);
    const [id] = await some(simulator, 1);
    let dead: FakeStore | undefined;
    // The moment of the death: it was sent, and the cursor is not yet moved.
    const send = node.send.bind(node);
    node.send = (output) => {
      send(output);
      if (Array.isArray(output) && output[1] && !dead) dead = red.store.snapshot();
    };
    await red.until(() => announced(node).length === 1);
    const next = redOn(simulator, { store: dead ?? new FakeStore() });
    const again = poller(next);
    await next.until(() => announced(again).length >= 1);
    await another(next, again);
    expect(announced(again)).toEqual([id]);
    expect(again.on1(2)[0]?.redelivered).toBe(true);
    await some(simulator, 1, 'later');
    await next.until(() => announced(again).length >= 2);
    expect(again.on1(2)[1]).not.toHaveProperty('redelivered');
  });

  it('starts anew with another search, and says so', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = poller(red, { search: 'r-' });
    await red.until(() => polls(node) >= 1);
    await node.close();
    await some(simulator, 2, 'other');
    const next = redOn(simulator, { store: red.store });
    const changed = poller(next, { search: 'other' });
    await another(next, changed);
    expect(announced(changed)).toEqual([]);
    expect(changed.logged).toEqual([expect.stringMatching(/search.*changed/)]);
    expect(simulator.calls.at(-1)?.query.search).toBe('other');
    const [id] = await some(simulator, 1, 'other-new');
    await next.until(() => announced(changed).length > 0);
    expect(announced(changed)).toEqual([id]);
  });

  it('announces a run that a search finds only now', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const [id] = await some(simulator, 3);
    const node = poller(red, { search: 'status:failed' });
    await red.until(() => polls(node) >= 1);
    simulator.endRun(id ?? '', 'FAILED');
    await red.until(() => announced(node).length > 0);
    expect(announced(node)).toEqual([id]);
  });

  it('does not announce what slides up when newer runs are deleted', async () => {
    const simulator = await simulate({ scenario: { ...never, history: [{ count: 30 }] } });
    const red = redOn(simulator);
    const node = poller(red, { maxResults: 10 });
    await red.until(() => polls(node) >= 1);
    for (const id of node.on1(1)[0]!.workflowIds as string[])
      await fetch(`${simulator.url}/workflow/${id}?workspaceId=70001&force=true`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${simulator.calls[0]?.token}` },
      });
    await another(red, node);
    expect(announced(node)).toEqual([]);
  });

  it('tells a failure once and goes on', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = poller(red);
    await red.until(() => polls(node) >= 1);
    simulator.setScenario({ faults: [{ match: { path: '/workflow$' }, kind: 'status', status: 403 }] });
    await simulator.waitForCall(({ status }) => status === 403);
    const [id] = await some(simulator, 1);
    await red.until(() => node.logged.length > 0);
    simulator.setScenario(never);
    await red.until(() => announced(node).length > 0);
    await red.until(() => node.statuses.at(-1)?.fill === 'green');
    expect(announced(node)).toEqual([id]);
    expect(node.logged).toEqual([
      expect.stringMatching(/^error .*403/),
      expect.stringMatching(/^log Polls succeed again after \d+ that failed/),
    ]);
  });

  it('never has two polls at a time', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { path: '/workflow$' }, kind: 'latency', delay: 350 }] },
    });
    const red = redOn(simulator);
    const node = poller(red);
    await red.until(() => polls(node) >= 3);
    const times = simulator.calls.map(({ at }) => at);
    for (let i = 1; i < times.length; i += 1) expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(340);
  });

  it.each([
    [{ maxResults: 'many' }, /maxResults/],
    [{ maxResults: 0 }, /maxResults/],
    [{ pollFrequency: 'x' }, /pollFrequency/],
    [{ workspaceId: 'x' }, /workspace/],
  ])('tells %j to a Catch node', async (properties, what) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = poller(red, properties);
    await red.until(() => node.logged.length > 0);
    expect(node.logged[0]).toMatch(what);
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red' });
    expect(simulator.calls).toEqual([]);
  });
});
