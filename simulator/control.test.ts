import { describe, expect, it } from 'vitest';
import { createSimulator, ScenarioError } from './index.ts';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

async function control(platform: TestPlatform, method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${platform.simulator.port}/_simulator${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

describe('the control endpoints', () => {
  it('show the calls and the runs, and are no calls themselves', async () => {
    await using platform = await TestPlatform.start({ basePath: '/api' });
    expect(platform.simulator.url).toMatch(/\/api$/);
    const id = await platform.launched({ runName: 'shown' });
    const { body } = await control(platform, 'GET', '/calls');
    expect(body.counts).toEqual({ 'GET /pipelines/{pipelineId}/launch': 1, 'POST /workflow/launch': 1 });
    expect(body.calls[1]).toMatchObject({
      method: 'POST',
      path: '/workflow/launch',
      route: '/workflow/launch',
      query: { workspaceId: String(SHOWCASE) },
      body: { launch: { runName: 'shown' } },
      contentType: 'application/json',
      token: 'a-token',
      status: 200,
      fault: null,
      at: Date.parse('2026-06-01T12:00:00Z'),
    });
    expect((await control(platform, 'GET', '/runs')).body.runs).toMatchObject([{ id, runName: 'shown' }]);
    expect((await control(platform, 'GET', '')).body).toEqual({ now: '2026-06-01T12:00:00.000Z', calls: 2 });
  });

  it('move time, change the scenario, end runs, reset', async () => {
    await using platform = await TestPlatform.start();
    const id = await platform.launched();
    expect((await control(platform, 'POST', '/advance', { ms: 2500 })).body).toEqual({
      now: '2026-06-01T12:00:02.500Z',
    });
    expect(platform.simulator.run(id)?.status).toBe('RUNNING');
    const ended = await control(platform, 'POST', `/runs/${id}/end`, { end: 'FAILED', errorMessage: 'Enough' });
    expect(ended.body).toMatchObject({ id, status: 'FAILED' });
    expect((await control(platform, 'PUT', '/scenario', 'faults:\n  - kind: html\n    times: 1\n')).status).toBe(204);
    expect((await platform.get('/user-info')).status).toBe(502);
    expect((await control(platform, 'PUT', '/speed', { speed: 1000 })).status).toBe(204);
    expect((await control(platform, 'POST', '/reset')).status).toBe(204);
    expect(platform.simulator.runs).toEqual([]);
    expect(platform.simulator.calls).toEqual([]);
    expect(platform.simulator.now().getTime()).toBeGreaterThan(Date.parse('2026-06-01T12:00:02Z'));
  });

  it('change data links, datasets and studios', async () => {
    await using platform = await TestPlatform.start();
    const act = async (method: string, path: string, body?: unknown) =>
      (await control(platform, method, path, body)).status;
    const made = await control(platform, 'POST', '/data-links', { name: 'made here', provider: 'google' });
    expect(made.body).toMatchObject({ name: 'made here', provider: 'google', objects: 0 });
    const link = '/data-links/made%20here';
    expect(await act('PUT', `${link}/objects`, { path: 'a/b.txt', size: 3 })).toBe(204);
    expect(await act('PUT', `${link}/objects`, { path: 'a/c.txt', content: 'hello' })).toBe(204);
    expect(await act('DELETE', `${link}/objects`, { path: 'a/b.txt' })).toBe(204);
    expect(await act('POST', `${link}/generate`, { count: 2, depth: 0, under: 'gen', size: 1 })).toBe(204);
    expect((await control(platform, 'GET', `${link}/objects`)).body.objects).toEqual([
      { path: 'a/c.txt', size: 5 },
      { path: 'gen/sample_0.fastq.gz', size: 1 },
      { path: 'gen/sample_1.fastq.gz', size: 1 },
    ]);
    expect((await control(platform, 'GET', '/data-links')).body.dataLinks).toHaveLength(7);
    expect(await act('DELETE', link)).toBe(204);
    const { datasets } = (await control(platform, 'GET', '/datasets')).body;
    expect(datasets[0]).toMatchObject({ name: 'samples', versions: [{}, { content: expect.stringContaining('S2') }] });
    const broken = await control(platform, 'PUT', '/studios/notebook/status', { status: 'errored', message: 'Enough' });
    expect(broken.body).toMatchObject({ name: 'notebook', status: 'errored', message: 'Enough' });
    expect((await control(platform, 'GET', '/studios')).body.studios).toHaveLength(2);
    expect((await control(platform, 'GET', '/actions')).body.actions).toHaveLength(2);
    expect([
      await act('PUT', '/data-links/none/objects', { path: 'x' }),
      await act('PUT', '/data-links/reads/objects', { path: '/x' }),
      await act('PUT', '/data-links/reads/objects', { where: 'x' }),
      await act('PUT', '/studios/notebook/status', { status: 'happy' }),
      await act('GET', '/data-links/reads/else'),
      await act('GET', '/data-links/a/b/c'),
    ]).toEqual([400, 400, 400, 400, 404, 404]);
  });

  it('say what is wrong', async () => {
    await using platform = await TestPlatform.start();
    const wrong = await control(platform, 'PUT', '/scenario', { faults: [{ kind: 'flood' }] });
    expect([wrong.status, wrong.body.problems.length]).toEqual([400, 1]);
    expect((await control(platform, 'PUT', '/scenario', 'a: [')).status).toBe(400);
    expect((await control(platform, 'POST', '/advance', { ms: -1 })).status).toBe(400);
    expect((await control(platform, 'POST', '/advance')).status).toBe(400);
    expect((await control(platform, 'POST', '/runs/none/end', {})).status).toBe(400);
    expect((await control(platform, 'POST', '/runs/none/end', { end: 'NEVER' })).status).toBe(400);
    expect((await control(platform, 'GET', '/nothing')).status).toBe(404);
  });
});

describe('the simulator', () => {
  it('rejects when its port is taken or its scenario is wrong', async () => {
    await using platform = await TestPlatform.start();
    await expect(createSimulator({ port: platform.simulator.port })).rejects.toThrow(/EADDRINUSE/);
    await expect(createSimulator({ scenario: { runs: [{ tasks: -1 }] } })).rejects.toThrow(/runs\.0\.tasks/);
    const history = [{ count: 1, pipeline: 'none' }];
    await expect(createSimulator({ scenario: { history } })).rejects.toThrow(ScenarioError);
    expect(() => platform.simulator.setScenario({ faults: [{ kind: 'html' }], history })).toThrow(/cannot launch/);
    expect((await platform.get('/user-info')).status).toBe(200);
  });

  it('goes back to its first scenario on reset, with the same ids', async () => {
    await using platform = await TestPlatform.start({ scenario: { history: [{ count: 2 }] } });
    const before = platform.simulator.runs.map(({ id }) => id);
    platform.simulator.setScenario({});
    await platform.launched();
    platform.simulator.reset();
    expect(platform.simulator.runs.map(({ id }) => id)).toEqual(before);
  });

  it('keeps the newest calls and counts all', async () => {
    await using platform = await TestPlatform.start({ keepCalls: 10 });
    for (let index = 0; index < 35; index += 1) await platform.get(`/labels?max=${index}`);
    expect(platform.simulator.calls.length).toBeLessThan(20);
    expect(platform.simulator.calls.at(-1)?.query).toEqual({ max: '34' });
    expect(platform.simulator.counts.get('GET /labels')).toBe(35);
  });

  it('waits for a call, and says what it saw instead', async () => {
    await using platform = await TestPlatform.start();
    const waiting = platform.simulator.waitForCall(({ path }) => path === '/orgs');
    await platform.get('/orgs');
    expect((await waiting).status).toBe(200);
    await expect(platform.simulator.waitForCall(({ path }) => path === '/never', 20)).rejects.toThrow(/GET \/orgs,1/);
  });
});
