import { describe, expect, it } from 'vitest';
import type { Scenario } from './index.ts';
import { SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const HOUR = 3_600_000;
const FIELDS = {
  name: 'fresh',
  computeEnvId: '4aWsBatchSeed0000000Ce',
  dataStudioToolUrl: 'public.cr.seqera.io/platform/data-studio-jupyter:4.2.5-0.9',
};

interface Studio {
  sessionId: string;
  statusInfo: { status: string; message: string; stopReason?: string };
  mountedDataLinks: { name: string }[];
}

const create = (platform: TestPlatform, fields: object = {}, query = '') =>
  platform.call('POST', `/studios?${WS}${query}`, { ...FIELDS, ...fields });

async function created(platform: TestPlatform, fields: object = {}, query = ''): Promise<string> {
  const { body, text } = await create(platform, fields, query);
  const { studio } = body as { studio?: Studio };
  if (!studio) throw new Error(text);
  return studio.sessionId;
}

const withStudios = (...studios: NonNullable<Scenario['studios']>) => TestPlatform.start({ scenario: { studios } });

async function statusAfter(platform: TestPlatform, id: string, ms: number): Promise<string> {
  platform.simulator.advance(ms);
  return ((await platform.get(`/studios/${id}?${WS}`)).body as Studio).statusInfo.status;
}

describe('the life of a studio', () => {
  it('goes from starting to running, to stopping, to stopped', async () => {
    await using platform = await TestPlatform.start();
    const { status, body } = await create(platform);
    const { studio } = body as { studio: Studio };
    expect([status, studio.statusInfo.status]).toEqual([201, 'starting']);
    const act = async (method: string, path: string, fields?: object) =>
      (await platform.call(method, `/studios/${studio.sessionId}${path}?${WS}`, fields)).status;
    const later = (ms: number) => statusAfter(platform, studio.sessionId, ms);
    expect(studio.sessionId).toMatch(/^[0-9a-f]{8}$/);
    // It cannot be stopped while it starts.
    expect([await act('PUT', '/stop'), await act('DELETE', '')]).toEqual([400, 400]);
    expect([await later(1999), await later(1)]).toEqual(['starting', 'running']);
    expect([await act('PUT', '/start', {}), await act('DELETE', '')]).toEqual([400, 400]);
    expect([await act('PUT', '/stop'), await later(0), await later(2000)]).toEqual([200, 'stopping', 'stopped']);
    expect(await act('PUT', '/stop')).toBe(400);
    expect([await act('PUT', '/start', {}), await later(0), await later(2000)]).toEqual([200, 'starting', 'running']);
    expect([await act('PUT', '/stop'), await later(2000), await act('DELETE', '')]).toEqual([200, 'stopped', 204]);
    expect(await act('GET', '')).toBe(404);
  });

  it('has a build when there is something to build', async () => {
    await using platform = await TestPlatform.start();
    const id = await created(platform, { configuration: { condaEnvironment: 'dependencies: [numpy]' } });
    expect([
      await statusAfter(platform, id, 2000),
      await statusAfter(platform, id, 4999),
      await statusAfter(platform, id, 1),
    ]).toEqual(['building', 'building', 'running']);
  });

  it('goes as the scenario says: builds that fail, studios that break', async () => {
    await using platform = await withStudios(
      { match: { name: '^no-build' }, end: 'buildFailed', message: 'No such package', times: 1 },
      { match: { name: '^broken' }, end: 'errored', startingFor: '1s' },
      {
        match: { tool: 'ride' },
        runningFor: '10s',
        end: 'errored',
        message: 'Spot taken',
        stopReason: 'SPOT_RECLAMATION',
      },
      { match: { name: '^short' }, runningFor: '10s', end: 'stopped' },
    );
    const broken = await created(platform, { name: 'broken' });
    const noBuild = await created(platform, { name: 'no-build' });
    const again = await created(platform, { name: 'no-build-again' });
    const tool = 'public.cr.seqera.io/platform/data-studio-ride:2025.04.1-0.9';
    const spot = await created(platform, { name: 'spot', dataStudioToolUrl: tool });
    const short = await created(platform, { name: 'short' });
    const statuses = () => [broken, noBuild, again, spot, short].map((id) => platform.simulator.studio(id)?.status);
    platform.simulator.advance(2000);
    expect(statuses()).toEqual(['errored', 'building', 'running', 'running', 'running']);
    platform.simulator.advance(5000);
    expect(statuses()).toEqual(['errored', 'buildFailed', 'running', 'running', 'running']);
    expect(platform.simulator.studio(noBuild)?.message).toBe('No such package');
    platform.simulator.advance(5000);
    expect(statuses()).toEqual(['errored', 'buildFailed', 'running', 'errored', 'stopping']);
    expect(platform.simulator.studio(spot)).toMatchObject({ message: 'Spot taken', stopReason: 'SPOT_RECLAMATION' });
    platform.simulator.advance(2000);
    expect(statuses().at(-1)).toBe('stopped');
    expect((await platform.call('DELETE', `/studios/${noBuild}?${WS}`)).status).toBe(204);
  });

  it('ends with its lifespan, unless that is extended', async () => {
    await using platform = await TestPlatform.start();
    const id = await created(platform, { configuration: { lifespanHours: 2 } });
    const extend = async (studio: string) => (await platform.call('POST', `/studios/${studio}/lifespan?${WS}`)).status;
    expect(await extend(id)).toBe(400);
    expect(await statusAfter(platform, id, HOUR)).toBe('running');
    expect(await extend(id)).toBe(200);
    expect(await statusAfter(platform, id, 2 * HOUR - 1)).toBe('running');
    expect(await statusAfter(platform, id, 1)).toBe('stopping');
    expect(await statusAfter(platform, id, 2000)).toBe('stopped');
    expect(platform.simulator.studio(id)?.stopReason).toBe('LIFESPAN_EXPIRED');
    // No limit, nothing to extend.
    expect(await extend('5a11ad01')).toBe(400);
  });

  it('answers 202 while its data links are loading', async () => {
    await using platform = await TestPlatform.start();
    const genomes = 'v1-user-0b7a52c8e94d4c0f8a3d6e1f7b2c9a55';
    for (const [name, configuration] of [
      ['old', { mountData: [genomes] }],
      ['new', { mountDataV2: [{ dataLinkId: genomes, path: 'GRCh38' }] }],
    ] as const) {
      const id = await created(platform, { name, configuration });
      const loading = await platform.get(`/studios/${id}?${WS}`);
      expect([loading.status, (loading.body as Studio).mountedDataLinks]).toEqual([202, []]);
      platform.simulator.advance(1000);
      const loaded = await platform.get(`/studios/${id}?${WS}`);
      expect([loaded.status, (loaded.body as Studio).mountedDataLinks]).toMatchObject([
        200,
        [{ name: 'open-genomes' }],
      ]);
    }
    expect((await create(platform, { name: 'x', configuration: { mountData: ['none'] } })).status).toBe(404);
  });

  it('is what a test says it is', async () => {
    await using platform = await TestPlatform.start();
    platform.simulator.setStudioStatus('notebook', 'stopped', { stopReason: 'CREDITS_RUN_OUT', message: 'No money' });
    const { body } = await platform.get(`/studios/5a11ad01?${WS}`);
    expect(body).toMatchObject({
      statusInfo: { status: 'stopped', stopReason: 'CREDITS_RUN_OUT', message: 'No money' },
    });
    expect(() => platform.simulator.setStudioStatus('none', 'stopped')).toThrow(/no studio none/);
  });
});

describe('a new studio', () => {
  it('is not started when that is not wanted', async () => {
    await using platform = await TestPlatform.start();
    const { status, body } = await create(platform, {}, '&autoStart=false');
    const { studio } = body as { studio: Studio };
    expect([status, studio.statusInfo.status]).toEqual([200, 'stopped']);
    const path = `/studios/${studio.sessionId}/start?${WS}`;
    const started = await platform.call('PUT', path, {
      name: 'renamed',
      spot: true,
      description: 'now',
      configuration: { cpu: 8 },
    });
    expect(started.body).toMatchObject({ jobSubmitted: true, sessionId: studio.sessionId });
    expect(platform.simulator.studio('renamed')).toMatchObject({
      status: 'starting',
      spot: true,
      configuration: { cpu: 8, memory: 8192 },
    });
  });

  it('is refused when it cannot be', async () => {
    await using platform = await TestPlatform.start();
    const refused = async (fields: object) => (await create(platform, { name: 'x', ...fields })).status;
    expect(await refused({ name: 'notebook' })).toBe(409);
    expect(await refused({ name: 'x'.repeat(81) })).toBe(400);
    expect(await refused({ computeEnvId: undefined })).toBe(400);
    expect(await refused({ computeEnvId: 'none' })).toBe(404);
    expect(await refused({ computeEnvId: '4sLurmOnpremSeed0000Ce' })).toBe(400);
    expect(await refused({ dataStudioToolUrl: undefined })).toBe(400);
    expect(await refused({ configuration: { cpu: '2' } })).toBe(400);
    expect(await refused({ configuration: { lifespanHours: 121 } })).toBe(400);
    expect(await refused({ dataStudioToolUrl: 'x.example/own:1', configuration: { condaEnvironment: 'x' } })).toBe(400);
    expect(await refused({ description: 'x'.repeat(2049) })).toBe(400);
    expect(await refused({ labelIds: [501] })).toBe(400);
    expect(await refused({ labelIds: [1] })).toBe(400);
    expect(await refused({ initialCheckpointId: 1 })).toBe(404);
    expect(await refused({ labelIds: [503], initialCheckpointId: 8002, isPrivate: true })).toBe(201);
  });

  it('is listed, found, and leaves a checkpoint for each time it worked', async () => {
    await using platform = await TestPlatform.start();
    const id = await created(platform, { initialCheckpointId: 8002 });
    const found = async (search: string) =>
      (
        (await platform.get(`/studios?${WS}&search=${encodeURIComponent(search)}`)).body as {
          studios: { name: string }[];
        }
      ).studios.map(({ name }) => name);
    expect(await found('notebook')).toEqual(['notebook', 'notebook-r']);
    expect(await found('status:starting')).toEqual(['fresh']);
    expect(await found('note status:stopped')).toEqual(['notebook-r']);
    expect(await found('computeEnvName:aws-batch fresh')).toEqual(['fresh']);
    expect(await found('is:starred')).toEqual([]);
    expect((await platform.get('/studios')).body).toEqual({ studios: [], totalSize: 0 });
    const checkpoints = async () =>
      (
        (await platform.get(`/studios/${id}/checkpoints?${WS}`)).body as { checkpoints: Record<string, unknown>[] }
      ).checkpoints.map(({ name, status }) => `${name} ${status}`);
    expect(await checkpoints()).toEqual(['fresh_1 interim']);
    platform.simulator.advance(2000);
    await platform.call('PUT', `/studios/${id}/stop?${WS}`);
    platform.simulator.advance(2000);
    await platform.call('PUT', `/studios/${id}/start?${WS}`, {});
    expect(await checkpoints()).toEqual(['fresh_2 interim', 'fresh_1 finalized']);
    expect((await platform.get(`/studios/${id}?${WS}`)).body).toMatchObject({
      parentCheckpoint: { studioName: 'notebook-r', checkpointId: 8002 },
    });
  });
});
