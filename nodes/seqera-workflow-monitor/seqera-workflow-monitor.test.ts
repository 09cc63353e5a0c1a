import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeNode, type FakeRed, FakeStore } from '../testing/fake-red.ts';
import { platform, redOn, type Simulator, TOKEN, WORKSPACE } from '../testing/stage.ts';

const open: { simulator: Simulator; nodes: FakeNode[] }[] = [];
afterEach(async () => {
  for (const { simulator, nodes } of open.splice(0)) {
    for (const node of nodes) await node.close();
    await simulator.close();
  }
});

async function simulate(...args: Parameters<typeof platform>): Promise<Simulator> {
  const simulator = await platform(...args);
  open.push({ simulator, nodes: [] });
  return simulator;
}

function monitor(red: FakeRed, properties: Record<string, unknown> = {}): FakeNode {
  const node = red.create('seqera-workflow-monitor', { seqera: '', poll: 0.1, ...properties });
  open.at(-1)?.nodes.push(node);
  red.started();
  return node;
}

/** A run that exists, launched as anybody could. */
async function aRun(simulator: Simulator, runName = 'a-run'): Promise<string> {
  const answer = await fetch(`${simulator.url}/workflow/launch?workspaceId=${WORKSPACE}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ launch: { pipeline: 'https://github.com/nextflow-io/hello', runName } }),
  });
  return ((await answer.json()) as { workflowId: string }).workflowId;
}

const never = { runs: [{ end: 'NEVER' as const }] };
const statusOf = (msg: Record<string, unknown> | undefined) =>
  (msg?.payload as { workflow?: { status?: string } } | undefined)?.workflow?.status;
const reads = (simulator: Simulator) => simulator.calls.filter(({ route }) => route?.startsWith('/workflow') ?? false);

describe('following a run', () => {
  it('tells each check on output 1 and the end once on output 2, with all properties of the message', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = monitor(red);
    const workflowId = await aRun(simulator);
    const res = { end: () => undefined };
    node.receive({ workflowId, custom: { kept: [1] }, res });
    await red.until(() => node.on1(1).length > 1);
    simulator.endRun(workflowId);
    await red.until(() => node.done.length === 1);
    expect(node.on1(1).every((msg) => ['SUBMITTED', 'RUNNING'].includes(String(statusOf(msg))))).toBe(true);
    const [end, ...more] = node.on1(2);
    expect(more).toEqual([]);
    expect(end).toMatchObject({
      workflowId,
      custom: { kept: [1] },
      payload: { workflow: { id: workflowId, status: 'SUCCEEDED' } },
    });
    expect(end?.res).toBe(res);
    expect(end).not.toHaveProperty('redelivered');
    expect(node.on1(3)).toEqual([]);
    expect(node.done).toMatchObject([{ error: undefined }]);
    expect(red.store.scope(node.id).size).toBe(0);
    expect((node as unknown as { parksMessages: boolean }).parksMessages).toBe(true);
    await red.until(() => node.statuses.at(-1)?.fill === 'green');
    expect(node.logged).toEqual([expect.stringMatching(/^warn .*cannot be kept over a restart.*: res$/)]);
  });

  it.each(['FAILED', 'CANCELLED'] as const)('tells %s on output 3', async (end) => {
    const simulator = await simulate({ scenario: { runs: [{ submittedFor: 1, runningFor: 1, end }] } });
    const red = redOn(simulator);
    const node = monitor(red);
    node.receive({ workflowId: await aRun(simulator) });
    await red.until(() => node.done.length === 1);
    expect(node.on1(3)).toHaveLength(1);
    expect(statusOf(node.on1(3)[0])).toBe(end);
    expect(node.on1(2)).toEqual([]);
  });

  it.each(['NEVER', 'SUCCEEDED', 'FAILED'] as const)('checks once with keepPolling off: %s', async (end) => {
    const simulator = await simulate({ scenario: { runs: [{ submittedFor: 1, runningFor: 1, end }] } });
    const red = redOn(simulator);
    const node = monitor(red, { keepPolling: false, pollType: 'num', poll: '1' });
    const workflowId = await aRun(simulator);
    simulator.advance(60_000);
    node.receive({ workflowId });
    await red.until(() => node.done.length === 1);
    expect(node.sent.map(({ output }) => output)).toEqual([{ NEVER: 1, SUCCEEDED: 2, FAILED: 3 }[end]]);
    expect(reads(simulator).filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('takes the workspace of the message when neither node nor connection has one', async () => {
    const simulator = await simulate();
    const red = redOn(simulator, {
      settings: {
        seqera: {
          defaultId: 'none',
          connections: { none: { name: 'd', baseUrl: simulator.url, workspaceId: null, token: () => TOKEN } },
        },
      },
    });
    const node = monitor(red, { keepPolling: false });
    const workflowId = await aRun(simulator);
    node.receive({ workflowId, workspaceId: Number(WORKSPACE) });
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toBeUndefined();
    expect(simulator.calls.at(-1)?.query.workspaceId).toBe(WORKSPACE);
  });

  it.each([{}, { workflowId: '  ' }, { workflowId: { a: 1 } }])('ends with an error for %j', async (message) => {
    const red = redOn(await simulate());
    const node = monitor(red);
    node.receive(message);
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({
      code: 'SEQERA_INVALID_INPUT',
      message: expect.stringMatching(/workflowId/),
    });
    expect(red.store.scope(node.id).size).toBe(0);
  });
});

describe('many runs', () => {
  it('ends with an error for a unit of time that is none', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = monitor(red, { pollUnits: 'fortnights' });
    node.receive({ workflowId: '1a2b3c' });
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({
      code: 'SEQERA_INVALID_INPUT',
      message: expect.stringMatching(/pollUnits/),
    });
    expect(red.store.scope(node.id).size).toBe(0);
  });

  it('follows 100 runs that are launched at once, each with its own message', async () => {
    const simulator = await simulate({
      speed: 10,
      scenario: { runs: [{ match: { runName: '[37]$' }, end: 'FAILED' }] },
    });
    const red = redOn(simulator);
    const launch = red.create('seqera-workflow-launch', {
      seqera: '',
      launchpadName: 'hello',
      runName: 'runName',
      runNameType: 'msg',
    });
    const node = monitor(red);
    for (let index = 0; index < 100; index += 1) launch.receive({ index, runName: `many-${index}` });
    await red.until(() => launch.done.length === 100);
    expect(launch.sent).toHaveLength(100);
    expect(simulator.runs).toHaveLength(100);
    const before = simulator.calls.length;
    for (const { msg } of launch.sent) node.receive(msg);
    await red.until(() => node.done.length === 100);
    const ends = [...node.on1(2), ...node.on1(3)];
    expect(ends).toHaveLength(100);
    expect(new Set(ends.map(({ index }) => index)).size).toBe(100);
    for (const msg of ends) {
      expect(msg.runName).toBe(`many-${msg.index}`);
      expect(msg.payload).toMatchObject({ workflow: { id: msg.workflowId, runName: msg.runName } });
    }
    expect(node.on1(3).every(({ runName }) => /[37]$/.test(String(runName)))).toBe(true);
    expect(node.on1(3)).toHaveLength(20);
    // Three full bodies a run (first sight, running, end); the checks themselves are a call each for all of them.
    const calls = simulator.calls.slice(before);
    expect(calls.filter(({ route }) => route === '/workflow/{workflowId}').length).toBeLessThanOrEqual(320);
    expect(calls.filter(({ route }) => route === '/workflow').length).toBeLessThan(60);
    expect(red.store.scope(node.id).size).toBe(0);
  }, 30_000);

  it('watches a run once that came twice, and tells its end for both messages', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = monitor(red);
    const workflowId = await aRun(simulator);
    node.receive({ workflowId, which: 'first' });
    node.receive({ workflowId, which: 'second' });
    await red.until(() => node.on1(1).length >= 2);
    expect(node.on1(1).every(({ which }) => which === 'first')).toBe(true);
    simulator.endRun(workflowId, 'SUCCEEDED');
    await red.until(() => node.done.length === 2);
    expect(
      node
        .on1(2)
        .map(({ which }) => which)
        .sort(),
    ).toEqual(['first', 'second']);
    const times = reads(simulator).filter(({ method }) => method === 'GET');
    expect(times.length).toBeLessThanOrEqual(node.on1(1).length + 4);
  });
});

describe('what does not end a watch', () => {
  it('survives a storm of 503, resets and garbled bodies, and says so in two lines', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = monitor(red);
    const workflowId = await aRun(simulator);
    node.receive({ workflowId });
    await red.until(() => node.on1(1).length > 0);
    const faults = (['status', 'reset-before', 'malformed', 'html'] as const).map((kind) => ({
      kind,
      times: 2,
      ...(kind === 'status' || kind === 'html' ? { status: 503 } : {}),
    }));
    simulator.setScenario({ ...never, faults });
    const seen = node.on1(1).length;
    await red.until(() => node.on1(1).length > seen + 1);
    expect(node.statuses.some(({ fill, shape }) => fill === 'yellow' && shape === 'ring')).toBe(true);
    expect(node.logged.map((line) => line.split(' ')[0])).toEqual(['warn', 'log']);
    expect(node.warned).toMatchObject([{ message: expect.stringMatching(/^A check failed/), runId: workflowId }]);
    simulator.endRun(workflowId, 'SUCCEEDED');
    await red.until(() => node.done.length === 1);
    expect(node.on1(2)).toHaveLength(1);
    expect(node.done[0]?.error).toBeUndefined();
  });

  it('keeps watching a run that the Platform lost sight of', async () => {
    const simulator = await simulate({
      speed: 20,
      scenario: { runs: [{ submittedFor: '1s', runningFor: '20s', unknown: { after: '2s', for: '10s' } }] },
    });
    const red = redOn(simulator);
    const node = monitor(red);
    node.receive({ workflowId: await aRun(simulator) });
    await red.until(() => node.done.length === 1);
    expect(node.on1(1).map(statusOf)).toContain('UNKNOWN');
    expect(node.on1(2)).toHaveLength(1);
    expect(node.on1(3)).toEqual([]);
  });

  it('ends an UNKNOWN run on output 3 when the grace is over', async () => {
    const simulator = await simulate({ scenario: { runs: [{ submittedFor: 1, runningFor: 1, end: 'UNKNOWN' }] } });
    const red = redOn(simulator);
    const node = monitor(red, { unknownGrace: '0.005' });
    node.receive({ workflowId: await aRun(simulator) });
    await red.until(() => node.done.length === 1);
    expect(node.on1(1).map(statusOf)).toContain('UNKNOWN');
    expect(statusOf(node.on1(3)[0])).toBe('UNKNOWN');
  });
});

describe('what ends a watch', () => {
  it('a run that does not exist', async () => {
    const gone = { match: { path: '/workflow/nosuchrun' }, kind: 'status' as const, status: 404 };
    const simulator = await simulate({ scenario: { faults: [gone] } });
    const red = redOn(simulator);
    const node = monitor(red);
    node.receive({ workflowId: 'nosuchrun12345' });
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_NOT_FOUND', status: 404, runId: 'nosuchrun12345' });
    expect(red.store.scope(node.id).size).toBe(0);
    expect(node.statuses.at(-1)?.fill).toBe('red');
    expect(inspect(node, { depth: 12, showHidden: true })).not.toContain(TOKEN);
  });
});

describe('over a restart', () => {
  it('goes on with what it watched, with the message, and ends it like any other', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = monitor(red, { id: 'monitor1' });
    const workflowId = await aRun(simulator);
    const when = new Date(0);
    node.receive({
      workflowId,
      bytes: Buffer.from('bytes'),
      when,
      res: { end: () => undefined },
      call: () => undefined,
    });
    await red.until(() => node.on1(1).length > 0);
    // kill -9: what is on disk now is all that is left.
    const left = red.store.snapshot();
    await node.close();
    expect(node.done).toEqual([]);
    expect(node.logged.join()).toMatch(/warn .*call/);

    simulator.endRun(workflowId, 'FAILED');
    // The live message is only handed over within one process: this node has another id there.
    const again = redOn(simulator, { store: renamed(left, 'monitor1', 'monitor2') });
    const after = monitor(again, { id: 'monitor2' });
    await again.until(() => after.done.length === 1);
    const [end, ...more] = after.on1(3);
    expect(more).toEqual([]);
    expect(end).toMatchObject({ workflowId, when });
    expect(end?.bytes).toEqual(Buffer.from('bytes'));
    expect(end).not.toHaveProperty('redelivered');
    expect(end).not.toHaveProperty('res');
    expect(again.store.scope('monitor2').size).toBe(0);
  });

  it('marks an end that may have been sent before', async () => {
    const simulator = await simulate({ scenario: { runs: [{ submittedFor: 1, runningFor: 1 }] } });
    const red = redOn(simulator);
    const node = monitor(red, { id: 'monitor3' });
    const workflowId = await aRun(simulator);
    simulator.advance(60_000);
    node.receive({ workflowId });
    await red.until(() => node.on1(2).length === 1);
    const left = red.store.snapshot();
    const again = redOn(simulator, { store: renamed(left, 'monitor3', 'monitor4') });
    const after = monitor(again, { id: 'monitor4' });
    await again.until(() => after.done.length === 1);
    expect(after.on1(2)).toMatchObject([{ workflowId, redelivered: true }]);
  });

  it('keeps the open HTTP request of a message over a deploy', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = monitor(red, { id: 'monitor5' });
    const workflowId = await aRun(simulator);
    const res = { end: () => undefined };
    node.receive({ workflowId, res });
    await red.until(() => node.on1(1).length > 0);
    await node.close();
    const after = monitor(red, { id: 'monitor5' });
    simulator.endRun(workflowId, 'SUCCEEDED');
    await red.until(() => after.done.length === 1);
    expect(after.on1(2)[0]?.res).toBe(res);
  });

  it('goes on although the watch cannot be stored, and says that it would not survive', async () => {
    const simulator = await simulate({ scenario: { runs: [{ submittedFor: 1, runningFor: 1 }] } });
    const red = redOn(simulator);
    const node = monitor(red);
    red.store.failWith = new Error('ENOSPC');
    node.receive({ workflowId: await aRun(simulator) });
    await red.until(() => node.done.length === 1);
    expect(node.on1(2)).toHaveLength(1);
    expect(node.logged.join()).toMatch(/would not survive.*ENOSPC/);
  });
});

function renamed(store: FakeStore, from: string, to: string): FakeStore {
  const copy = new FakeStore();
  copy.scopes.set(to, store.scope(from));
  return copy;
}
