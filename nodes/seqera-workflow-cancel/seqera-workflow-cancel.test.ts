import { describe, expect, it } from 'vitest';
import { aRun, errorOf, errorsOf, send, simulators } from '../testing/drive.ts';
import { redOn } from '../testing/stage.ts';

const { simulate } = simulators();
const never = { runs: [{ end: 'NEVER' as const }] };
const cancels = (calls: readonly { route: string | null }[]) =>
  calls.filter(({ route }) => route === '/workflow/{workflowId}/cancel');

describe('cancelling a run', () => {
  it('ends when the Platform took the request, with the properties of the message kept', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = red.create('seqera-workflow-cancel', { seqera: '' });
    const workflowId = await aRun(simulator);
    await send(red, node, { workflowId, custom: { kept: true } });
    expect(errorsOf(node)).toEqual([]);
    expect(node.sent[0]?.msg).toMatchObject({
      workflowId,
      custom: { kept: true },
      payload: { workflow: { id: workflowId } },
    });
    expect(node.sent[0]?.msg).not.toHaveProperty('alreadyFinished');
    expect(cancels(simulator.calls)).toMatchObject([{ query: { workspaceId: '70001' }, body: {} }]);
    simulator.advance(5000);
    expect(simulator.run(workflowId)?.status).toBe('CANCELLED');
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'green' });
  });

  it('forces it when told to', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = red.create('seqera-workflow-cancel', { force: true });
    const workflowId = await aRun(simulator);
    await send(red, node, { workflowId });
    expect(cancels(simulator.calls)[0]).toMatchObject({ query: { force: 'true' } });
    expect(simulator.run(workflowId)?.status).toBe('CANCELLED');
  });

  it('takes a finished run for no error, before the request and while it is under way', async () => {
    const simulator = await simulate({ scenario: never });
    const red = redOn(simulator);
    const node = red.create('seqera-workflow-cancel');
    const workflowId = await aRun(simulator);
    // It ends between the look and the request, whose refusal is all that tells.
    simulator.setScenario({
      ...never,
      faults: [{ match: { path: 'cancel$' }, kind: 'status', status: 400, body: { message: 'not running' }, times: 1 }],
    });
    await send(red, node, { workflowId });
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_BAD_REQUEST', status: 400 });
    simulator.endRun(workflowId);
    await send(red, node, { workflowId });
    expect(node.sent[0]?.msg).toMatchObject({ alreadyFinished: true, payload: { workflow: { status: 'SUCCEEDED' } } });
    expect(cancels(simulator.calls)).toHaveLength(1);
  });

  it('may be repeated: a lost answer is no error', async () => {
    const simulator = await simulate({
      scenario: { ...never, faults: [{ match: { path: 'cancel$' }, kind: 'reset-after', times: 1 }] },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-workflow-cancel', { force: 'true', forceType: 'bool' });
    const workflowId = await aRun(simulator);
    await send(red, node, { workflowId });
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.run(workflowId)?.status).toBe('CANCELLED');
  });

  it('says which role it takes', async () => {
    const simulator = await simulate({ scenario: { ...never, tokens: [{ token: 'of-a-viewer', role: 'view' }] } });
    const red = redOn(simulator, { token: 'of-a-viewer' });
    const node = red.create('seqera-workflow-cancel');
    await send(red, node, { workflowId: await aRun(simulator) });
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_FORBIDDEN', message: expect.stringMatching(/role Launch/) });
  });
});
