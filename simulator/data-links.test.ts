import { describe, expect, it } from 'vitest';
import { type Answered, SHOWCASE, TestPlatform } from './testing/simulators.ts';

const WS = `workspaceId=${SHOWCASE}`;
const ARCHIVE = 'v1-cloud-6f1c1b3fd1f24d3a9a7e0b5c9d2e4f10';
const GENOMES = 'v1-user-0b7a52c8e94d4c0f8a3d6e1f7b2c9a55';
const READS = 'v1-cloud-c2d94f0e7a1b4b6d8e5f3a2b1c0d9e88';
const AWS = 'credentialsId=4aWsCredentials00000Cr';
const GOOGLE = 'credentialsId=4gOogleCredentials00Cr';

interface Page {
  objects: { type: string; name: string; size: number }[];
  nextPageToken?: string;
}
const linkNames = ({ body }: Answered) => (body as { dataLinks: { name: string }[] }).dataLinks.map(({ name }) => name);
const page = ({ body }: Answered) => body as Page;
const names = (answered: Answered) => page(answered).objects.map(({ name }) => name);

describe('the list of data links', () => {
  it('is searched by part of the name, the whole of it, and keywords', async () => {
    await using platform = await TestPlatform.start();
    const found = async (query: string) => linkNames(await platform.get(`/data-links?${WS}&${query}`));
    expect(await found('search=reads')).toEqual(['reads-archive', 'reads']);
    expect(await found('search=%22reads%22')).toEqual(['reads']);
    expect(await found('search=shared-name')).toEqual(['shared-name', 'shared-name']);
    expect(await found('search=shared-name%20provider:azure')).toEqual(['shared-name']);
    expect(await found('search=resourceRef:s3://open-genomes')).toEqual(['open-genomes']);
    expect(await found('search=region:us-east-1')).toEqual(['open-genomes']);
    expect(await found('max=2&offset=1&pageSize=1')).toEqual(['open-genomes', 'reads']);
    expect(await found(AWS)).toEqual(['reads-archive', 'shared-name']);
    expect(await found('visibility=hidden')).toEqual([]);
    expect(linkNames(await platform.get('/data-links'))).toEqual([]);
    expect((await platform.get(`/data-links?${WS}&credentialsId=none`)).status).toBe(403);
  });

  it('is incomplete, and 202, while the buckets are being looked through', async () => {
    await using platform = await TestPlatform.start({ scenario: { dataLinksLoadingFor: '5s' } });
    const loading = await platform.get(`/data-links?${WS}&search=reads-archive`);
    expect([loading.status, loading.body]).toEqual([202, { dataLinks: [], totalSize: 0 }]);
    expect(linkNames(await platform.get(`/data-links?${WS}`))).toEqual(['open-genomes', 'empty-bucket']);
    platform.simulator.advance(5000);
    const loaded = await platform.get(`/data-links?${WS}&search=reads-archive`);
    expect([loaded.status, linkNames(loaded)]).toEqual([200, ['reads-archive']]);
    await platform.get(`/data-links/cache/refresh?${WS}`);
    expect((await platform.get(`/data-links?${WS}`)).status).toBe(202);
  });

  it('grows and shrinks', async () => {
    await using platform = await TestPlatform.start();
    const fields = { name: 'mine', provider: 'google', resourceRef: 'gs://mine', publicAccessible: true };
    const created = await platform.call('POST', `/data-links?${WS}`, fields);
    const { id } = created.body as { id: string };
    expect(platform.simulator.dataLinks.at(-1)).toMatchObject({ id, name: 'mine', workspaceId: SHOWCASE, objects: 0 });
    const taken = async (provider: string) =>
      (await platform.call('POST', `/data-links?${WS}`, { ...fields, provider })).status;
    expect([await taken('google'), await taken('azure'), await taken('floppy')]).toEqual([400, 200, 400]);
    expect((await platform.call('DELETE', `/data-links/${id}?${WS}`)).status).toBe(204);
    expect((await platform.get(`/data-links/${id}/browse?${WS}`)).status).toBe(404);
    expect((await platform.call('DELETE', `/data-links/${ARCHIVE}?${WS}`)).status).toBe(400);
    platform.simulator.removeDataLink('reads-archive');
    expect((await platform.get(`/data-links/${ARCHIVE}/browse?${WS}&${AWS}`)).status).toBe(404);
  });
});

describe('browsing', () => {
  it('needs the credentials of a private data link, and fails darkly without', async () => {
    await using platform = await TestPlatform.start();
    const browse = (query: string) => platform.get(`/data-links/${ARCHIVE}/browse?${query}`);
    expect(names(await browse(`${WS}&${AWS}`))).toEqual(['README.md', 'runs/', 'samplesheets/']);
    const dark = await browse(WS);
    expect([dark.status, dark.body]).toEqual([
      400,
      { message: expect.stringMatching(/^Unexpected error while processing - Error ID: \w{22}$/) },
    ]);
    expect((await browse(`${WS}&${GOOGLE}`)).status).toBe(400);
    expect((await browse(`${WS}&credentialsId=none`)).status).toBe(403);
    expect((await browse(AWS)).status).toBe(403);
  });

  it('goes into folders, in either spelling, also with odd names', async () => {
    await using platform = await TestPlatform.start();
    const browse = async (path: string) => names(await platform.get(`/data-links/${READS}${path}?${WS}&${GOOGLE}`));
    expect(await browse('/browse')).toEqual(['incoming/', 'odd names/']);
    expect(await browse('/browse/')).toEqual(['incoming/', 'odd names/']);
    expect(await browse('/browse/incoming')).toEqual(['first.fastq.gz', 'second.fastq.gz']);
    expect(await browse('/browse/odd%20names/')).toEqual(['a+b & c#d?.csv', `Ünï "quoted" it's 100%.txt`].sort());
    // A path that is not there cannot be told from an empty folder.
    expect(await browse('/browse/no/such/thing')).toEqual([]);
    expect(await browse('/browse/incoming/first.fastq.gz')).toEqual([]);
  });

  it('writes folders with a slash or without, by provider', async () => {
    await using platform = await TestPlatform.start();
    const azure = 'v1-cloud-99ff88ee77dd66cc55bb44aa33c22d11';
    const { body } = await platform.get(`/data-links/${azure}/browse?${WS}&credentialsId=4aZureCredentials000Cr`);
    expect(body).toEqual({ originalPath: '', objects: [{ type: 'FOLDER', name: 'on-azure', size: 0 }] });
  });

  it('comes in pages that changes in between do not shift', async () => {
    await using platform = await TestPlatform.start();
    const { simulator } = platform;
    for (const name of ['b', 'd', 'f', 'h']) simulator.putObject('open-genomes', `many/${name}`, 1);
    const browse = (query: string) => platform.get(`/data-links/${GENOMES}/browse/many?${WS}&${query}`);
    const first = await browse('pageSize=2');
    expect(names(first)).toEqual(['b', 'd']);
    simulator.putObject('open-genomes', 'many/a', 1);
    simulator.removeObject('open-genomes', 'many/d');
    const second = await browse(`pageSize=2&nextPageToken=${page(first).nextPageToken}`);
    expect([names(second), page(second).nextPageToken]).toEqual([['f', 'h'], undefined]);
    expect(names(await browse('search=b'))).toEqual(['b']);
    for (const wrong of ['pageSize=1001', 'pageSize=0', 'pageSize=x', 'nextPageToken=x'])
      expect((await browse(wrong)).status).toBe(400);
  });

  it('has the whole tree in one call', async () => {
    await using platform = await TestPlatform.start();
    const tree = async (query: string) =>
      ((await platform.get(`/data-links/${GENOMES}/browse-tree?${WS}${query}`)).body as { items: object[] }).items;
    platform.simulator.putObject('open-genomes', 'T2T-CHM13/empty/');
    expect(await tree('&paths=T2T-CHM13/')).toEqual([
      { path: 'T2T-CHM13/empty/', size: 0 },
      { path: 'T2T-CHM13/genes.gtf', size: 1_400_000_000 },
      { path: 'T2T-CHM13/genome.fa', size: 3_100_000_000 },
      { path: 'T2T-CHM13/genome.fa.fai', size: 4000 },
    ]);
    expect(await tree('&paths=GRCh38&paths=T2T-CHM13')).toHaveLength(7);
    expect(await tree('')).toHaveLength(7);
    expect(await tree('&paths=GRCh38/genes.gtf')).toEqual([]);
  });

  it('fails when the data link is invalid', async () => {
    await using platform = await TestPlatform.start({
      scenario: { dataLinks: { 'open-genomes': { status: 'INVALID', message: 'Access denied' } } },
    });
    const { status, body } = await platform.get(`/data-links/${GENOMES}/browse?${WS}`);
    expect([status, body]).toEqual([400, { message: 'Access denied' }]);
  });
});

describe('objects', () => {
  it('are downloaded, by the Platform or from a signed address that wants no token', async () => {
    await using platform = await TestPlatform.start({ basePath: '/api' });
    const sheet = await platform.get(`/data-links/${ARCHIVE}/download/samplesheets/may.csv?${WS}&${AWS}`);
    expect(sheet.text).toMatch(/^sample,fastq_1/);
    platform.simulator.putObject('open-genomes', 'big.bin', 200_000);
    const big = await platform.get(`/data-links/${GENOMES}/download/big.bin?${WS}`);
    expect([big.text.length, big.text.startsWith('# simulated big.bin\n')]).toEqual([200_000, true]);
    const named = `/data-links/${ARCHIVE}/generate-download-url?${WS}&${AWS}&filePath=samplesheets/may.csv`;
    const { url } = (await platform.get(named)).body as { url: string };
    expect(await (await fetch(url)).text()).toBe(sheet.text);
    expect((await fetch(url, { headers: { authorization: 'Bearer x' } })).status).toBe(400);
    expect((await fetch(url.replace('may', 'june'))).status).toBe(403);
    platform.simulator.advance(3_600_000);
    expect((await fetch(url)).status).toBe(403);
    expect(platform.simulator.calls.filter(({ path }) => path.includes('_objects'))).toEqual([]);
  });

  it('appear, change and vanish over time', async () => {
    await using platform = await TestPlatform.start({
      scenario: {
        dataLinks: {
          'open-genomes': {
            changes: [
              { at: '10s', put: 'incoming/batch-{n}.fastq.gz', size: 5, every: '10s', times: 3 },
              { at: '25s', put: 'incoming/batch-1.fastq.gz', size: 6 },
              { at: '45s', remove: 'incoming/batch-2.fastq.gz' },
              { at: '50s', put: 'incoming/note.txt', content: 'hello' },
              { at: '60s', remove: 'incoming/' },
            ],
          },
        },
      },
    });
    const seen = async () =>
      page(await platform.get(`/data-links/${GENOMES}/browse/incoming?${WS}`)).objects.map(
        ({ name, size }) => `${name.split('.')[0]}:${size}`,
      );
    const later = (ms: number) => {
      platform.simulator.advance(ms);
      return seen();
    };
    expect(await seen()).toEqual([]);
    expect(await later(10_000)).toEqual(['batch-1:5']);
    expect(await later(10_000)).toEqual(['batch-1:5', 'batch-2:5']);
    expect(await later(10_000)).toEqual(['batch-1:6', 'batch-2:5', 'batch-3:5']);
    expect(await later(20_000)).toEqual(['batch-1:6', 'batch-3:5', 'note:5']);
    expect(await later(10_000)).toEqual([]);
  });

  it('are many by scenario', async () => {
    await using platform = await TestPlatform.start({
      scenario: { dataLinks: { [GENOMES]: { objects: { count: 5000, depth: 2, perFolder: 50, under: 'gen' } } } },
    });
    const link = platform.simulator.dataLinks.find(({ id }) => id === GENOMES);
    expect(link?.objects).toBe(5006);
    expect([...platform.simulator.objects(GENOMES, 'gen')]).toHaveLength(5000);
  });

  it('are put and removed by name where it is one data link only', async () => {
    await using platform = await TestPlatform.start();
    const { simulator } = platform;
    expect(() => simulator.putObject('shared-name', 'x')).toThrow(/is the name of several/);
    expect(() => simulator.putObject('none', 'x')).toThrow(/there is no data link none/);
    expect(() => simulator.removeObject('reads', 'x')).toThrow(/no object x/);
    const made = simulator.addDataLink({ name: 'made', publicAccessible: false, provider: 'google' });
    simulator.putObject(made.id, 'a/b.txt', 3);
    expect(names(await platform.get(`/data-links/${made.id}/browse/a?${WS}&${GOOGLE}`))).toEqual(['b.txt']);
    expect(() => simulator.addDataLink({ name: 'x', workspaceId: 1 })).toThrow(RangeError);
    expect(() => simulator.addDataLink({ name: 'x', provider: 's3', publicAccessible: false })).toThrow(/credentials/);
    expect(() => simulator.setScenario({ dataLinks: { none: {}, 'shared-name': {} } })).toThrow(
      /there is no none.*is the name of several/s,
    );
    expect(() => simulator.setScenario({ dataLinks: { reads: { changes: [{ at: 1 }] } } })).toThrow(/put or remove/);
  });
});
