import { describe, expect, it } from 'vitest';
import { aRun, errorOf, errorsOf, send, simulators } from '../testing/drive.ts';
import { redOn } from '../testing/stage.ts';

const { simulate } = simulators();
const trigger = { method: 'POST', path: '/actions/[^/]+/launch$' };
const triggers = (calls: readonly { route: string | null }[]) =>
  calls.filter(({ route }) => route === '/actions/{actionId}/launch');

describe('triggering an action', () => {
  it.each(['nightly-qc', '7nIghtlySeed00000000Ac'])(
    'launches with parameters, by name or id: %s',
    async (actionName) => {
      const simulator = await simulate();
      const red = redOn(simulator);
      const node = red.create('seqera-action-launch', { actionName, paramsKey: '{"depth":50}' });
      await send(red, node, { custom: 1 });
      expect(errorsOf(node)).toEqual([]);
      const [run, ...more] = simulator.runs;
      expect(more).toEqual([]);
      expect(run?.params).toMatchObject({ depth: 50, outdir: 's3://redstart-labs/qc' });
      expect(node.sent[0]?.msg).toMatchObject({ workflowId: run?.id, payload: { workflowId: run?.id }, custom: 1 });
      expect(triggers(simulator.calls)[0]).toMatchObject({
        query: { workspaceId: '70001' },
        body: { params: { depth: 50 } },
      });
    },
  );

  it.each(['reset-after', 'malformed'] as const)('takes over the run when the answer is lost: %s', async (kind) => {
    const simulator = await simulate({ scenario: { faults: [{ match: trigger, kind, times: 1 }] } });
    const red = redOn(simulator);
    // There before, and of another pipeline meanwhile: neither is its own.
    await send(red, red.create('seqera-action-launch', { actionName: 'nightly-qc' }));
    simulator.setScenario({ faults: [{ match: trigger, kind, times: 1 }] });
    const node = red.create('seqera-action-launch', { actionName: 'nightly-qc', paramsKey: '{"depth":9}' });
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.action('nightly-qc')?.runs.at(-1)).toBe(node.sent[0]?.msg.workflowId);
    expect(simulator.runs).toHaveLength(2);
  });

  it('triggers again when there certainly is no run', async () => {
    const simulator = await simulate({ scenario: { faults: [{ match: trigger, kind: 'reset-before', times: 1 }] } });
    const red = redOn(simulator);
    const node = red.create('seqera-action-launch', { actionName: 'nightly-qc' });
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.runs).toHaveLength(1);
    expect(triggers(simulator.calls)).toHaveLength(2);
  });

  it('says so when it cannot tell, and triggers no second time', async () => {
    const simulator = await simulate({
      scenario: {
        faults: [
          { match: trigger, kind: 'reset-after', times: 1 },
          { match: { method: 'GET', path: '/workflow$' }, kind: 'status', status: 403, skip: 1 },
        ],
      },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-action-launch', { actionName: 'nightly-qc' });
    await send(red, node);
    expect(errorOf(node)).toMatchObject({
      code: 'SEQERA_AMBIGUOUS_LAUNCH',
      message: expect.stringMatching(/nightly-qc/),
    });
    expect(triggers(simulator.calls)).toHaveLength(1);
    expect(simulator.runs).toHaveLength(1);
  });

  it('tells runs of two messages apart', async () => {
    const simulator = await simulate({ scenario: { faults: [{ match: trigger, kind: 'reset-after', times: 1 }] } });
    const red = redOn(simulator);
    const node = red.create('seqera-action-launch', {
      actionName: 'nightly-qc',
      paramsKey: 'params',
      paramsKeyType: 'msg',
    });
    await aRun(simulator);
    await send(red, node, { params: { depth: 1 } }, { params: { depth: 2 } });
    expect(errorsOf(node)).toEqual([]);
    expect(new Set(node.sent.map(({ msg }) => msg.workflowId)).size).toBe(2);
    expect(simulator.action('nightly-qc')?.runs).toHaveLength(2);
  });

  it.each([
    [{ actionName: '' }, 'SEQERA_INVALID_INPUT', /actionName/],
    [{ actionName: 'nightly' }, 'SEQERA_NOT_FOUND', /nightly-qc/],
    [{ actionName: 'a/b \'ü"' }, 'SEQERA_NOT_FOUND', /a\/b/],
    [{ actionName: 'on-push' }, 'SEQERA_BAD_REQUEST', /github/],
    [{ actionName: 'nightly-qc', paramsKey: '[1]' }, 'SEQERA_INVALID_INPUT', /paramsKey/],
    [{ actionName: 'nightly-qc', paramsKey: '{' }, 'SEQERA_INVALID_INPUT', /paramsKey/],
  ])('ends with its code for %j', async (properties, code, what) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-action-launch', properties);
    await send(red, node);
    expect(errorOf(node)).toMatchObject({ code, message: expect.stringMatching(what) });
    expect(simulator.runs).toEqual([]);
  });
});
