import { describe, expect, it } from 'vitest';
import { simulators } from '../testing/drive.ts';
import { type FakeNode, type FakeRed, FakeStore } from '../testing/fake-red.ts';
import { redOn, type Simulator, TOKEN } from '../testing/stage.ts';

const { simulate, keep } = simulators();
const RUNNING = '5a11ad01';

function monitor(red: FakeRed, properties: Record<string, unknown> = {}): FakeNode {
  const node = keep(red.create('seqera-studios-monitor', { id: 'm1', seqera: '', poll: 0.1, ...properties }));
  red.started();
  return node;
}

async function aStudio(simulator: Simulator, name = 'mine', mounts: string[] = []): Promise<string> {
  const answer = await fetch(`${simulator.url}/studios?workspaceId=70001`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name,
      computeEnvId: '4aWsBatchSeed0000000Ce',
      dataStudioToolUrl: 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9',
      configuration: { mountDataV2: mounts.map((dataLinkId) => ({ dataLinkId })) },
    }),
  });
  return ((await answer.json()) as { studio: { sessionId: string } }).studio.sessionId;
}

const statusesOn = (node: FakeNode, output: number) =>
  node.on1(output).map(({ payload }) => (payload as { statusInfo?: { status?: string } }).statusInfo?.status);

describe('following a studio', () => {
  it('tells each check, once that it is ready, and once that it ended', async () => {
    const simulator = await simulate({ scenario: { studios: [{ match: { name: 'mine' }, startingFor: '1h' }] } });
    const red = redOn(simulator);
    const node = monitor(red);
    const [link] = simulator.dataLinks;
    const studioId = await aStudio(simulator, 'mine', [link?.id ?? '']);
    node.receive({ studioId, custom: { kept: true } });
    await red.until(() => node.on1(1).length > 0);
    simulator.setStudioStatus(studioId, 'running');
    await red.until(() => node.on1(2).length > 0);
    expect(node.on1(2)[0]).toMatchObject({ studioId, custom: { kept: true }, payload: { sessionId: studioId } });
    expect(statusesOn(node, 1)).toContain('starting');
    const checks = node.on1(1).length;
    await red.until(() => node.on1(1).length > checks + 2);
    expect(node.done).toEqual([]);
    simulator.setStudioStatus(studioId, 'stopped', { stopReason: 'LIFESPAN_EXPIRED' });
    await red.until(() => node.done.length === 1);
    expect(statusesOn(node, 2)).toEqual(['running']);
    expect(statusesOn(node, 3)).toEqual(['stopped']);
    expect(statusesOn(node, 1).at(-1)).toBe('stopped');
    expect(node.on1(3)[0]).toMatchObject({
      studioId,
      custom: { kept: true },
      payload: { statusInfo: { stopReason: 'LIFESPAN_EXPIRED' } },
    });
    expect(node.done).toMatchObject([{ error: undefined }]);
    expect(red.store.scope('m1').size).toBe(0);
    expect(node.logged).toEqual([]);
  });

  it.each(['errored', 'buildFailed'] as const)('tells %s on output 3', async (status) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = monitor(red);
    const studioId = await aStudio(simulator);
    node.receive({ studioId });
    await red.until(() => node.on1(1).length > 0);
    simulator.setStudioStatus(studioId, status);
    await red.until(() => node.done.length === 1);
    expect(statusesOn(node, 3)).toEqual([status]);
    expect(node.on1(2)).toEqual([]);
  });

  it.each([
    ['running', [1, 2]],
    ['starting', [1]],
    ['stopped', [1, 3]],
    ['buildFailed', [1, 3]],
  ] as const)('checks once with keepPolling off: %s', async (status, outputs) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = monitor(red, { keepPolling: false });
    simulator.setStudioStatus(RUNNING, status);
    node.receive({ studioId: RUNNING });
    await red.until(() => node.done.length === 1);
    expect(node.sent.map(({ output }) => output).sort()).toEqual(outputs);
    expect(simulator.calls).toHaveLength(1);
  });

  it('tells that it is ready again when it was started again', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = monitor(red);
    node.receive({ studioId: RUNNING });
    await red.until(() => node.on1(2).length === 1);
    simulator.setStudioStatus(RUNNING, 'starting');
    await red.until(() => statusesOn(node, 1).includes('starting'));
    simulator.setStudioStatus(RUNNING, 'running');
    await red.until(() => node.on1(2).length === 2);
    const checks = node.on1(1).length;
    await red.until(() => node.on1(1).length > checks + 2);
    expect(node.on1(2)).toHaveLength(2);
  });

  it('follows many with one call a check, each with its own message', async () => {
    const simulator = await simulate({ scenario: { studios: [{ startingFor: '1h' }] } });
    const red = redOn(simulator);
    const node = monitor(red, { poll: 0.5 });
    const ids: string[] = [];
    for (let i = 0; i < 40; i += 1) ids.push(await aStudio(simulator, `s${i}`));
    for (const studioId of ids) node.receive({ studioId, index: ids.indexOf(studioId) });
    await red.until(() => node.on1(1).length >= 40);
    const reads = () =>
      simulator.calls.filter(({ method, route }) => method === 'GET' && route?.startsWith('/studios')).length;
    const before = { reads: reads(), checks: node.on1(1).length };
    await red.until(() => node.on1(1).length >= before.checks + 80);
    const checks = (node.on1(1).length - before.checks) / ids.length;
    // One more that is on its way at either end.
    expect(reads() - before.reads).toBeLessThanOrEqual(Math.ceil(checks) + 2);
    for (const studioId of ids) simulator.setStudioStatus(studioId, 'stopped');
    await red.until(() => node.done.length === 40);
    expect(new Set(node.on1(3).map(({ index, studioId }) => `${index} ${studioId}`))).toEqual(
      new Set(ids.map((id, index) => `${index} ${id}`)),
    );
  });

  it('goes on after a restart: ready is not told again, the end is', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = monitor(red);
    node.receive({ studioId: RUNNING, custom: 1 });
    await red.until(() => node.on1(2).length === 1);
    const checks = node.on1(1).length;
    await red.until(() => node.on1(1).length > checks);
    await node.close();
    expect(node.done).toEqual([]);
    const next = redOn(simulator, { store: red.store });
    const again = monitor(next);
    await next.until(() => again.on1(1).length > 2);
    expect(again.on1(2)).toEqual([]);
    simulator.setStudioStatus(RUNNING, 'stopped');
    await next.until(() => again.done.length === 1);
    expect(again.on1(3)).toMatchObject([{ custom: 1, studioId: RUNNING }]);
    expect(again.on1(3)[0]).not.toHaveProperty('redelivered');
  });

  it.each([2, 3] as const)('marks what may have been sent before the process died, output %i', async (output) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = monitor(red);
    if (output === 3) simulator.setStudioStatus(RUNNING, 'errored');
    let dead: FakeStore | undefined;
    const watch = () => {
      if (!dead && node.on1(output).length > 0) dead = red.store.snapshot();
      return dead !== undefined;
    };
    node.receive({ studioId: RUNNING });
    await red.until(watch);
    const next = redOn(simulator, { store: dead ?? new FakeStore() });
    const again = monitor(next);
    await next.until(() => again.on1(output).length > 0);
    expect(again.on1(output)[0]?.redelivered).toBe(true);
  });

  it('survives a storm, and ends for a studio that does not exist', async () => {
    const simulator = await simulate({
      scenario: {
        faults: [
          { kind: 'status', status: 503, rate: 0.4 },
          { kind: 'malformed', rate: 0.2 },
        ],
      },
    });
    const red = redOn(simulator);
    const node = monitor(red);
    node.receive({ studioId: RUNNING });
    await red.until(() => node.on1(1).length >= 5);
    expect(node.done).toEqual([]);
    simulator.setScenario({});
    node.receive({ studioId: 'ffffffff' });
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_NOT_FOUND', status: 404 });
  });

  it.each([{}, { studioId: ' ' }, { studioId: [] }])('ends with an error for %j', async (message) => {
    const red = redOn(await simulate());
    const node = monitor(red);
    node.receive(message);
    await red.until(() => node.done.length === 1);
    expect(node.done[0]?.error).toMatchObject({
      code: 'SEQERA_INVALID_INPUT',
      message: expect.stringMatching(/studioId/),
    });
  });
});
