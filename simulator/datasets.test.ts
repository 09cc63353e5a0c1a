import { describe, expect, it } from 'vitest';
import { fileForm, SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const SAMPLES = '6sAmplesSeed00000000Ds';

interface Version {
  version: number;
  url: string;
  hasHeader: boolean;
  fileName: string;
}

async function created(platform: TestPlatform, name: string): Promise<string> {
  const { body } = await platform.call('POST', `/datasets?${WS}`, { name, description: 'd' });
  return (body as { dataset: { id: string } }).dataset.id;
}

const upload = (platform: TestPlatform, id: string, form: FormData | string, query = '') =>
  platform.call('POST', `/datasets/${id}/upload?${WS}${query}`, form);

describe('datasets', () => {
  it('are listed by part of the name', async () => {
    await using platform = await TestPlatform.start();
    const found = async (query: string) =>
      ((await platform.get(`/datasets?${WS}&${query}`)).body as { datasets: { name: string }[] }).datasets.map(
        ({ name }) => name,
      );
    expect(await found('search=samples')).toEqual(['samples', 'samples-may']);
    expect(await found('search=%22samples%22')).toEqual(['samples']);
    expect(await found('max=1&offset=1')).toEqual(['samples-may']);
    expect(await found('sortBy=name&sortDir=desc')).toEqual(['samples-may', 'samples', 'half-made']);
    expect((await platform.get('/datasets')).body).toEqual({ datasets: [], totalSize: 0 });
    const { status } = await platform.call('POST', `/datasets/hide?${WS}`, { datasetIds: [SAMPLES] });
    expect([status, await found('search=samples'), await found('visibility=hidden')]).toEqual([
      204,
      ['samples-may'],
      ['samples'],
    ]);
  });

  it('have a name that is theirs alone', async () => {
    await using platform = await TestPlatform.start();
    const create = async (name: unknown) => (await platform.call('POST', `/datasets?${WS}`, { name })).status;
    expect([await create('samples'), await create(''), await create('x'.repeat(101)), await create(7)]).toEqual([
      409, 400, 400, 400,
    ]);
    expect(await create(`Ünï "quoted" it's/odd`)).toBe(200);
    expect((await platform.call('POST', '/datasets', { name: 'samples' })).status).toBe(200);
  });

  it('get a version with each upload, and an address that pipelines fetch', async () => {
    await using platform = await TestPlatform.start({ basePath: '/api' });
    const id = await created(platform, 'fresh');
    expect(platform.simulator.dataset('fresh')).toMatchObject({ id, description: 'd', versions: [] });
    const first = (await upload(platform, id, fileForm('a,b\n', 'my samples.csv'))).body as { version: Version };
    expect(first.version).toMatchObject({ version: 1, hasHeader: true, fileName: 'my samples.csv', fileSize: 4 });
    expect(first.version.url).toBe(
      `${platform.simulator.url}/workspaces/${SHOWCASE}/datasets/${id}/v/1/n/my%20samples.csv`,
    );
    const second = (await upload(platform, id, fileForm('c,d\n'), '&header=false')).body as { version: Version };
    expect(second.version).toMatchObject({ version: 2, hasHeader: false });
    const headers = { authorization: 'Bearer x' };
    expect(await (await fetch(first.version.url, { headers })).text()).toBe('a,b\n');
    expect((await fetch(first.version.url)).status).toBe(401);
    expect((await platform.get(`/datasets/${id}/v/2/n/samples.csv?${WS}`)).text).toBe('c,d\n');
    expect((await platform.get(`/datasets/${id}/v/2/n/my%20samples.csv?${WS}`)).status).toBe(404);
    expect((await platform.get(`/datasets/${id}/metadata?${WS}`)).body).toMatchObject({
      dataset: { version: 2, mediaType: 'text/csv' },
    });
    const { versions } = (await platform.get(`/datasets/${id}/versions?${WS}`)).body as { versions: Version[] };
    expect(versions.map(({ version }) => version)).toEqual([2, 1]);
    expect(platform.simulator.dataset(id)?.versions[1]).toMatchObject({ path: expect.stringMatching(/\/v\/2\/n\//) });
    const call = platform.simulator.calls.find(({ path }) => path.endsWith('/upload'));
    expect(call).toMatchObject({
      body: { file: 'a,b\n' },
      parts: [{ name: 'file', fileName: 'my samples.csv', contentType: 'text/csv', size: 4 }],
    });
  });

  it('keep the media type of their first version', async () => {
    await using platform = await TestPlatform.start();
    const tsv = fileForm('a\tb', 'a.tsv', 'text/tab-separated-values');
    expect((await upload(platform, SAMPLES, tsv)).status).toBe(400);
    expect((await upload(platform, '6sAmplesMaySeed00000Ds', tsv)).status).toBe(200);
  });

  it('stay empty after an upload that failed, with their name taken', async () => {
    await using platform = await TestPlatform.start();
    const id = await created(platform, 'fresh');
    const refused = await upload(platform, id, fileForm('a', 'a.csv', 'application/octet-stream'));
    expect([refused.status, refused.body]).toEqual([
      400,
      {
        message:
          "Given file is not a dataset file. Detected media type: 'application/octet-stream'. Allowed types: 'text/csv, text/tab-separated-values'",
      },
    ]);
    expect((await upload(platform, id, fileForm('a', 'a.csv', 'text/csv', 'wrong'))).status).toBe(400);
    expect((await upload(platform, id, 'a,b')).status).toBe(400);
    expect(platform.simulator.dataset(id)?.versions).toEqual([]);
    expect((await platform.call('POST', `/datasets?${WS}`, { name: 'fresh' })).status).toBe(409);
    expect((await platform.get(`/datasets/${id}/versions?${WS}`)).body).toEqual({ versions: [], totalSize: 0 });
    expect((await upload(platform, id, fileForm('a'))).status).toBe(200);
  });

  it('take 10 MiB and no more, and 100 versions', async () => {
    await using platform = await TestPlatform.start();
    const id = await created(platform, 'large');
    const limit = 10 * 1024 * 1024;
    expect((await upload(platform, id, fileForm(Buffer.alloc(limit, 'a')))).status).toBe(200);
    expect((await upload(platform, id, fileForm(Buffer.alloc(limit + 1, 'a')))).status).toBe(413);
    for (let version = 2; version <= 100; version += 1) await upload(platform, id, fileForm('a'));
    const over = await upload(platform, id, fileForm('a'));
    expect([over.status, platform.simulator.dataset(id)?.versions.length]).toEqual([400, 100]);
  });

  it('are deleted, one or several', async () => {
    await using platform = await TestPlatform.start();
    expect((await platform.call('DELETE', `/datasets/${SAMPLES}?${WS}`)).status).toBe(204);
    expect((await platform.get(`/datasets/${SAMPLES}/metadata?${WS}`)).status).toBe(403);
    const several = await platform.call('DELETE', `/datasets?${WS}`, { datasetIds: ['6eMptySeed0000000000Ds', 'x'] });
    expect(several.body).toEqual({ success: ['6eMptySeed0000000000Ds'], failed: ['x'] });
    expect(platform.simulator.datasets.map(({ name }) => name)).toEqual(['samples-may']);
    expect((await platform.call('POST', `/datasets?${WS}`, { name: 'samples' })).status).toBe(200);
  });
});
