import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { HttpPeer, json } from '../testing/http-peer.ts';
import { ended, platform, quickly, redOn, type Simulator, TOKEN, WORKSPACE } from '../testing/stage.ts';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function simulate(options: Parameters<typeof platform>[0] = {}): Promise<Simulator> {
  const simulator = await platform(options);
  open.push(simulator);
  return simulator;
}

interface Listed {
  payload: { files: { name: string; type: string; size: number }[] } & Record<string, unknown>;
  files: string[];
}

async function list(simulator: { url: string }, config: Record<string, unknown>, msg: Record<string, unknown> = {}) {
  const red = redOn(simulator);
  const node = red.create('seqera-datalink-list', config);
  const error = await ended(red, node, msg);
  if (error) throw error;
  expect(node.sent).toHaveLength(1);
  return node.on1(1)[0] as unknown as Listed & Record<string, unknown>;
}

const names = ({ payload }: Listed) => payload.files.map(({ name }) => name);
const browsed = (simulator: Simulator) => simulator.calls.filter(({ path }) => path.includes('/browse'));

describe('what is listed', () => {
  it('files of a folder, with where they are, and the message kept', async () => {
    const simulator = await simulate();
    const out = await list(
      simulator,
      { dataLinkName: 'reads-archive', basePath: '/runs/2026-05-12_A00123/' },
      { custom: { kept: true } },
    );
    expect(out.custom).toEqual({ kept: true });
    expect(out.payload).toMatchObject({
      resourceType: 'bucket',
      resourceRef: 's3://redstart-reads-archive',
      provider: 'aws',
    });
    expect(out.payload.files).toHaveLength(7);
    expect(out.payload.files[0]).toMatchObject({
      type: 'FILE',
      name: 'runs/2026-05-12_A00123/RunInfo.xml',
      size: 5400,
    });
    expect(out.files).toContain('s3://redstart-reads-archive/runs/2026-05-12_A00123/S1_R1.fastq.gz');
    expect(browsed(simulator)[0]?.query).toMatchObject({ workspaceId: WORKSPACE, credentialsId: expect.any(String) });
  });

  it('what old flows have: numbers as text, no types', async () => {
    const simulator = await simulate();
    const config = { dataLinkName: 'open-genomes', maxResults: '3', depth: '1', returnType: 'files' };
    expect(names(await list(simulator, config))).toEqual([
      'GRCh38/genes.gtf',
      'GRCh38/genome.fa',
      'GRCh38/genome.fa.fai',
    ]);
  });

  it.each([
    [0, 1],
    [1, 1],
    [2, 14],
    [3, 16],
    [-1, 16],
  ])('depth %i of the archive: %i files', async (depth, count) => {
    const simulator = await simulate();
    const out = await list(simulator, { dataLinkName: 'reads-archive', depth });
    // The sheet is one level down.
    expect(names(out)).toHaveLength(depth === 1 ? count + 1 : count);
    expect(new Set(names(out)).size).toBe(names(out).length);
    expect(names(out).every((name) => !name.startsWith('/') && !name.endsWith('/'))).toBe(true);
  });

  it.each([0, 2, -1])(
    'folders, and all, at depth %i: without a slash at their end, whatever the provider',
    async (depth) => {
      const simulator = await simulate();
      simulator.putObject('empty-bucket', 'a/b/c.txt', 3);
      simulator.putObject('empty-bucket', 'marked/');
      const folders = await list(simulator, { dataLinkName: 'empty-bucket', depth, returnType: 'folders' });
      expect(names(folders).sort()).toEqual(depth === 0 ? ['a', 'marked'] : ['a', 'a/b', 'marked']);
      const all = await list(simulator, { dataLinkName: 'empty-bucket', depth, returnType: 'all' });
      expect(names(all).sort()).toEqual(depth === 0 ? ['a', 'marked'] : ['a', 'a/b', 'a/b/c.txt', 'marked']);
    },
  );

  it('an empty data link is no error', async () => {
    const simulator = await simulate();
    for (const depth of [0, 3, -1]) {
      const out = await list(simulator, { dataLinkName: 'empty-bucket', depth });
      expect(out.payload.files).toEqual([]);
      expect(out.files).toEqual([]);
    }
  });

  it('names with slashes, quotes and letters of all kinds', async () => {
    const simulator = await simulate();
    const config = { dataLinkName: 'reads', basePath: 'odd names', depth: -1, maxResults: 1000 };
    const odd = ['odd names/Ünï "quoted" it\'s 100%.txt', 'odd names/a+b & c#d?.csv'];
    expect(names(await list(simulator, config)).sort()).toEqual(odd.sort());
    expect(names(await list(simulator, { ...config, depth: 0 })).sort()).toEqual(odd.sort());
    simulator.putObject('reads', 'odd names/Ü "x" 100%/a?b#c/file.txt');
    const deep = await list(simulator, { ...config, depth: 5, pattern: '/file' });
    expect(names(deep)).toEqual(['odd names/Ü "x" 100%/a?b#c/file.txt']);
  });
});

describe('what is asked of the Platform', () => {
  it('every page, and no page more than is needed', async () => {
    const simulator = await simulate();
    simulator.generateObjects('empty-bucket', { count: 1050, depth: 0 });
    const all = await list(simulator, { dataLinkName: 'empty-bucket', maxResults: 5000 });
    expect(new Set(names(all)).size).toBe(1050);
    expect(browsed(simulator)).toHaveLength(11);
    const some = await list(simulator, { dataLinkName: 'empty-bucket', maxResults: 100 });
    expect(names(some)).toHaveLength(100);
    expect(browsed(simulator)).toHaveLength(12);
  });

  it('filters come before the limit', async () => {
    const simulator = await simulate();
    simulator.generateObjects('empty-bucket', { count: 1000, depth: 1, perFolder: 100 });
    for (const depth of [1, -1]) {
      const late = { dataLinkName: 'empty-bucket', maxResults: 2, depth, pattern: 'sample_99[89]\\.' };
      expect(names(await list(simulator, late))).toHaveLength(2);
      const prefixed = { dataLinkName: 'empty-bucket', maxResults: 3, depth, prefix: 'sample_99' };
      expect(names(await list(simulator, prefixed)).every((name) => name.includes('/sample_99'))).toBe(true);
      const inFolder = { dataLinkName: 'empty-bucket', maxResults: 500, depth, prefix: 'level1_9/sample_9' };
      expect(names(await list(simulator, inFolder))).toHaveLength(100);
    }
  });

  it('the prefix is left to the Platform where that finds the same', async () => {
    const simulator = await simulate();
    simulator.generateObjects('empty-bucket', { count: 500, depth: 0 });
    const out = await list(simulator, { dataLinkName: 'empty-bucket', prefix: 'sample_49', maxResults: 500 });
    expect(names(out)).toHaveLength(10);
    expect(browsed(simulator)).toHaveLength(1);
  });

  it('everything below: one call of the tree', async () => {
    const simulator = await simulate();
    simulator.generateObjects('empty-bucket', { count: 3000, depth: 3, perFolder: 10 });
    const out = await list(simulator, { dataLinkName: 'empty-bucket', depth: -1, maxResults: 10_000 });
    expect(names(out)).toHaveLength(3000);
    expect(browsed(simulator).map(({ path }) => path.split('/').at(-1))).toEqual(['browse-tree']);
  });

  it('the tree of a folder is not that of one whose name begins the same', async () => {
    const simulator = await simulate();
    simulator.putObject('empty-bucket', 'run/in.txt');
    simulator.putObject('empty-bucket', 'run-old/out.txt');
    const config = { dataLinkName: 'empty-bucket', basePath: 'run', depth: -1, maxResults: 500 };
    expect(names(await list(simulator, config))).toEqual(['run/in.txt']);
  });

  it('folder by folder where there is no tree', async () => {
    const simulator = await simulate({
      scenario: { faults: [{ match: { path: '/browse-tree$' }, kind: 'status', status: 404 }] },
    });
    simulator.generateObjects('empty-bucket', { count: 600, depth: 2, perFolder: 50 });
    const out = await list(simulator, { dataLinkName: 'empty-bucket', depth: -1, maxResults: 10_000 });
    expect(new Set(names(out)).size).toBe(600);
  });

  it('calls are no more than pages and folders', async () => {
    const simulator = await simulate();
    simulator.generateObjects('empty-bucket', { count: 4000, depth: 2, perFolder: 250 });
    const out = await list(simulator, { dataLinkName: 'empty-bucket', depth: 9, maxResults: 10_000 });
    expect(new Set(names(out)).size).toBe(4000);
    const folders = 4 + 16 + 1;
    expect(browsed(simulator).length).toBeLessThanOrEqual(folders + 16 * 2);
  });
});

describe('which data link', () => {
  it('the one of exactly this name, or id', async () => {
    const simulator = await simulate();
    const byName = await list(simulator, { dataLinkName: 'reads', depth: -1 });
    expect(byName.payload.resourceRef).toBe('gs://redstart-reads');
    const byId = await list(simulator, { dataLinkName: 'v1-cloud-99ff88ee77dd66cc55bb44aa33c22d11', depth: 1 });
    expect(names(byId)).toEqual(['on-azure/two.txt']);
  });

  it('two of exactly one name: which ones there are is said', async () => {
    const simulator = await simulate();
    const error = await list(simulator, { dataLinkName: 'shared-name' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SEQERA_AMBIGUOUS_NAME' });
    expect(String(error)).toMatch(/v1-cloud-11aa.*aws.*v1-cloud-99ff.*azure/);
  });

  it('none: the nearest names are said', async () => {
    const simulator = await simulate();
    const error = await list(simulator, { dataLinkName: 'reads-archiv' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SEQERA_NOT_FOUND', message: /"reads-archive"/ });
  });

  it('one that is named like a keyword of the search', async () => {
    const simulator = await simulate();
    simulator.addDataLink({ name: 'provider:aws "x"/ünï' });
    expect(names(await list(simulator, { dataLinkName: 'provider:aws "x"/ünï' }))).toEqual([]);
  });

  it('one that is found when the Platform has looked through its buckets (202)', async () => {
    const simulator = await simulate({ speed: 10, scenario: { dataLinksLoadingFor: '15s' } });
    expect(names(await list(simulator, { dataLinkName: 'reads', basePath: 'incoming' }))).toHaveLength(2);
    const asked = simulator.calls.filter(({ path }) => path.endsWith('/data-links'));
    expect(asked.map(({ status }) => status)).toContain(202);
    expect(asked.at(-1)?.status).toBe(200);
  });

  it('is not waited for without end', async () => {
    await using peer = await HttpPeer.listen((_call, response) => json(response, { dataLinks: [], totalSize: 0 }, 202));
    const clock = new FakeClock();
    const red = redOn(peer, { pace: { ...quickly, clock } });
    const node = red.create('seqera-datalink-list', { dataLinkName: 'reads' });
    node.receive();
    while (node.done.length === 0) await clock.advance(5_000);
    expect(node.done[0]?.error).toMatchObject({ code: 'SEQERA_TIMEOUT', message: /still looking/ });
  });

  it('one that is not valid says so', async () => {
    const simulator = await simulate({
      scenario: { dataLinks: { reads: { status: 'INVALID', message: 'The bucket is gone' } } },
    });
    await expect(list(simulator, { dataLinkName: 'reads' })).rejects.toThrow(/bucket is gone/);
  });
});

describe('bad input', () => {
  it.each([
    [{}, 'dataLinkName'],
    [{ dataLinkName: 'name', dataLinkNameType: 'msg' }, 'dataLinkName'],
    [{ dataLinkName: 'list', dataLinkNameType: 'msg' }, 'dataLinkName'],
    [{ dataLinkName: 'reads', pattern: '(' }, 'regular expression'],
    [{ dataLinkName: 'reads', depth: -1, pattern: '[z-a]' }, 'regular expression'],
    [{ dataLinkName: 'reads', maxResults: 'many' }, 'maxResults'],
    [{ dataLinkName: 'reads', maxResults: 0 }, 'maxResults'],
    [{ dataLinkName: 'reads', maxResults: 1.5 }, 'maxResults'],
    [{ dataLinkName: 'reads', depth: -2 }, 'depth'],
    [{ dataLinkName: 'reads', depth: 'list', depthType: 'msg' }, 'depth'],
    [{ dataLinkName: 'reads', returnType: 'everything' }, 'returnType'],
    [{ dataLinkName: 'reads', basePath: '../../workflow' }, 'path'],
    [{ dataLinkName: 'reads', basePath: 'a//b' }, 'path'],
  ])('%o ends in one error that names it', async (config, words) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-datalink-list', config);
    const error = await ended(red, node, { list: [1] });
    expect(error).toMatchObject({ code: 'SEQERA_INVALID_INPUT' });
    expect(error?.message).toContain(words);
    expect(node.sent).toEqual([]);
    expect(node.done).toHaveLength(1);
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red' });
  });

  it.each([
    [401, 'SEQERA_UNAUTHORIZED'],
    [403, 'SEQERA_FORBIDDEN'],
    [404, 'SEQERA_NOT_FOUND'],
    [409, 'SEQERA_CONFLICT'],
    [429, 'SEQERA_RATE_LIMITED'],
    [500, 'SEQERA_SERVER_ERROR'],
    [503, 'SEQERA_SERVER_ERROR'],
    ['html', 'SEQERA_BAD_ANSWER'],
    ['array', 'SEQERA_BAD_ANSWER'],
  ] as const)('%s on each call ends in one error', async (fault, code) => {
    const seen: string[] = [];
    for (const failing of ['/data-links', '/browse']) {
      await using peer = await HttpPeer.listen(({ url }, response) => {
        const path = url.split('?')[0] ?? '';
        if (!path.endsWith(failing)) {
          json(response, { dataLinks: [{ id: 'v1-x', name: 'reads', resourceRef: 's3://x' }], totalSize: 1 });
        } else if (fault === 'html') response.end('<title>Sign in</title>');
        else if (fault === 'array') json(response, [{ dataLinks: 'none' }]);
        else json(response, { message: `no ${TOKEN}` }, fault);
      });
      const red = redOn(peer, { pace: { ...quickly, retry: { ...quickly.retry, attempts: 2 } } });
      const node = red.create('seqera-datalink-list', { dataLinkName: 'reads' });
      const error = await ended(red, node);
      expect(error).toMatchObject({ code });
      expect(error?.message).not.toContain(TOKEN);
      expect(node.done).toHaveLength(1);
      seen.push(failing);
    }
    expect(seen).toHaveLength(2);
  });

  it('pages that never end are noticed', async () => {
    await using peer = await HttpPeer.listen(({ url }, response) => {
      if (url.includes('/browse')) json(response, { objects: [], nextPageToken: 'again' });
      else json(response, { dataLinks: [{ id: 'v1-x', name: 'reads', resourceRef: 's3://x' }] });
    });
    await expect(list(peer, { dataLinkName: 'reads' })).rejects.toMatchObject({ code: 'SEQERA_BAD_ANSWER' });
  });

  it('a folder that no address can name is left out, with a warning', async () => {
    await using peer = await HttpPeer.listen(({ url }, response) => {
      if (url.includes('/browse')) {
        const objects = url.includes('/browse/fine')
          ? [{ type: 'FILE', name: 'file', size: 1 }]
          : [
              { type: 'FOLDER', name: '../', size: 0 },
              { type: 'FOLDER', name: 'fine/', size: 0 },
              { type: 'FOLDER', name: '/', size: 0 },
            ];
        json(response, { objects });
      } else json(response, { dataLinks: [{ id: 'v1-x', name: 'reads', resourceRef: 's3://x' }] });
    });
    const red = redOn(peer);
    const node = red.create('seqera-datalink-list', { dataLinkName: 'reads', depth: 3 });
    expect(await ended(red, node)).toBeUndefined();
    expect(node.on1(1)[0]).toMatchObject({ files: ['s3://x/fine/file'] });
    expect(node.logged.join()).toMatch(/warn .*"\.\."/);
  });
});
