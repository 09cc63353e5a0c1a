import { describe, expect, it } from 'vitest';
import { DATASET_URL } from './endpoints/dataset-versions.ts';
import { platformRoutes } from './endpoints/index.ts';
import { RunRules } from './run-rules.ts';
import { DATA_CASES } from './testing/data-cases.ts';
import { findSpecification, OpenApi } from './testing/openapi.ts';
import { RUN_CASES } from './testing/run-cases.ts';
import { TestPlatform } from './testing/simulators.ts';

// Everything that the simulator answers, once in each form.
const CASES = [...RUN_CASES, ...DATA_CASES];

const specification = findSpecification(process.env);
const openapi = specification === undefined ? undefined : new OpenApi(specification);

/** Answered with an address that the Platform gives and its specification does not have. */
const UNPUBLISHED = [`GET ${DATASET_URL}`];

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
describe.skipIf(openapi === undefined)(
  'answers as the published specification has them (skipped without REDSTART_OPENAPI)',
  () => {
    const spec = openapi as OpenApi;

    it('in every form that the simulator gives', async () => {
      const { platform, ids } = await populated();
      await using _closed = platform;
      const problems: string[] = [];
      const answered = new Set<string>();
      const filled = (text: string) =>
        text.replace(/\{(\w+)\}/g, (_, name: string) => {
          if (name === 'studio') return platform.simulator.studio('fresh')?.id ?? 'missing';
          return ids[name] ?? 'missing';
        });
      const filledBody = (body: unknown) => (body === undefined ? undefined : JSON.parse(filled(JSON.stringify(body))));
      const isForm = (body: unknown) => body instanceof FormData;
      for (const { method, path, body, token, status, after } of CASES) {
        if (after) platform.simulator.advance(after);
        const target = filled(path);
        const answer = await platform.call(method, target, isForm(body) ? body : filledBody(body), token);
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
        // What is taken is what the specification has: the simulator asks for nothing that clients do not know of.
        const call = platform.simulator.calls.at(-1);
        const asked = call && status < 300 ? spec.checkRequest({ ...call, route }) : [];
        problems.push(...asked.map((problem) => `${name}: ${problem}`));
      }
      expect(problems).toEqual([]);
      const simulated = platformRoutes(new RunRules()).map(({ method, template }) => `${method} ${template}`);
      expect([...answered].sort()).toEqual(simulated.filter((one) => !UNPUBLISHED.includes(one)).sort());
    });

    it('and has only routes that the specification has', () => {
      const simulated = platformRoutes(new RunRules()).map(({ method, template }) => `${method} ${template}`);
      expect(simulated.filter((operation) => !spec.operations.includes(operation))).toEqual(UNPUBLISHED);
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
      expect(
        list({ workspaceId: '70001', max: '100', attributes: 'labels,minimal', includeTotalSize: 'true' }),
      ).toEqual([]);
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
      const upload = (body: unknown) =>
        spec.checkRequest({ method: 'POST', route: '/datasets/{datasetId}/upload', query: { header: 'true' }, body });
      expect([upload({ file: 'a,b' }), upload(undefined)]).toEqual([[], ['request body is required']]);
      expect(upload({ document: 'a,b' })).toHaveLength(1);
    });

    it('tells templates apart', () => {
      expect(spec.routeOf('/data-links/x/browse')).toBe('/data-links/{dataLinkId}/browse');
      expect(spec.routeOf('/data-links/x/browse/a/b%20c/d')).toBe('/data-links/{dataLinkId}/browse/{path}');
      expect(spec.routeOf('/data-links/x/upload/finish/a/b')).toBe('/data-links/{dataLinkId}/upload/finish/{dirPath}');
      expect(spec.routeOf('/data-links/x/browse/a/b')).not.toBe(spec.routeOf('/data-links/x/nothing/a/b'));
      expect(spec.routeOf('/workflow/random-name')).toBe('/workflow/random-name');
      expect(spec.routeOf('/workflow/abc')).toBe('/workflow/{workflowId}');
      expect(spec.routeOf('/nothing/like/it')).toBeUndefined();
    });
  },
);
