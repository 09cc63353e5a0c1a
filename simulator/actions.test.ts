import { describe, expect, it } from 'vitest';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const NIGHTLY = '7nIghtlySeed00000000Ac';
const ON_PUSH = '7oNpushSeed000000000Ac';

const launch = (platform: TestPlatform, id: string, body: unknown = {}) =>
  platform.call('POST', `/actions/${id}/launch?${WS}`, body);

describe('actions', () => {
  it('are listed in their workspace', async () => {
    await using platform = await TestPlatform.start();
    const { actions } = (await platform.get(`/actions?${WS}&attributes=labels`)).body as { actions: object[] };
    expect(actions).toMatchObject([
      { id: ON_PUSH, name: 'on-push', source: 'github', status: 'ACTIVE' },
      { id: NIGHTLY, name: 'nightly-qc', source: 'tower', labels: [{ name: 'nightly' }] },
    ]);
    expect((await platform.get('/actions')).body).toEqual({ actions: [] });
    expect((await platform.get(`/actions/${NIGHTLY}`)).status).toBe(403);
  });

  it('launch a run, the given params laid over their own', async () => {
    await using platform = await TestPlatform.start({
      scenario: { runs: [{ match: { params: { depth: '^60$' } }, end: 'FAILED' }] },
    });
    const { body } = await launch(platform, NIGHTLY, { params: { depth: 60, samples: ['a', 'b'] } });
    const { workflowId } = body as { workflowId: string };
    expect(platform.simulator.run(workflowId)).toMatchObject({
      pipeline: 'https://github.com/redstart-labs/qc',
      params: { depth: 60, outdir: 's3://redstart-labs/qc', samples: ['a', 'b'] },
      labels: ['nightly'],
      workspaceId: SHOWCASE,
    });
    expect(platform.simulator.action('nightly-qc')?.runs).toEqual([workflowId]);
    platform.simulator.advance(10_000);
    expect(platform.simulator.run(workflowId)?.status).toBe('FAILED');
    expect((await platform.get(`/actions/${NIGHTLY}?${WS}`)).body).toMatchObject({ action: { event: { workflowId } } });
  });

  it('are not launched when they are paused, of another source, or given nonsense', async () => {
    await using platform = await TestPlatform.start({ scenario: { actions: { 'nightly-qc': { status: 'PAUSED' } } } });
    expect((await launch(platform, NIGHTLY)).status).toBe(400);
    expect((await platform.call('POST', `/actions/${NIGHTLY}/pause?${WS}`, {})).status).toBe(204);
    expect((await launch(platform, NIGHTLY, { params: [1] })).status).toBe(400);
    expect((await launch(platform, NIGHTLY, { params: { big: 'x'.repeat(400_000) } })).status).toBe(400);
    expect((await launch(platform, ON_PUSH)).status).toBe(400);
    expect(platform.simulator.runs).toEqual([]);
    expect((await launch(platform, NIGHTLY)).status).toBe(200);
    platform.simulator.setScenario({ actions: { 'nightly-qc': { status: 'ERROR' } } });
    expect((await platform.call('POST', `/actions/${NIGHTLY}/pause?${WS}`, {})).status).toBe(400);
    expect((await platform.get(`/actions/${NIGHTLY}?${WS}`)).body).toMatchObject({ action: { status: 'ERROR' } });
    expect(() => platform.simulator.setScenario({ actions: { none: { status: 'ACTIVE' } } })).toThrow(/no none/);
  });
});
