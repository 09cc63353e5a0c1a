import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordedCall } from '../simulator/index.ts';
import { OpenApi } from '../simulator/testing/openapi.ts';
import { ALL_NODES, APART } from './testing/all-nodes.ts';
import { aRun, send, simulators } from './testing/drive.ts';
import type { FakeNode, FakeRed } from './testing/fake-red.ts';
import { redOn, type Simulator, TOKEN } from './testing/stage.ts';

// What the nodes send is what the Platform's specification describes: method, path, query, body. The specification is
// not part of the repository; REDSTART_OPENAPI says where it lies.

const specification = process.env.REDSTART_OPENAPI;
const openApi = specification ? new OpenApi(specification) : undefined;
const { simulate, keep } = simulators();

interface Stage {
  simulator: Simulator;
  red: FakeRed;
}

/** Sends one message to a node of these properties, which must end well, and gives the message that came out. */
async function good(
  { red }: Stage,
  type: string,
  properties: Record<string, unknown> = {},
  message: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const node = keep(red.create(type, { seqera: '', ...properties }));
  red.started();
  await send(red, node, message);
  const [ended] = node.done;
  if (ended?.error) throw ended.error;
  return node.sent[0]?.msg ?? {};
}

/** Starts a node and waits until it has sent on an output. */
async function heard(
  { red }: Stage,
  type: string,
  properties: Record<string, unknown>,
  output: number,
): Promise<FakeNode> {
  const node = keep(red.create(type, { seqera: '', ...properties }));
  red.started();
  await red.until(() => node.on1(output).length > 0);
  return node;
}

const soon = { poll: 0.1, pollUnits: 'seconds', pollFrequency: '0.1' };
const lost = (method: string, path: string) => [{ match: { method, path }, kind: 'reset-after' as const, times: 1 }];
const CONTAINER = 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9';

/** How each node type is made to send all that it sends. */
const DRIVES: Record<string, (stage: Stage) => Promise<unknown>> = {
  async 'seqera-config'({ red }) {
    const { lookups } = await import('./lib/admin/lookups.ts');
    const context = { RED: red.api, question: { connection: {}, search: 'r' }, signal: new AbortController().signal };
    for (const [name, lookup] of Object.entries(lookups)) {
      const question = name === 'folders' ? { ...context.question, dataLink: 'reads-archive' } : context.question;
      await lookup({ ...context, question } as Parameters<typeof lookup>[0]);
    }
  },
  async 'seqera-workflow-launch'(stage) {
    const { simulator } = stage;
    const type = 'seqera-workflow-launch';
    const params = [{ name: 'a', value: '[1,{"b":null}]', valueType: 'json' }];
    await good(stage, type, { launchpadName: 'rnaseq-small', params, labels: 'prod, brand-new', runName: 'named' });
    await good(stage, type, { launchpadName: 'shared-qc' });
    const { workflowId } = await good(stage, type, { launchpadName: 'hello', idempotencyKey: 'k' });
    simulator.endRun(String(workflowId), 'FAILED');
    await good(stage, type, { resumeWorkflowId: workflowId });
    simulator.setScenario({ faults: lost('POST', '/workflow/launch$') });
    await good(stage, type, { launchpadName: 'sarek' });
    await good(stage, type, {}, { payload: { launch: { pipeline: 'https://github.com/nextflow-io/hello' } } });
  },
  async 'seqera-workflow-monitor'(stage) {
    const { simulator, red } = stage;
    const node = keep(red.create('seqera-workflow-monitor', soon));
    red.started();
    const ids = [await aRun(simulator, 'a'), await aRun(simulator, 'b')];
    for (const workflowId of ids) node.receive({ workflowId });
    await red.until(() => node.on1(1).length > 4);
    for (const id of ids) simulator.endRun(id);
    await red.until(() => node.done.length === 2);
  },
  async 'seqera-workflow-poll'(stage) {
    await heard(stage, 'seqera-workflow-poll', { ...soon, search: 'status:running hello' }, 1);
    const node = await heard(stage, 'seqera-workflow-poll', soon, 1);
    await aRun(stage.simulator);
    await stage.red.until(() => node.on1(2).length > 0);
  },
  async 'seqera-workflow-cancel'(stage) {
    const [one, two] = [await aRun(stage.simulator, 'one'), await aRun(stage.simulator, 'two')];
    await good(stage, 'seqera-workflow-cancel', {}, { workflowId: one });
    await good(stage, 'seqera-workflow-cancel', { force: true }, { workflowId: two });
  },
  async 'seqera-datalink-list'(stage) {
    const type = 'seqera-datalink-list';
    await good(stage, type, {
      dataLinkName: 'reads-archive',
      basePath: 'runs',
      depth: '1',
      returnType: 'all',
      prefix: '2026',
    });
    await good(stage, type, { dataLinkName: 'reads-archive', depth: '-1', pattern: 'R1' });
    await good(stage, type, { dataLinkName: 'reads', basePath: 'odd names', returnType: 'files' });
    await good(stage, type, { dataLinkName: 'open-genomes', depth: '2' });
  },
  async 'seqera-datalink-poll'(stage) {
    const properties = { ...soon, dataLinkName: 'reads-archive', outputAllPolls: true };
    await heard(stage, 'seqera-datalink-poll', { ...properties, depth: '-1' }, 1);
    await heard(stage, 'seqera-datalink-poll', { ...properties, depth: '1', returnType: 'all' }, 1);
  },
  async 'seqera-dataset-add'(stage) {
    const type = 'seqera-dataset-add';
    await good(stage, type, { datasetName: 'fresh', description: 'd', hasHeader: true }, { payload: 'a,b\n1,2\n' });
    await good(stage, type, { datasetName: 'fresh', onExists: 'version' }, { payload: 'a,b\n1,2\n' });
    await good(stage, type, { datasetName: 'tabbed', fileType: 'tsv' }, { payload: Buffer.from('a\tb\n') });
  },
  async 'seqera-dataset-get'(stage) {
    await good(stage, 'seqera-dataset-get', { datasetName: 'samples' });
    await good(stage, 'seqera-dataset-get', { datasetName: 'samples', version: '1', parse: true });
  },
  async 'seqera-studios-add'(stage) {
    const studio = { containerUri: CONTAINER, computeEnvId: 'aws-batch' };
    const all = {
      description: 'd',
      mountData: 'reads, open-genomes',
      condaEnvironment: 'channels: [conda-forge]',
      lifespanHours: '8',
      initialCheckpointId: '8001',
      spot: true,
      isPrivate: true,
      autoStart: false,
    };
    await good(stage, 'seqera-studios-add', { studioName: 'small', ...studio });
    await good(stage, 'seqera-studios-add', { studioName: 'whole', ...studio, ...all });
    stage.simulator.setScenario({ faults: lost('POST', '/studios$') });
    await good(stage, 'seqera-studios-add', { studioName: 'lost', ...studio });
  },
  async 'seqera-studios-monitor'(stage) {
    const { simulator, red } = stage;
    const node = keep(red.create('seqera-studios-monitor', soon));
    red.started();
    for (const { id } of simulator.studios) node.receive({ studioId: id });
    await red.until(() => node.on1(1).length > 3);
  },
  async 'seqera-studios-control'(stage) {
    const { simulator } = stage;
    const control = (operation: string, studioId: string) =>
      good(stage, 'seqera-studios-control', { operation }, { studioId });
    await control('start', '5a11ad02');
    await control('start', '5a11ad02');
    await control('stop', '5a11ad01');
    simulator.setStudioStatus('5a11ad01', 'stopped');
    await control('delete', '5a11ad01');
    const { studioId } = await good(stage, 'seqera-studios-add', {
      studioName: 'short-lived',
      containerUri: CONTAINER,
      computeEnvId: 'aws-batch',
      lifespanHours: '2',
    });
    simulator.setStudioStatus(String(studioId), 'running');
    await control('extend', String(studioId));
  },
  async 'seqera-action-launch'(stage) {
    await good(stage, 'seqera-action-launch', { actionName: 'nightly-qc', paramsKey: '{"depth":[1],"x":{"y":1}}' });
    stage.simulator.setScenario({ faults: lost('POST', '/actions/[^/]+/launch$') });
    await good(stage, 'seqera-action-launch', { actionName: 'nightly-qc' });
  },
  async 'seqera-api'(stage) {
    const id = await aRun(stage.simulator);
    const call = (properties: Record<string, unknown>) => good(stage, 'seqera-api', properties, { params: { id } });
    await call({ path: '/user-info' });
    await call({ path: '/workflow', paginate: true, query: '{"attributes":["labels","minimal"]}' });
    await call({ path: '/workflow/{id}/tasks', paginate: true });
    await call({ path: '/workflow/{id}/cancel', method: 'POST', body: '{}' });
    const link = stage.simulator.dataLinks.find(({ name }) => name === 'open-genomes')?.id;
    await call({ path: `/data-links/${link}/browse`, paginate: true });
  },
};

/** Departures that are known and wanted. Each says why. */
const TOLERATED: readonly { reason: string; operation: RegExp; problem: RegExp }[] = [];

function problemsOf(calls: readonly RecordedCall[]): string[] {
  if (!openApi) return [];
  return calls.flatMap(({ method, path, route, query, body, contentType }) => {
    const name = `${method} ${route ?? path}`;
    // A body of parts is the simulator's to read: the specification describes bodies of JSON.
    const json = contentType === null || contentType.startsWith('application/json');
    const found = openApi.checkRequest({
      method,
      route: route ?? openApi.routeOf(path) ?? path,
      query,
      ...(json ? { body } : { body: {} }),
    });
    return found
      .filter((problem) => !(!json && problem.startsWith('request body')))
      .filter((problem) => !TOLERATED.some((each) => each.operation.test(name) && each.problem.test(problem)))
      .map((problem) => `${name}: ${problem}`);
  });
}

const manifest = JSON.parse(readFileSync(join(__dirname, 'package.json'), 'utf8')) as {
  'node-red': { nodes: Record<string, string> };
};

describe('the requests of every node are those of the specification', () => {
  const types = Object.keys(manifest['node-red'].nodes).filter((type) => !APART.includes(type));

  it('each node type of the package is driven here', () => {
    expect(Object.keys(DRIVES).sort()).toEqual([...types].sort());
    expect(Object.keys(ALL_NODES).sort()).toEqual([...types, ...APART].sort());
  });

  it.each(types)('%s', async (type) => {
    const simulator = await simulate({ scenario: { runs: [{ end: 'NEVER' }] } });
    const stage = { simulator, red: redOn(simulator) };
    await DRIVES[type]?.(stage);
    const calls = simulator.calls.filter(({ token }) => token === TOKEN);
    expect(calls.length).toBeGreaterThan(0);
    // A request that the simulator does not know either would have no route.
    expect(calls.filter(({ route }) => route === null).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
    expect([...new Set(problemsOf(calls))]).toEqual([]);
  });

  it.runIf(openApi)('notices a request that the specification does not know', () => {
    const call = { method: 'GET', path: '/workflow', route: '/workflow', query: { page: '1' }, contentType: null };
    expect(problemsOf([call as unknown as RecordedCall])).toEqual([
      expect.stringMatching(/GET \/workflow: .*page is not in the specification/),
    ]);
  });
});
