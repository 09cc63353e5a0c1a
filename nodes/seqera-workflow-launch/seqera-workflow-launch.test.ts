import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeNode, FakeRed } from '../testing/fake-red.ts';
import {
  launches,
  launchRequest,
  platform,
  quickly,
  redOn,
  type Simulator,
  TOKEN,
  WORKSPACE,
} from '../testing/stage.ts';

const open: Simulator[] = [];
const simulate = async (...args: Parameters<typeof platform>): Promise<Simulator> => {
  const simulator = await platform(...args);
  open.push(simulator);
  return simulator;
};
afterEach(async () => {
  for (const simulator of open.splice(0)) await simulator.close();
});

const launchNode = (red: FakeRed, properties: Record<string, unknown> = {}): FakeNode =>
  red.create('seqera-workflow-launch', { seqera: '', launchpadName: 'hello', ...properties });

/** Sends messages and waits until each has ended. */
async function send(red: FakeRed, node: FakeNode, ...messages: Record<string, unknown>[]): Promise<void> {
  const before = node.done.length;
  for (const message of messages.length > 0 ? messages : [{}]) node.receive(message);
  await red.until(() => node.done.length >= before + Math.max(1, messages.length));
}

const errorOf = (node: FakeNode): Error & { code?: string; status?: number } => {
  const error = node.done.at(-1)?.error;
  if (!error) throw new Error('the message ended without an error');
  return error;
};

it('a request of the message that JSON has no form for is bad input', async () => {
  const simulator = await simulate();
  const red = redOn(simulator);
  const node = launchNode(red, { launchpadName: '' });
  const launch: Record<string, unknown> = { pipeline: 'https://github.com/nextflow-io/hello' };
  launch.self = launch;
  await send(red, node, { payload: { launch } });
  expect(errorOf(node).code).toBe('SEQERA_INVALID_INPUT');
  expect(launches(simulator)).toEqual([]);
});

describe('a launch from the launchpad', () => {
  it('sends request fields only, with parameters and labels, and gives the run', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, {
      launchpadNameType: 'str',
      paramsKey: '{"greeting":"hola","batch":{"size":3}}',
      params: [
        { name: 'sample', value: 'sample', valueType: 'msg' },
        { name: 'count', value: '3', valueType: 'num' },
        { name: 'absent', value: 'nothing.here', valueType: 'msg' },
      ],
      runName: 'runName',
      runNameType: 'msg',
      labels: 'PROD, brand-new',
    });
    await send(red, node, { sample: 'S-17', runName: 'main-job', custom: { kept: true } });
    const [call, ...more] = launches(simulator);
    expect(more).toEqual([]);
    expect(call?.query.workspaceId).toBe(WORKSPACE);
    const request = launchRequest(simulator);
    expect(request).toMatchObject({ runName: 'main-job', pipeline: 'https://github.com/nextflow-io/hello' });
    expect(JSON.parse(String(request.paramsText))).toMatchObject({
      greeting: 'hola',
      batch: { size: 3 },
      sample: 'S-17',
      count: 3,
    });
    expect(JSON.parse(String(request.paramsText))).not.toHaveProperty('absent');
    expect(request.labelIds).toHaveLength(2);
    expect((request.labelIds as unknown[]).every((id) => typeof id === 'number')).toBe(true);
    for (const field of ['computeEnv', 'lastUpdated', 'resumeLaunchId', 'workspaceId'])
      expect(request).not.toHaveProperty(field);
    const [run] = simulator.runs;
    expect([...(run?.labels ?? [])].sort()).toEqual(['brand-new', 'prod']);
    expect(node.sent).toHaveLength(1);
    expect(node.sent[0]?.msg).toMatchObject({
      payload: { workflowId: run?.id },
      workflowId: run?.id,
      runName: 'main-job',
      custom: { kept: true },
    });
    expect(node.sent[0]?.msg.workflowUrl).toMatch(
      new RegExp(`/orgs/redstart-labs/workspaces/showcase/watch/${run?.id}$`),
    );
    expect(node.done).toMatchObject([{ error: undefined }]);
    expect(node.statuses[0]).toMatchObject({ fill: 'blue', shape: 'ring' });
    expect(node.statuses.at(-1)).toMatchObject({
      fill: 'green',
      shape: 'dot',
      text: expect.stringMatching(/launched.* · \d\d:\d\d:\d\d$/),
    });
  });

  it('takes the pipeline of exactly the name among partial hits, and keeps parameters that are YAML', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    await send(
      red,
      launchNode(red, { launchpadName: 'rnaseq-small', params: [{ name: 'extra', value: 'true', valueType: 'bool' }] }),
    );
    expect(simulator.runs[0]?.pipelineName).toBe('rnaseq-small');
    const params = JSON.parse(String(launchRequest(simulator).paramsText)) as Record<string, unknown>;
    expect(params.extra).toBe(true);
    expect(Object.keys(params).length).toBeGreaterThan(1);
    await send(red, launchNode(red, { launchpadName: 'rnaseq' }));
    expect(simulator.runs[1]?.pipelineName).toBe('rnaseq');
  });

  it('finds the workspace that shares a pipeline', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    await send(red, launchNode(red, { launchpadName: 'shared-qc' }));
    expect(launches(simulator)[0]?.query).toMatchObject({ workspaceId: WORKSPACE, sourceWorkspaceId: '70002' });
    const describing = simulator.calls.find(({ route }) => route === '/pipelines/{pipelineId}/launch');
    expect(describing?.query.sourceWorkspaceId).toBe('70002');
    expect(launchRequest(simulator).computeEnvId).toEqual(expect.any(String));
  });

  it.each(['helo', 'rnaseq-smal', 'Hello', 'rna'])(
    'never launches a pipeline by part of its name: %s',
    async (launchpadName) => {
      const simulator = await simulate();
      const red = redOn(simulator);
      const node = launchNode(red, { launchpadName });
      await send(red, node);
      expect(errorOf(node).code).toBe('SEQERA_NOT_FOUND');
      expect(errorOf(node).message).toMatch(/Did you mean "(hello|rnaseq)/);
      expect(launches(simulator)).toEqual([]);
      expect(node.sent).toEqual([]);
      expect(node.statuses.at(-1)).toMatchObject({ fill: 'red' });
    },
  );
});

describe('a launch from the message', () => {
  it('takes the launch of msg.body before that of msg.payload, and lays parameters over it', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { launchpadName: '', paramsKey: 'params', paramsKeyType: 'msg' });
    const launch = { pipeline: 'https://github.com/nextflow-io/hello', runName: 'from-body', paramsText: '{"a":1}' };
    await send(red, node, { body: { launch }, payload: { launch: { pipeline: 'no' } }, params: { extra: true } });
    expect(errorsOf(node)).toEqual([]);
    expect(launchRequest(simulator)).toMatchObject({ runName: 'from-body' });
    expect(JSON.parse(String(launchRequest(simulator).paramsText))).toEqual({ a: 1, extra: true });
  });

  it.each([{}, { payload: 'text' }, { payload: { launch: 'x' } }])('says what is missing in %j', async (message) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { launchpadName: '' });
    await send(red, node, message);
    expect(errorOf(node).code).toBe('SEQERA_INVALID_INPUT');
    expect(errorOf(node).message).toMatch(/launchpadName.*msg\.body/);
  });
});

const errorsOf = (node: FakeNode) => node.done.flatMap(({ error }) => (error ? [error.message] : []));

describe('resume', () => {
  it('resumes with the session, the work folder, the commit and the settings of the run', async () => {
    const simulator = await simulate({ scenario: { runs: [{ end: 'FAILED', submittedFor: 10, runningFor: 10 }] } });
    const red = redOn(simulator);
    await send(red, launchNode(red, { params: [{ name: 'greeting', value: 'hei', valueType: 'str' }] }));
    simulator.advance(60_000);
    const [failed] = simulator.runs;
    const node = launchNode(red, { launchpadName: '', resumeWorkflowId: 'workflowId', resumeWorkflowIdType: 'msg' });
    await send(red, node, { workflowId: failed?.id });
    expect(errorsOf(node)).toEqual([]);
    expect(launchRequest(simulator, 1)).toMatchObject({
      id: failed?.launchId,
      resume: true,
      sessionId: failed?.sessionId,
    });
    expect(String(launchRequest(simulator, 1).revision)).toMatch(/^[0-9a-f]{40}$/);
    expect(simulator.runs[1]).toMatchObject({ resume: true, params: { greeting: 'hei' } });
  });

  it('launches afresh what died before it had code', async () => {
    const simulator = await simulate({ scenario: { runs: [{ neverStarts: true, submittedFor: 10 }] } });
    const red = redOn(simulator);
    await send(red, launchNode(red));
    simulator.advance(60_000);
    const node = launchNode(red, { launchpadName: '', resumeWorkflowId: simulator.runs[0]?.id });
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(launchRequest(simulator, 1)).toMatchObject({ resume: false });
    expect(launchRequest(simulator, 1)).not.toHaveProperty('sessionId');
    expect(simulator.runs).toHaveLength(2);
  });
});

describe('exactly one run for each message', () => {
  const onLaunch = { method: 'POST', path: '/workflow/launch$' };

  it.each(['reset-after', 'malformed', 'html'] as const)('adopts the run when the answer is lost: %s', async (kind) => {
    const fault = { match: onLaunch, kind, times: 1, effect: true, ...(kind === 'html' ? { status: 502 } : {}) };
    const simulator = await simulate({ scenario: { faults: [fault] } });
    const red = redOn(simulator);
    const node = launchNode(red);
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.runs).toHaveLength(1);
    expect(launches(simulator)).toHaveLength(1);
    expect(node.sent[0]?.msg).toMatchObject({ workflowId: simulator.runs[0]?.id, runName: simulator.runs[0]?.runName });
  });

  it.each([{ kind: 'reset-before' }, { kind: 'status', status: 503 }, { kind: 'status', status: 429 }] as const)(
    'launches again when there certainly is no run: %j',
    async (fault) => {
      const simulator = await simulate({ scenario: { faults: [{ match: onLaunch, times: 2, ...fault }] } });
      const red = redOn(simulator);
      const node = launchNode(red);
      await send(red, node);
      expect(errorsOf(node)).toEqual([]);
      expect(simulator.runs).toHaveLength(1);
      expect(node.sent[0]?.msg.workflowId).toBe(simulator.runs[0]?.id);
    },
  );

  it('does not take an earlier run of the same name for its own', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { runName: 'nightly' });
    await send(red, node);
    simulator.setScenario({ faults: [{ match: onLaunch, kind: 'reset-before', times: 1 }] });
    // Another process of the appliance: it remembers nothing of the first launch.
    const other = redOn(simulator);
    const again = launchNode(other, { runName: 'nightly' });
    await send(other, again);
    expect(errorsOf(again)).toEqual([]);
    expect(simulator.runs).toHaveLength(2);
    expect(again.sent[0]?.msg.workflowId).toBe(simulator.runs[1]?.id);
  });

  it('does not launch again while the run cannot be looked for', async () => {
    const simulator = await simulate({
      scenario: {
        faults: [
          { match: onLaunch, kind: 'reset-before', times: 1 },
          { match: { method: 'GET', path: '/workflow$' }, kind: 'status', status: 403 },
        ],
      },
    });
    const red = redOn(simulator);
    const node = launchNode(red);
    await send(red, node);
    expect(errorOf(node).code).toBe('SEQERA_AMBIGUOUS_LAUNCH');
    expect(errorOf(node).message).toContain(String(launchRequest(simulator).runName));
    expect(launches(simulator)).toHaveLength(1);
  });

  it('waits for the look-up to work again rather than launch a second time', async () => {
    const simulator = await simulate({
      scenario: {
        faults: [
          { match: onLaunch, kind: 'reset-after', times: 1 },
          { match: { method: 'GET', path: '/workflow$' }, kind: 'status', status: 503, times: 20 },
        ],
      },
    });
    const red = redOn(simulator);
    const node = launchNode(red);
    await send(red, node);
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.runs).toHaveLength(1);
    expect(launches(simulator)).toHaveLength(1);
  });

  it.each([7, 11, 23])('makes exactly 50 runs of 50 messages under a fault rate of 10 %%, seed %i', async (seed) => {
    const simulator = await simulate({
      scenario: {
        seed,
        faults: [
          { kind: 'reset-after', rate: 0.03 },
          { kind: 'reset-before', rate: 0.03 },
          { kind: 'status', status: 503, rate: 0.02 },
          { kind: 'malformed', rate: 0.02 },
        ],
      },
    });
    const red = redOn(simulator);
    const node = launchNode(red);
    await send(red, node, ...Array.from({ length: 50 }, (_, index) => ({ index })));
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.runs).toHaveLength(50);
    const ids = node.sent.map(({ msg }) => msg.workflowId);
    expect(new Set(ids)).toEqual(new Set(simulator.runs.map(({ id }) => id)));
    expect(new Set(node.sent.map(({ msg }) => msg.index)).size).toBe(50);
    expect(launches(simulator).filter(({ fault }) => fault !== null).length).toBeGreaterThan(1);
  });
});

describe('an idempotency key', () => {
  const keyed = { idempotencyKey: 'key', idempotencyKeyType: 'msg' };

  it('launches once for two messages at the same time and for one after a restart', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { id: 'launch1', ...keyed });
    await send(red, node, { key: 'a' }, { key: 'a' }, { key: 'b' });
    expect(simulator.runs).toHaveLength(2);
    const again = redOn(simulator, { store: red.store });
    const after = launchNode(again, { id: 'launch1', ...keyed });
    await send(again, after, { key: 'a' });
    expect(simulator.runs).toHaveLength(2);
    const first = node.sent.find(({ msg }) => msg.key === 'a' && msg.reused === undefined)?.msg;
    expect(node.sent.filter(({ msg }) => msg.reused === true)).toHaveLength(1);
    expect(after.sent[0]?.msg).toMatchObject({ workflowId: first?.workflowId, runName: first?.runName, reused: true });
  });

  it('launches again after a refusal, and settles a launch whose outcome was not known', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { path: '/workflow/launch$' }, kind: 'status', status: 400, times: 1 }] },
    });
    const red = redOn(simulator);
    const node = launchNode(red, keyed);
    await send(red, node, { key: 'a' });
    expect(errorOf(node).code).toBe('SEQERA_BAD_REQUEST');
    simulator.setScenario({
      faults: [
        { match: { path: '/workflow/launch$' }, kind: 'reset-after', times: 1 },
        { match: { method: 'GET', path: '/workflow$' }, kind: 'status', status: 403, times: 30 },
      ],
    });
    await send(red, node, { key: 'a' });
    expect(errorOf(node).code).toBe('SEQERA_AMBIGUOUS_LAUNCH');
    simulator.setScenario({});
    await send(red, node, { key: 'a' });
    expect(simulator.runs).toHaveLength(1);
    expect(node.sent.at(-1)?.msg).toMatchObject({ workflowId: simulator.runs[0]?.id, reused: true });
  });

  it('forgets keys after 30 days', async () => {
    const simulator = await simulate();
    let now = Date.now();
    const clock = {
      now: () => now,
      monotonic: () => performance.now(),
      setTimer: (run: () => void, ms: number) => setTimeout(run, ms),
      clearTimer: (timer: object | undefined) => clearTimeout(timer as NodeJS.Timeout),
    };
    const red = redOn(simulator, { pace: { ...quickly, clock } });
    const node = launchNode(red, { id: 'launch2', ...keyed });
    await send(red, node, { key: 'a' });
    now += 31 * 86_400_000;
    await send(red, node, { key: 'b' });
    await send(red, node, { key: 'a' });
    expect(simulator.runs).toHaveLength(3);
    expect(red.store.scope('launch2').size).toBe(2);
  });

  it('launches nothing when the intention cannot be stored', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, keyed);
    red.store.failWith = new Error('ENOSPC: no space left on device');
    await send(red, node, { key: 'a' });
    expect(errorOf(node).code).toBe('SEQERA_STORE_FAILED');
    expect(launches(simulator)).toEqual([]);
  });
});

describe('labels', () => {
  it('says which role it takes when they may not be created', async () => {
    const simulator = await simulate({ scenario: { tokens: [{ token: 'of-a-launcher', role: 'launch' }] } });
    const red = redOn(simulator, { token: 'of-a-launcher' });
    const node = launchNode(red, { labels: ['prod', 'brand-new'] });
    await send(red, node);
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_FORBIDDEN', status: 403 });
    expect(errorOf(node).message).toMatch(/brand-new.*Maintain/);
    expect(launches(simulator)).toEqual([]);
  });

  it('does not take a resource label for a simple one', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { labels: 'team' });
    await send(red, node);
    expect(launchRequest(simulator).labelIds).not.toEqual([503]);
  });
});

describe('connection and workspace', () => {
  it('uses the default connection for an empty and for a dangling id, and fails clearly without any', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    for (const seqera of ['', 'a3c1f00d', undefined]) await send(red, launchNode(red, { seqera }));
    expect(simulator.runs).toHaveLength(3);
    const bare = redOn(simulator, { settings: { seqera: undefined } });
    const node = launchNode(bare);
    await send(bare, node);
    expect(errorOf(node).code).toBe('SEQERA_NO_CONNECTION');
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red' });
  });

  it('uses an own connection with its token, and the workspace of the node before that of the connection', async () => {
    const simulator = await simulate();
    const red = redOn(simulator, { settings: { seqera: undefined } });
    const config = red.create(
      'seqera-config',
      { id: 'own', name: 'mine', baseUrl: `${simulator.url}/`, workspaceId: 70002 },
      { token: TOKEN },
    );
    await send(red, launchNode(red, { seqera: 'own', workspaceId: '70001', workspaceIdType: 'str' }));
    expect(launches(simulator)[0]).toMatchObject({ token: TOKEN, query: { workspaceId: '70001' } });
    expect(inspect(config, { depth: 10 })).not.toContain(TOKEN);
  });

  it('does not let a base URL carry the token to another host', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = launchNode(red, { baseUrl: 'http://evil.example/api', baseUrlType: 'str' });
    await send(red, node);
    expect(errorOf(node).code).toBe('SEQERA_INVALID_INPUT');
    expect(errorOf(node).message).toMatch(/connection/);
    expect(simulator.calls).toEqual([]);
  });

  it.each([
    [401, 'SEQERA_UNAUTHORIZED'],
    [403, 'SEQERA_FORBIDDEN'],
    [404, 'SEQERA_NOT_FOUND'],
    [409, 'SEQERA_CONFLICT'],
    [400, 'SEQERA_BAD_REQUEST'],
    [503, 'SEQERA_SERVER_ERROR'],
    [429, 'SEQERA_RATE_LIMITED'],
  ])('ends once with a code for %i on every call, and never shows the token', async (code, expected) => {
    const simulator = await simulate({
      scenario: { faults: [{ kind: 'status', status: code, body: { message: `You sent ${TOKEN}` } }] },
    });
    const red = redOn(simulator);
    const node = launchNode(red);
    await send(red, node);
    expect(errorOf(node)).toMatchObject({ code: expected, status: code });
    const seen = [
      errorOf(node).stack,
      inspect(node, { depth: 12, showHidden: true }),
      JSON.stringify(node.statuses),
      ...node.logged,
    ];
    expect(seen.join('\n')).not.toContain(TOKEN);
  });
});
