import { describe, expect, it } from 'vitest';
import { REFERENCE, SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;

describe('the caller', () => {
  it('needs a token, except for the service info', async () => {
    await using platform = await TestPlatform.start({ token: 'the-one' });
    const none = await platform.get('/user-info', null);
    expect([none.status, none.text]).toEqual([401, '']);
    expect((await platform.get('/user-info', 'another')).status).toBe(401);
    expect((await platform.get('/user-info', 'the-one')).body).toMatchObject({ user: { id: 1001, userName: 'ada' } });
    expect((await platform.get('/service-info', null)).body).toMatchObject({ serviceInfo: { apiVersion: '1.187.0' } });
    const basic = Buffer.from('@token:the-one').toString('base64');
    const legacy = await fetch(`${platform.simulator.url}/user-info`, { headers: { authorization: `Basic ${basic}` } });
    expect(legacy.status).toBe(200);
  });

  it('learns of unknown paths and methods', async () => {
    await using platform = await TestPlatform.start({ basePath: '/api/' });
    expect((await platform.get('/nothing')).status).toBe(404);
    expect((await platform.call('DELETE', '/user-info')).status).toBe(405);
    expect((await platform.get('/workflow/%E0%A4%A')).status).toBe(404);
    const outside = await fetch(`http://127.0.0.1:${platform.simulator.port}/user-info`, {
      headers: { authorization: 'Bearer x' },
    });
    expect(outside.status).toBe(404);
  });

  it('sees the workspaces, an organisation row among them, with the role of the token', async () => {
    await using platform = await TestPlatform.start({ scenario: { tokens: [{ token: 'viewer', role: 'view' }] } });
    const rows = async (token?: string) =>
      ((await platform.get('/user/1001/workspaces', token)).body as { orgsAndWorkspaces: Record<string, unknown>[] })
        .orgsAndWorkspaces;
    expect(await rows()).toMatchObject([
      { orgId: 9001, orgName: 'redstart-labs', workspaceId: null },
      { workspaceId: SHOWCASE, workspaceName: 'showcase', roles: ['owner'], visibility: 'PRIVATE' },
      { workspaceId: REFERENCE, workspaceName: 'reference', roles: ['launch'], visibility: 'SHARED' },
    ]);
    expect((await rows('viewer')).map(({ roles }) => roles)).toEqual([undefined, ['view'], ['view']]);
    expect((await platform.get('/orgs/9001/workspaces')).body).toMatchObject({
      workspaces: [{ id: SHOWCASE }, { id: REFERENCE }],
    });
    expect((await platform.get(`/orgs/${SHOWCASE}/workspaces`)).status).toBe(403);
    expect((await platform.get('/orgs/9001/workspaces/1')).status).toBe(403);
  });
});

describe('the launchpad', () => {
  const names = (body: unknown) => (body as { pipelines: { name: string }[] }).pipelines.map(({ name }) => name);

  it('is searched by part of the name, or the whole of it in quotes', async () => {
    await using platform = await TestPlatform.start();
    const found = async (query: string) => names((await platform.get(`/pipelines?${WS}&${query}`)).body);
    expect(await found('')).toEqual(['hello', 'rnaseq', 'rnaseq-small', 'sarek']);
    expect(await found('search=RNA')).toEqual(['rnaseq', 'rnaseq-small']);
    expect(await found('search=%22rnaseq%22')).toEqual(['rnaseq']);
    expect(await found('search=none')).toEqual([]);
    expect(await found('max=2&offset=1')).toEqual(['rnaseq', 'rnaseq-small']);
    expect(await found('sortBy=NAME&sortDir=DESCENDING')).toEqual(['sarek', 'rnaseq-small', 'rnaseq', 'hello']);
    expect((await platform.get(`/pipelines?${WS}&max=1`)).body).toMatchObject({ totalSize: 4 });
    expect(names((await platform.get('/pipelines')).body)).toEqual([]);
  });

  it('shows shared pipelines of other workspaces to those who ask', async () => {
    await using platform = await TestPlatform.start();
    const found = async (query: string) => names((await platform.get(`/pipelines?${query}`)).body);
    expect(await found(`${WS}&visibility=all&search=shared`)).toEqual(['shared-qc']);
    expect(await found(`${WS}&visibility=shared`)).toEqual(['shared-qc']);
    expect(await found(`${WS}&search=shared`)).toEqual([]);
    expect(await found(`workspaceId=${REFERENCE}`)).toEqual(['shared-qc']);
    expect((await platform.get(`/pipelines?${WS}&visibility=everyone`)).status).toBe(400);
    const { pipelines } = (await platform.get(`/pipelines?${WS}&visibility=shared`)).body as { pipelines: object[] };
    expect(pipelines).toMatchObject([{ workspaceId: REFERENCE, workspaceName: 'reference', visibility: 'SHARED' }]);
    expect((await platform.get(`/pipelines/30101/launch?${WS}`)).status).toBe(403);
    const launch = await platform.get(`/pipelines/30101/launch?${WS}&sourceWorkspaceId=${REFERENCE}`);
    expect(launch.body).toMatchObject({ launch: { pipeline: 'https://github.com/redstart-labs/qc' } });
    expect((launch.body as { launch: object }).launch).not.toHaveProperty('computeEnv');
  });

  it('describes a launch with what a request does not take', async () => {
    await using platform = await TestPlatform.start();
    const { body } = await platform.get(`/pipelines/30003/launch?${WS}`);
    expect(body).toMatchObject({
      launch: {
        computeEnv: { name: 'slurm-onprem', config: { discriminator: 'slurm-platform' } },
        workspaceId: SHOWCASE,
        configProfiles: ['test', 'singularity'],
        paramsText: expect.stringContaining('trim: true'),
      },
    });
  });

  it('has a schema, or none', async () => {
    await using platform = await TestPlatform.start();
    const { body } = await platform.get(`/pipelines/30002/schema?${WS}`);
    expect(JSON.parse((body as { schema: string }).schema)).toMatchObject({ required: ['input', 'outdir'] });
    expect((await platform.get(`/pipelines/30001/schema?${WS}`)).status).toBe(204);
  });
});

describe('compute environments', () => {
  it('are listed by status and described with their configuration', async () => {
    await using platform = await TestPlatform.start();
    const { computeEnvs } = (await platform.get(`/compute-envs?${WS}&status=AVAILABLE`)).body as {
      computeEnvs: { id: string }[];
    };
    expect(computeEnvs).toMatchObject([
      { name: 'aws-batch', primary: true, platform: 'aws-batch' },
      { name: 'slurm-onprem', primary: false, platform: 'slurm-platform' },
    ]);
    expect((await platform.get(`/compute-envs?${WS}&status=ERRORED`)).body).toEqual({ computeEnvs: [] });
    expect((await platform.get('/compute-envs')).body).toEqual({ computeEnvs: [] });
    const described = await platform.get(`/compute-envs/${computeEnvs[1]?.id}?${WS}`);
    expect(described.body).toMatchObject({ computeEnv: { config: { preRunScript: 'module load nextflow' } } });
    expect((await platform.get(`/compute-envs/${computeEnvs[1]?.id}`)).status).toBe(403);
  });
});

describe('labels', () => {
  it('are found by name and kind', async () => {
    await using platform = await TestPlatform.start();
    const found = async (query: string) =>
      ((await platform.get(`/labels?${WS}&${query}`)).body as { labels: { name: string }[] }).labels.map(
        ({ name }) => name,
      );
    expect(await found('')).toEqual(['prod', 'nightly', 'team']);
    expect(await found('type=simple')).toEqual(['prod', 'nightly']);
    expect(await found('type=resource')).toEqual(['team']);
    expect(await found('search=GENOM')).toEqual(['team']);
    expect(await found('search=NIGHT&type=simple')).toEqual(['nightly']);
    expect(await found('max=1&offset=1')).toEqual(['nightly']);
    expect(await found('isDefault=true')).toEqual([]);
    expect((await platform.get(`/labels?${WS}&max=101`)).status).toBe(400);
  });

  it('are created once', async () => {
    await using platform = await TestPlatform.start();
    const create = (body: unknown) => platform.call('POST', `/labels?${WS}`, body);
    expect((await create({ name: 'fresh' })).body).toEqual({
      id: 504,
      name: 'fresh',
      resource: false,
      isDefault: false,
    });
    expect((await create({ name: 'FRESH' })).body).toEqual({ message: 'Label already exists: FRESH' });
    // Several resource labels may share a name with different values.
    expect((await create({ name: 'team', value: 'imaging', resource: true })).status).toBe(200);
    expect((await create({ name: 'team', value: 'imaging', resource: true })).status).toBe(400);
    for (const wrong of [{}, { name: 'x' }, { name: 'a--b' }, { name: 'x'.repeat(40) }, { name: 'has space' }])
      expect((await create(wrong)).status).toBe(400);
    expect((await create({ name: 'novalue', resource: true })).status).toBe(400);
    expect((await create({ name: 'plain', value: 'x' })).status).toBe(400);
  });
});

describe('run names', () => {
  it('are made up, and checked', async () => {
    await using platform = await TestPlatform.start();
    const id = await platform.launched({ runName: 'taken' });
    const session = platform.simulator.run(id)?.sessionId;
    const { name } = (await platform.get('/workflow/random-name')).body as { name: string };
    const check = async (query: string) => (await platform.get(`/workflow/validate?${query}`)).status;
    expect(await check(`runName=${name}`)).toBe(204);
    expect(await check('runName=taken')).toBe(204);
    expect(await check(`runName=taken&sessionId=${session}`)).toBe(409);
    expect(await check('runName=Not%20a%20name')).toBe(400);
    expect(await check('')).toBe(400);
  });
});
