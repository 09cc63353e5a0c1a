import { afterEach, describe, expect, it } from 'vitest';
import { HttpPeer, json } from '../testing/http-peer.ts';
import { ended, platform, quickly, redOn, type Simulator, TOKEN } from '../testing/stage.ts';

const open: Simulator[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((simulator) => simulator.close()));
});

async function simulate(options: Parameters<typeof platform>[0] = {}): Promise<Simulator> {
  const simulator = await platform(options);
  open.push(simulator);
  return simulator;
}

async function get(simulator: { url: string }, config: Record<string, unknown>, msg: Record<string, unknown> = {}) {
  const red = redOn(simulator);
  const node = red.create('seqera-dataset-get', config);
  const error = await ended(red, node, msg);
  if (error) throw error;
  expect(node.sent).toHaveLength(1);
  return node.on1(1)[0] as unknown as Record<string, unknown>;
}

describe('what is read', () => {
  it('the latest version as text, with its address', async () => {
    const simulator = await simulate();
    const out = await get(simulator, { datasetName: 'samples' }, { topic: 'kept' });
    expect(out).toMatchObject({
      topic: 'kept',
      payload: 'sample,condition\nS1,control\nS2,treated\n',
      datasetId: '6sAmplesSeed00000000Ds',
      datasetUrl: simulator.url + simulator.dataset('samples')?.versions[1]?.path,
    });
  });

  it('another version, by a number of the message; by id', async () => {
    const simulator = await simulate();
    const config = { datasetName: '6sAmplesSeed00000000Ds', version: 'which', versionType: 'msg' };
    expect((await get(simulator, config, { which: '1' })).payload).toBe('sample,condition\nS1,control\n');
  });

  it('rows: objects where there is a header', async () => {
    const simulator = await simulate();
    const comma = await get(simulator, { datasetName: 'samples', parse: true });
    expect(comma.payload).toEqual([
      { sample: 'S1', condition: 'control' },
      { sample: 'S2', condition: 'treated' },
    ]);
    const tabs = await get(simulator, { datasetName: 'samples-may', parse: true });
    expect(tabs.payload).toEqual([{ sample: 'S3', condition: 'control' }]);
  });

  it('what another node has put there, byte by byte and cell by cell', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const table = '\ufeffname,"a, ""b""",__proto__\r\n"Ünï\nx",1,p\r\n\r\nshort\r\n';
    const adding = red.create('seqera-dataset-add', { datasetName: 'odd / name', hasHeader: true });
    expect(await ended(red, adding, { payload: table })).toBeUndefined();
    expect((await get(simulator, { datasetName: 'odd / name' })).payload).toBe(table);
    const { payload } = await get(simulator, { datasetName: 'odd / name', parse: true });
    expect(JSON.stringify(payload)).toBe(
      '[{"name":"Ünï\\nx","a, \\"b\\"":"1","__proto__":"p"},{"name":"short","a, \\"b\\"":"","__proto__":""}]',
    );
    const plain = red.create('seqera-dataset-add', { datasetName: 'plain', hasHeader: false, fileType: 'tsv' });
    expect(await ended(red, plain, { payload: 'a"b\tc\n1\t2\n' })).toBeUndefined();
    expect((await get(simulator, { datasetName: 'plain', parse: true })).payload).toEqual([
      ['a"b', 'c'],
      ['1', '2'],
    ]);
  });

  it('a linked one from where it is, without the token', async () => {
    await using away = await HttpPeer.listen((_call, response) => response.end('a,b\n'));
    await using peer = await HttpPeer.listen(({ url }, response) => {
      if (url.includes('/n/')) response.writeHead(307, { location: `${away.url}/signed?x=1` }).end();
      else if (url.includes('/versions')) json(response, { versions: [{ version: 1, fileName: 'x.csv', url: 'u' }] });
      else json(response, { datasets: [{ id: 'd1', name: 'linked' }] });
    });
    expect((await get(peer, { datasetName: 'linked' })).payload).toBe('a,b\n');
    expect(away.calls[0]?.headers.authorization).toBeUndefined();
    expect(peer.calls[0]?.headers.authorization).toContain(TOKEN);
  });
});

describe('bad input', () => {
  it.each([
    [{}, 'SEQERA_INVALID_INPUT', /datasetName is empty/],
    [{ datasetName: 'x', version: '1.5' }, 'SEQERA_INVALID_INPUT', /version/],
    [{ datasetName: 'x', version: 'new' }, 'SEQERA_INVALID_INPUT', /version/],
    [{ datasetName: 'x', parse: '_msgid', parseType: 'msg' }, 'SEQERA_INVALID_INPUT', /parse/],
    [{ datasetName: 'sample' }, 'SEQERA_NOT_FOUND', /Did you mean "samples"/],
    [{ datasetName: 'n/o "such" Ünï' }, 'SEQERA_NOT_FOUND', /No dataset/],
    [{ datasetName: '6nOsuchdataset000000Ds' }, 'SEQERA_NOT_FOUND', /No dataset/],
    [{ datasetName: 'samples', version: 9 }, 'SEQERA_NOT_FOUND', /no version 9: it has 2, 1/],
    [{ datasetName: 'half-made' }, 'SEQERA_NOT_FOUND', /has no version: it has none/],
  ])('%o: one %s', async (config, code, words) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-dataset-get', config);
    expect(await ended(red, node)).toMatchObject({ code, message: words });
    expect(node.done).toHaveLength(1);
    expect(node.sent).toEqual([]);
  });

  it('what is no table', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const adding = red.create('seqera-dataset-add', { datasetName: 'broken' });
    expect(await ended(red, adding, { payload: 'a,"b\n1,2\n' })).toBeUndefined();
    await expect(get(simulator, { datasetName: 'broken', parse: true })).rejects.toMatchObject({
      code: 'SEQERA_BAD_ANSWER',
      message: /is no table/,
    });
  });

  it.each([
    [401, 'SEQERA_UNAUTHORIZED'],
    [403, 'SEQERA_FORBIDDEN'],
    [404, 'SEQERA_NOT_FOUND'],
    [409, 'SEQERA_CONFLICT'],
    [429, 'SEQERA_RATE_LIMITED'],
    [502, 'SEQERA_SERVER_ERROR'],
  ] as const)('%s on each call ends in one error', async (fault, code) => {
    for (const failing of ['/datasets', '/versions', '/x.csv']) {
      await using peer = await HttpPeer.listen(({ url }, response) => {
        if ((url.split('?')[0] ?? '').endsWith(failing)) json(response, { message: `no ${TOKEN}` }, fault);
        else json(response, { datasets: [{ id: 'd1', name: 'x' }], versions: [{ version: 1, fileName: 'x.csv' }] });
      });
      const red = redOn(peer, { pace: { ...quickly, retry: { ...quickly.retry, attempts: 2 } } });
      const node = red.create('seqera-dataset-get', { datasetName: 'x' });
      const error = await ended(red, node);
      expect(error).toMatchObject({ code });
      expect(error?.message).not.toContain(TOKEN);
      expect(node.done).toHaveLength(1);
    }
  });
});
