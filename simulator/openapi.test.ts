import { describe, expect, it } from 'vitest';
import { platformRoutes } from './endpoints/index.ts';
import { RunRules } from './run-rules.ts';
import { findSpecification, OpenApi } from './testing/openapi.ts';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

const specification = findSpecification(process.env);
const openapi = specification === undefined ? undefined : new OpenApi(specification);
const WS = `workspaceId=${SHOWCASE}`;

interface Case {
  method: string;
  path: string;
  body?: unknown;
  token?: string | null;
  status: number;
}

/** Everything that the simulator answers, once in each form. `{run}` is a run at work, `{failed}` one that failed, … */
const CASES: Case[] = [
  { method: 'GET', path: '/service-info', token: null, status: 200 },
  { method: 'GET', path: '/user-info', status: 200 },
  { method: 'GET', path: '/user-info', token: null, status: 401 },
  { method: 'GET', path: '/orgs', status: 200 },
  { method: 'GET', path: '/orgs?role=member', status: 200 },
  { method: 'GET', path: '/orgs/9001/workspaces', status: 200 },
  { method: 'GET', path: '/orgs/x/workspaces', status: 400 },
  { method: 'GET', path: `/orgs/9001/workspaces/${SHOWCASE}`, status: 200 },
  { method: 'GET', path: '/user/1001/workspaces', status: 200 },
  { method: 'GET', path: '/user/7/workspaces', status: 403 },
  { method: 'GET', path: '/pipelines', status: 200 },
  { method: 'GET', path: `/pipelines?${WS}&visibility=all&attributes=labels,computeEnv,optimized`, status: 200 },
  { method: 'GET', path: `/pipelines?${WS}&max=101`, status: 400 },
  { method: 'GET', path: '/pipelines?workspaceId=9001', status: 403 },
  { method: 'GET', path: `/pipelines/30002?${WS}&attributes=labels,computeEnv`, status: 200 },
  { method: 'GET', path: `/pipelines/30101?${WS}&sourceWorkspaceId=70002`, status: 200 },
  { method: 'GET', path: `/pipelines/30101?${WS}`, status: 403 },
  { method: 'GET', path: `/pipelines/30002/launch?${WS}`, status: 200 },
  { method: 'GET', path: `/pipelines/30003/launch?${WS}`, status: 200 },
  { method: 'GET', path: `/pipelines/30101/launch?${WS}&sourceWorkspaceId=70002`, status: 200 },
  { method: 'GET', path: `/pipelines/30002/schema?${WS}`, status: 200 },
  { method: 'GET', path: `/pipelines/30001/schema?${WS}`, status: 204 },
  { method: 'GET', path: `/compute-envs?${WS}&attributes=labels`, status: 200 },
  { method: 'GET', path: `/compute-envs/4aWsBatchSeed0000000Ce?${WS}`, status: 200 },
  { method: 'GET', path: `/compute-envs/4sLurmOnpremSeed0000Ce?${WS}&attributes=labels`, status: 200 },
  { method: 'GET', path: `/compute-envs/none?${WS}`, status: 403 },
  { method: 'GET', path: `/labels?${WS}&type=all`, status: 200 },
  { method: 'POST', path: `/labels?${WS}`, body: { name: 'fresh' }, status: 200 },
  { method: 'POST', path: `/labels?${WS}`, body: { name: 'cost', value: '17', resource: true }, status: 200 },
  { method: 'POST', path: `/labels?${WS}`, body: { name: '-' }, status: 400 },
  { method: 'GET', path: '/workflow', status: 200 },
  { method: 'GET', path: `/workflow?${WS}&max=100&includeTotalSize=true`, status: 200 },
  { method: 'GET', path: `/workflow?${WS}&attributes=minimal`, status: 200 },
  { method: 'GET', path: `/workflow?${WS}&attributes=labels,optimized,pipelineInfo,messages`, status: 200 },
  { method: 'GET', path: `/workflow?${WS}&max=101`, status: 400 },
  { method: 'GET', path: `/workflow?${WS}&max=many`, status: 400 },
  ...['{submitted}', '{run}', '{failed}', '{refused}', '{cancelled}', '{lost}', '{done}', '{sarek}'].flatMap((run) => [
    { method: 'GET', path: `/workflow/${run}?${WS}&attributes=labels,messages,pipelineInfo,optimized`, status: 200 },
    { method: 'GET', path: `/workflow/${run}/launch?${WS}`, status: 200 },
    { method: 'GET', path: `/workflow/${run}/progress?${WS}`, status: 200 },
    { method: 'GET', path: `/workflow/${run}/tasks?${WS}&max=100`, status: 200 },
  ]),
  { method: 'GET', path: `/workflow/none?${WS}`, status: 403 },
  { method: 'GET', path: '/workflow/random-name', status: 200 },
  { method: 'GET', path: '/workflow/validate?runName=good', status: 204 },
  { method: 'GET', path: '/workflow/validate?runName=BAD!', status: 400 },
  { method: 'POST', path: `/workflow/launch?${WS}`, body: { launch: {} }, status: 400 },
  {
    method: 'POST',
    path: `/workflow/launch?${WS}`,
    body: { launch: { pipeline: 'https://h.example/a/b' } },
    status: 200,
  },
  {
    method: 'POST',
    path: `/workflow/launch?${WS}`,
    body: { launch: { pipeline: 'https://h.example/a/b', computeEnvId: '4sLurmOnpremSeed0000Ce' } },
    status: 400,
  },
  { method: 'POST', path: `/workflow/{run}/cancel?${WS}`, body: {}, status: 204 },
  { method: 'POST', path: `/workflow/{done}/cancel?${WS}`, body: {}, status: 400 },
  { method: 'DELETE', path: `/workflow/{run}?${WS}`, status: 400 },
  { method: 'DELETE', path: `/workflow/{done}?${WS}`, status: 204 },
];

async function populated(): Promise<{ platform: TestPlatform; ids: Record<string, string> }> {
  const platform = await TestPlatform.start({
    scenario: {
      computeEnvs: { 'slurm-onprem': { status: 'INVALID', credentialsValid: false } },
      runs: [
        { match: { runName: '^run' }, runningFor: '1h' },
        { match: { runName: '^submitted' }, submittedFor: '1h' },
        { match: { runName: '^failed' }, end: 'FAILED' },
        { match: { runName: '^refused' }, neverStarts: true },
        { match: { runName: '^cancelled' }, end: 'CANCELLED' },
        { match: { runName: '^lost' }, end: 'UNKNOWN' },
      ],
    },
  });
  const ids: Record<string, string> = {};
  for (const runName of ['submitted', 'run', 'failed', 'refused', 'cancelled', 'lost', 'done'])
    ids[runName] = await platform.launched({ runName, labelIds: [501], headJobCpus: 2 });
  const sarek = await platform.launch(30004, {
    runName: 'sarek',
    preRunScript: 'true',
    postRunScript: 'true',
    towerConfig: 'reports: {}',
    userSecrets: ['KEY'],
    workspaceSecrets: ['KEY'],
    mainScript: 'other.nf',
    entryName: 'main',
    schemaName: 'schema.json',
    nextflowVersion: '26.04.1',
    outputDir: 's3://out',
    syntaxParser: 'v2',
    stubRun: true,
    commitId: 'f'.repeat(40),
  });
  ids.sarek = (sarek.body as { workflowId: string }).workflowId;
  platform.simulator.advance(60_000);
  return { platform, ids };
}

// The specification is not part of this repository: set REDSTART_OPENAPI to the path of the published openapi.yml.
describe.skipIf(openapi === undefined)('answers as the published specification has them (needs openapi.yml)', () => {
  const spec = openapi as OpenApi;

  it('in every form that the simulator gives', async () => {
    const { platform, ids } = await populated();
    await using _closed = platform;
    const problems: string[] = [];
    const answered = new Set<string>();
    for (const { method, path, body, token, status } of CASES) {
      const target = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? 'missing');
      const answer = await platform.call(method, target, body, token);
      const route = spec.routeOf(target.split('?')[0] ?? '') ?? 'no route';
      const name = `${method} ${target}`;
      if (answer.status !== status) problems.push(`${name}: ${answer.status} ${answer.text}, expected ${status}`);
      const found = spec.checkResponse({
        method,
        route,
        status: answer.status,
        body: answer.text === '' ? undefined : (answer.body ?? answer.text),
      });
      problems.push(...found.map((problem) => `${name}: ${problem}`));
      answered.add(`${method} ${route}`);
    }
    expect(problems).toEqual([]);
    const simulated = platformRoutes(new RunRules()).map(({ method, template }) => `${method} ${template}`);
    expect([...answered].sort()).toEqual(simulated.sort());
  });

  it('and has only routes that the specification has', () => {
    const simulated = platformRoutes(new RunRules()).map(({ method, template }) => `${method} ${template}`);
    expect(simulated.filter((operation) => !spec.operations.includes(operation))).toEqual([]);
  });

  it('sees what is wrong in an answer', () => {
    const check = (body: unknown) => spec.checkResponse({ method: 'GET', route: '/workflow', status: 200, body });
    expect(check({ workflows: [] })).toEqual([]);
    expect(check({ workflows: [], total: 3 })).toEqual(['response body must NOT have additional properties (total)']);
    expect(check({ workflows: [{ workflow: { status: 'DONE' } }] })).toHaveLength(1);
    expect(check({ workflows: [{ workflow: { complete: null } }] })).toHaveLength(1);
    expect(check({ workflows: [{ workflow: { submit: 'yesterday' } }] })).toHaveLength(1);
    const detail = (workflow: unknown) =>
      spec.checkResponse({ method: 'GET', route: '/workflow/{workflowId}', status: 200, body: { workflow } });
    expect(detail({ id: 'x', logFile: 'y', nextflowConfig: null })).toEqual([]);
    expect(detail({ id: 'x', surprise: 1 })).toHaveLength(1);
    const computeEnv = (config: unknown) =>
      spec.checkResponse({
        method: 'GET',
        route: '/compute-envs/{computeEnvId}',
        status: 200,
        body: { computeEnv: { config } },
      });
    expect(computeEnv({ discriminator: 'aws-batch', headQueue: 'q' })).toEqual([]);
    expect(computeEnv({ discriminator: 'aws-batch', hostName: 'h' })).toHaveLength(1);
    expect(computeEnv({ workDir: '/w' }).length).toBeGreaterThan(0);
    expect(spec.checkResponse({ method: 'GET', route: '/workflow', status: 418, body: {} })).toHaveLength(1);
  });

  it('sees what is wrong in a request', () => {
    const list = (query: Record<string, string>) => spec.checkRequest({ method: 'GET', route: '/workflow', query });
    expect(list({ workspaceId: '70001', max: '100', attributes: 'labels,minimal', includeTotalSize: 'true' })).toEqual(
      [],
    );
    expect(list({ pageSize: '2' })).toEqual(['query parameter pageSize is not in the specification']);
    expect(list({ max: 'all' })).toHaveLength(1);
    expect(list({ workspaceId: '' })).toHaveLength(1);
    expect(list({ attributes: 'everything' })).toHaveLength(1);
    expect(list({ includeTotalSize: 'yes' })).toHaveLength(1);
    const launch = (body: unknown) =>
      spec.checkRequest({ method: 'POST', route: '/workflow/launch', query: { workspaceId: '70001' }, body });
    expect(launch({ launch: { pipeline: 'https://h.example/a/b', labelIds: [501] } })).toEqual([]);
    expect(launch({ launch: { labelIds: ['501'] } })).toHaveLength(1);
    expect(launch({ launch: { computeEnv: { id: 'x' } } })).toHaveLength(1);
    expect(launch(undefined)).toEqual(['request body is required']);
    expect(spec.checkRequest({ method: 'GET', route: null, query: {} })).toHaveLength(1);
  });

  it('tells templates apart', () => {
    expect(spec.routeOf('/workflow/random-name')).toBe('/workflow/random-name');
    expect(spec.routeOf('/workflow/abc')).toBe('/workflow/{workflowId}');
    expect(spec.routeOf('/nothing/like/it')).toBeUndefined();
  });
});
