import { describe, expect, it } from 'vitest';
import { ALL_NODES, APART } from './testing/all-nodes.ts';
import { errorOf, send, simulators } from './testing/drive.ts';
import { quickly, redOn } from './testing/stage.ts';

// What the Platform, its gateway or the network can answer, to every node that takes messages: each message ends once,
// with the code of what happened, and nothing goes out.

const { simulate, keep } = simulators();

const CONTAINER = 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9';
/** Stands for a run that exists. */
const RUN = '$run';
const NODES: Record<string, { properties: Record<string, unknown>; message?: Record<string, unknown> }> = {
  'seqera-workflow-launch': { properties: { launchpadName: 'hello' } },
  'seqera-workflow-monitor': { properties: { keepPolling: false }, message: { workflowId: RUN } },
  'seqera-workflow-cancel': { properties: {}, message: { workflowId: RUN } },
  'seqera-datalink-list': { properties: { dataLinkName: 'reads' } },
  'seqera-dataset-add': { properties: { datasetName: 'new' }, message: { payload: 'a,b\n' } },
  'seqera-dataset-get': { properties: { datasetName: 'samples' } },
  'seqera-studios-add': { properties: { studioName: 'a', containerUri: CONTAINER, computeEnvId: 'aws-batch' } },
  'seqera-studios-monitor': { properties: { keepPolling: false }, message: { studioId: '5a11ad01' } },
  'seqera-studios-control': { properties: { operation: 'stop' }, message: { studioId: '5a11ad01' } },
  'seqera-action-launch': { properties: { actionName: 'nightly-qc' } },
  'seqera-api': { properties: { path: '/workflow' } },
};
/** They take no messages: what they do with faults is in their own tests. */
const WITHOUT_INPUT = ['seqera-config', 'seqera-workflow-poll', 'seqera-datalink-poll'];

const HTML = '<html><head><title>502 Bad Gateway</title></head></html>';
const ANSWERS = [
  [{ kind: 'status', status: 401, body: '' }, 'SEQERA_UNAUTHORIZED'],
  [{ kind: 'status', status: 403, body: { message: 'Forbidden' } }, 'SEQERA_FORBIDDEN'],
  [{ kind: 'status', status: 404, body: { message: 'not there' } }, 'SEQERA_NOT_FOUND'],
  [{ kind: 'status', status: 409, body: { message: 'exists' } }, 'SEQERA_CONFLICT'],
  [{ kind: 'status', status: 429, retryAfter: 0, body: { message: 'Wait 0secs' } }, 'SEQERA_RATE_LIMITED'],
  [{ kind: 'status', status: 500, body: { message: 'oops' } }, 'SEQERA_SERVER_ERROR'],
  // What the Platform answers when it failed itself.
  [
    { kind: 'status', status: 400, body: { message: 'Unexpected error while processing - Error ID: 4kQ9' } },
    'SEQERA_SERVER_ERROR',
  ],
  [{ kind: 'status', status: 503, body: HTML }, 'SEQERA_SERVER_ERROR'],
  [{ kind: 'html', status: 200 }, 'SEQERA_BAD_ANSWER'],
  [{ kind: 'malformed' }, 'SEQERA_BAD_ANSWER'],
  [{ kind: 'status', status: 200, body: { unexpected: [] } }, 'SEQERA_BAD_ANSWER'],
  [{ kind: 'reset-before' }, 'SEQERA_UNREACHABLE'],
  [{ kind: 'hang' }, 'SEQERA_TIMEOUT'],
] as const;

const pace = { ...quickly, retry: { attempts: 3, baseMs: 1, capMs: 4, minimumMs: 1 } };

it('every node with an input is here', () => {
  expect([...Object.keys(NODES), ...WITHOUT_INPUT, ...APART].sort()).toEqual(Object.keys(ALL_NODES).sort());
});

describe.each(Object.keys(NODES))('%s', (type) => {
  it.each(ANSWERS)('ends with its code for %j: %s', async (fault, code) => {
    const simulator = await simulate({ scenario: { faults: [fault as never], history: [{ count: 1 }] } });
    const red = redOn(simulator, { pace: fault.kind === 'hang' ? { ...pace, answerTimeoutMs: 60 } : pace });
    const { properties, message = {} } = NODES[type] ?? { properties: {} };
    const node = keep(red.create(type, { seqera: '', ...properties }));
    red.started();
    await send(red, node, message.workflowId === RUN ? { workflowId: simulator.runs[0]?.id } : { ...message });
    // An answer without what is looked for is, to some, an empty list, and to a free call any answer is one.
    const empty = code === 'SEQERA_BAD_ANSWER' && 'body' in fault;
    if (empty && type === 'seqera-api') {
      expect(node.sent).toHaveLength(1);
      return;
    }
    const error = errorOf(node);
    expect(empty ? ['SEQERA_BAD_ANSWER', 'SEQERA_NOT_FOUND'] : [code]).toContain(error.code);
    if ('status' in fault && fault.status !== 200) expect(error.status).toBe(fault.status);
    expect(error.message.length).toBeGreaterThan(20);
    expect(node.done).toHaveLength(1);
    expect(node.sent).toEqual([]);
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red' });
  });

  it('ends with SEQERA_INVALID_INPUT for fields of the wrong type', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const { properties, message = {} } = NODES[type] ?? { properties: {} };
    const required = Object.keys({ ...properties, ...message }).find((name) => /Name$|Id$|^path$/.test(name)) ?? '';
    for (const bad of [{ a: 1 }, [], Buffer.from('x')]) {
      const node = keep(red.create(type, { seqera: '', ...properties, [required]: 'bad', [`${required}Type`]: 'msg' }));
      red.started();
      await send(red, node, { ...message, bad });
      expect(errorOf(node).code).toBe('SEQERA_INVALID_INPUT');
      expect(errorOf(node).message).toContain(required);
    }
    expect(simulator.calls).toEqual([]);
  });

  it('ends once, with a short error, for an id or name of a megabyte', async () => {
    const simulator = await simulate();
    const red = redOn(simulator, { pace });
    const { properties, message = {} } = NODES[type] ?? { properties: {} };
    const named = Object.keys({ ...properties, ...message }).find((name) => /Name$|Id$/.test(name));
    if (!named) return;
    const node = keep(red.create(type, { seqera: '', ...properties, [named]: 'huge', [`${named}Type`]: 'msg' }));
    red.started();
    await send(red, node, { ...message, huge: 'x'.repeat(1_000_000) });
    expect(node.done).toHaveLength(1);
    expect(errorOf(node).message.length).toBeLessThan(3000);
  });

  it('takes names with slashes, quotes and other letters for what they are', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const { properties, message = {} } = NODES[type] ?? { properties: {} };
    const named = Object.keys({ ...properties, ...message }).find((name) => /Name$|Id$/.test(name));
    if (!named || type === 'seqera-studios-add' || type === 'seqera-dataset-add') return;
    const node = keep(red.create(type, { seqera: '', ...properties, [named]: 'odd', [`${named}Type`]: 'msg' }));
    red.started();
    await send(red, node, { ...message, odd: `../a/b "c" 'd' ü 名 ?#&` });
    // For a run that is not there, or not to be seen, the Platform has one answer.
    expect(['SEQERA_NOT_FOUND', 'SEQERA_FORBIDDEN']).toContain(errorOf(node).code);
    expect(simulator.calls.every(({ path }) => !path.includes('/a/b'))).toBe(true);
  });
});
