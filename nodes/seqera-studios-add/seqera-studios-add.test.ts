import { describe, expect, it } from 'vitest';
import { errorOf, errorsOf, send, simulators } from '../testing/drive.ts';
import { redOn } from '../testing/stage.ts';

const { simulate } = simulators();
const CONTAINER = 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9';
const studio = (properties: Record<string, unknown> = {}) => ({
  studioName: 'analysis',
  containerUri: CONTAINER,
  computeEnvId: 'aws-batch',
  ...properties,
});
const posts = (calls: readonly { method: string; route: string | null; body?: unknown; query?: unknown }[]) =>
  calls.filter(({ method, route }) => method === 'POST' && route === '/studios');

describe('adding a studio', () => {
  it('sends what it is told, finds ids of names, and gives the studio', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create(
      'seqera-studios-add',
      studio({
        mountData: 'mounts',
        mountDataType: 'msg',
        cpu: '4',
        cpuType: 'num',
        lifespanHours: '8',
        description: 'd',
      }),
    );
    await send(red, node, { mounts: ['open-genomes', 'reads'], custom: true });
    expect(errorsOf(node)).toEqual([]);
    const [call, ...more] = posts(simulator.calls);
    expect(more).toEqual([]);
    expect(call?.query).toEqual({ workspaceId: '70001', autoStart: 'true' });
    const [genomes, reads] = ['open-genomes', 'reads'].map((name) =>
      simulator.dataLinks.find((one) => one.name === name),
    );
    expect(call?.body).toEqual({
      name: 'analysis',
      dataStudioToolUrl: CONTAINER,
      computeEnvId: '4aWsBatchSeed0000000Ce',
      description: 'd',
      configuration: {
        cpu: 4,
        memory: 8192,
        gpu: 0,
        lifespanHours: 8,
        mountDataV2: [{ dataLinkId: genomes?.id }, { dataLinkId: reads?.id }],
      },
      isPrivate: false,
    });
    const made = simulator.studio('analysis');
    expect(made?.status).toBe('starting');
    expect(node.sent[0]?.msg).toMatchObject({
      studioId: made?.id,
      custom: true,
      payload: { studio: { name: 'analysis' } },
    });
  });

  it('takes no CPUs and no memory for the defaults, as flows have it', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    await send(red, red.create('seqera-studios-add', studio({ cpu: '0', cpuType: 'num', memory: 0 })));
    expect(posts(simulator.calls)[0]?.body).toMatchObject({ configuration: { cpu: 2, memory: 8192 } });
  });

  it('sends spot only when it is set, and does not start when told so', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    await send(
      red,
      red.create(
        'seqera-studios-add',
        studio({ spot: true, autoStart: false, isPrivate: 'true', isPrivateType: 'bool' }),
      ),
    );
    expect(posts(simulator.calls)[0]).toMatchObject({
      query: { autoStart: 'false' },
      body: { spot: true, isPrivate: true },
    });
    expect(simulator.studio('analysis')?.status).toBe('stopped');
  });

  it.each(['reset-after', 'malformed'] as const)('makes one studio when the answer is lost: %s', async (kind) => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { method: 'POST', path: '/studios$' }, kind, effect: true, times: 1 }] },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-studios-add', studio());
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(posts(simulator.calls)).toHaveLength(1);
    expect(node.sent[0]?.msg.studioId).toBe(simulator.studio('analysis')?.id);
  });

  it('asks again when there is none', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { method: 'POST' }, kind: 'reset-before', times: 1 }] },
    });
    const red = redOn(simulator);
    const node = red.create('seqera-studios-add', studio());
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.studios.filter(({ name }) => name === 'analysis')).toHaveLength(1);
  });

  it.each([
    [{ studioName: 'notebook' }, 'SEQERA_CONFLICT', /5a11ad01/],
    [{ computeEnvId: 'aws-batc' }, 'SEQERA_NOT_FOUND', /aws-batch/],
    [{ mountData: 'read' }, 'SEQERA_NOT_FOUND', /reads/],
    [{ mountData: 'shared-name' }, 'SEQERA_AMBIGUOUS_NAME', /shared-name/],
    [{ computeEnvId: 'slurm-onprem' }, 'SEQERA_BAD_REQUEST', /platform/],
    [{ studioName: '' }, 'SEQERA_INVALID_INPUT', /studioName/],
    [{ containerUri: ' ' }, 'SEQERA_INVALID_INPUT', /containerUri/],
    [{ computeEnvId: '' }, 'SEQERA_INVALID_INPUT', /computeEnvId/],
    [{ studioName: 'x'.repeat(81) }, 'SEQERA_INVALID_INPUT', /80/],
    [{ cpu: 'two' }, 'SEQERA_INVALID_INPUT', /cpu/],
    [{ memory: '1.5' }, 'SEQERA_INVALID_INPUT', /memory/],
    [{ gpu: -1 }, 'SEQERA_INVALID_INPUT', /gpu/],
    [{ spot: 'perhaps', spotType: 'str' }, 'SEQERA_INVALID_INPUT', /spot/],
    [{ mountData: 'payload', mountDataType: 'msg' }, 'SEQERA_INVALID_INPUT', /mountData/],
  ])('ends with its code for %j', async (properties, code, what) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-studios-add', studio(properties));
    await send(red, node, { payload: { a: 1 } });
    expect(errorOf(node)).toMatchObject({ code, message: expect.stringMatching(what) });
    expect(posts(simulator.calls).length).toBe(code === 'SEQERA_BAD_REQUEST' ? 1 : 0);
    expect(node.sent).toEqual([]);
  });

  it('says which role it takes', async () => {
    const simulator = await simulate({ scenario: { tokens: [{ token: 'of-a-launcher', role: 'launch' }] } });
    const red = redOn(simulator, { token: 'of-a-launcher' });
    const node = red.create('seqera-studios-add', studio());
    await send(red, node);
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_FORBIDDEN', message: expect.stringMatching(/role Maintain/) });
  });
});
