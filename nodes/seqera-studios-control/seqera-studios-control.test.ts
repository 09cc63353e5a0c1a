import { describe, expect, it } from 'vitest';
import { errorOf, errorsOf, send, simulators } from '../testing/drive.ts';
import { redOn } from '../testing/stage.ts';

const { simulate } = simulators();
/** Seeded: one that runs, one that is stopped. */
const RUNNING = '5a11ad01';
const STOPPED = '5a11ad02';

const changes = (calls: readonly { method: string; route: string | null }[]) =>
  calls.filter(({ method, route }) => method !== 'GET' && route?.startsWith('/studios'));

describe('controlling a studio', () => {
  it.each([
    ['start', STOPPED, 'starting', { jobSubmitted: true, sessionId: STOPPED }],
    ['stop', RUNNING, 'stopping', { jobSubmitted: true, sessionId: RUNNING }],
  ])('%s', async (operation, studioId, status, payload) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-studios-control', { operation });
    await send(red, node, { studioId, custom: 1 });
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.studio(studioId)?.status).toBe(status);
    expect(node.sent[0]?.msg).toMatchObject({ studioId, custom: 1, payload });
    expect(node.sent[0]?.msg).not.toHaveProperty('alreadyDone');
  });

  it('deletes', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-studios-control', { operation: 'delete', studioId: STOPPED, studioIdType: 'str' });
    await send(red, node);
    expect(simulator.studio(STOPPED)).toBeUndefined();
    expect(node.sent[0]?.msg).toMatchObject({ studioId: STOPPED, payload: {} });
    await send(red, node);
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_NOT_FOUND', status: 404 });
  });

  it('takes what is so already for done', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    for (const [operation, studioId] of [
      ['start', RUNNING],
      ['stop', STOPPED],
    ]) {
      const node = red.create('seqera-studios-control', { operation });
      await send(red, node, { studioId });
      expect(node.sent[0]?.msg).toMatchObject({ alreadyDone: true, studioId });
    }
  });

  it.each([
    ['start', STOPPED, /start$/],
    ['stop', RUNNING, /stop$/],
    ['delete', STOPPED, /studios\/[^/]+$/],
  ])('looks before it repeats a %s whose answer was lost', async (operation, studioId, path) => {
    const method = operation === 'delete' ? 'DELETE' : 'PUT';
    const simulator = await simulate({
      scenario: { faults: [{ match: { method, path: path.source }, kind: 'reset-after', times: 1 }] },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-studios-control', { operation });
    await send(red, node, { studioId });
    expect(errorsOf(node)).toEqual([]);
    expect(changes(simulator.calls)).toHaveLength(1);
    expect(node.sent[0]?.msg).not.toHaveProperty('alreadyDone');
  });

  it('asks again when the studio shows that nothing happened', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { method: 'PUT' }, kind: 'reset-before', times: 1 }] },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-studios-control', { operation: 'stop' });
    await send(red, node, { studioId: RUNNING });
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.studio(RUNNING)?.status).toBe('stopping');
  });

  it('never extends twice', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { method: 'POST' }, kind: 'status', status: 503, effect: true }] },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-studios-control', { operation: 'extend' });
    await send(red, node, { studioId: RUNNING });
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_SERVER_ERROR', status: 503 });
    expect(changes(simulator.calls)).toHaveLength(1);
  });

  it.each([
    [{ operation: 'explode' }, { studioId: RUNNING }, /operation/],
    [{ operation: 'start' }, {}, /studioId/],
    [{ operation: 'start' }, { studioId: '..' }, /id/],
  ])('refuses %j with %j', async (properties, message, what) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-studios-control', properties);
    await send(red, node, message);
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_INVALID_INPUT', message: expect.stringMatching(what) });
    expect(simulator.calls).toEqual([]);
  });
});
