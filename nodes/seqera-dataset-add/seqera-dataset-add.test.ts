import { afterEach, describe, expect, it } from 'vitest';
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

const SHEET = 'sample,fastq_1\nS1,a.gz\n';

async function add(simulator: { url: string }, config: Record<string, unknown>, msg: Record<string, unknown> = {}) {
  const red = redOn(simulator);
  const node = red.create('seqera-dataset-add', config);
  const error = await ended(red, node, { payload: SHEET, ...msg });
  if (error) throw error;
  expect(node.sent).toHaveLength(1);
  return node.on1(1)[0] as unknown as { payload: { version: Record<string, unknown> }; datasetId: string } & Record<
    string,
    unknown
  >;
}

const called = (simulator: Simulator, method: string, path: RegExp) =>
  simulator.calls.filter((call) => call.method === method && path.test(call.path));

describe('a dataset of a message', () => {
  it('is made with its file, and the message goes on with its id and address', async () => {
    const simulator = await simulate();
    const config = { datasetName: 'june', description: 'Of June', fileType: 'csv', hasHeader: true };
    const out = await add(simulator, config, { topic: 'kept' });
    const [made] = simulator.datasets.filter(({ name }) => name === 'june');
    expect(made).toMatchObject({ id: out.datasetId, description: 'Of June', workspaceId: Number(WORKSPACE) });
    expect(made?.versions).toMatchObject([
      { version: 1, fileName: 'june.csv', mediaType: 'text/csv', hasHeader: true },
    ]);
    expect(made?.versions[0]?.content.toString()).toBe(SHEET);
    expect(out).toMatchObject({
      topic: 'kept',
      payload: { version: { version: 1, datasetId: out.datasetId } },
      datasetUrl: simulator.url + made?.versions[0]?.path,
    });
  });

  it('that has no header says so: the Platform takes one for granted', async () => {
    const simulator = await simulate();
    await add(simulator, { datasetName: 'june' });
    expect(simulator.dataset('june')?.versions[0]?.hasHeader).toBe(false);
    expect(called(simulator, 'POST', /upload$/)[0]?.query).toMatchObject({ header: 'false', workspaceId: WORKSPACE });
  });

  it.each([
    ['bytes', Buffer.from('a,b\n\xff', 'latin1'), Buffer.from('a,b\n\xff', 'latin1')],
    ['other bytes', new Uint8Array([97, 44, 98]), Buffer.from('a,b')],
    ['a view of larger bytes', new Uint8Array([0, 97, 98, 0]).subarray(1, 3), Buffer.from('ab')],
    ['letters of all kinds', 'ä,"ö"\r\n--x\n', Buffer.from('ä,"ö"\r\n--x\n')],
    ['an object', { a: [1] }, Buffer.from('{"a":[1]}')],
    ['a number', 5, Buffer.from('5')],
  ])('of %s arrives as it was', async (_what, payload, content) => {
    const simulator = await simulate();
    await add(simulator, { datasetName: 'x', fileType: 'tsv' }, { payload });
    expect(simulator.dataset('x')?.versions[0]).toMatchObject({ content, mediaType: 'text/tab-separated-values' });
  });

  it('can be called almost anything', async () => {
    const simulator = await simulate();
    const name = 'Ünï "quoted"/with \\ slash';
    const out = await add(simulator, { datasetName: name });
    expect(simulator.dataset(out.datasetId)?.name).toBe(name);
    expect(simulator.dataset(out.datasetId)?.versions[0]?.fileName).toMatch(/^[\w.-]+\.csv$/);
  });
});

describe('one that exists', () => {
  it('is an error, and stays as it is', async () => {
    const simulator = await simulate();
    await expect(add(simulator, { datasetName: 'samples' })).rejects.toMatchObject({
      code: 'SEQERA_CONFLICT',
      status: 409,
      message: /"samples" already.*If it exists/,
    });
    expect(simulator.dataset('samples')?.versions).toHaveLength(2);
  });

  it('gets a version where that is wanted; not one whose name only holds the same', async () => {
    const simulator = await simulate();
    const out = await add(simulator, { datasetName: 'samples', onExists: 'version' });
    expect(out.payload.version.version).toBe(3);
    expect(simulator.dataset('samples')?.versions).toHaveLength(3);
    expect(simulator.dataset('samples-may')?.versions).toHaveLength(1);
    const made = await add(simulator, { datasetName: 'sample', onExists: 'version' });
    expect(made.payload.version.version).toBe(1);
  });

  it('and is of another type is refused by the Platform, in its words', async () => {
    const simulator = await simulate();
    const config = { datasetName: 'samples', onExists: 'version', fileType: 'tsv' };
    await expect(add(simulator, config)).rejects.toMatchObject({ code: 'SEQERA_BAD_REQUEST', message: /media type/ });
  });

  it('and is empty, as an upload that failed leaves it, is mended', async () => {
    const simulator = await simulate();
    const out = await add(simulator, { datasetName: 'half-made' });
    expect(out.datasetId).toBe('6eMptySeed0000000000Ds');
    expect(simulator.dataset('half-made')?.versions).toHaveLength(1);
  });

  it('two messages at once: the one makes it, the other meets it whole', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-dataset-add', { datasetName: 'twice' });
    node.receive({ payload: SHEET });
    node.receive({ payload: SHEET });
    await red.until(() => node.done.length === 2);
    expect(node.done.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
      undefined,
      'SEQERA_CONFLICT',
    ]);
    expect(simulator.dataset('twice')?.versions).toHaveLength(1);
  });
});

describe('when the answer is lost', () => {
  const faults = (path: string, kind: string, effect: boolean, times = 1) => ({
    faults: [{ match: { method: 'POST', path }, kind, times, ...(kind === 'status' ? { status: 503, effect } : {}) }],
  });

  it.each([
    ['made, answer lost', faults('/datasets$', 'reset-after', true)],
    ['made, 503 said', faults('/datasets$', 'status', true)],
    ['not made, 503 said', faults('/datasets$', 'status', false)],
    ['uploaded, answer lost', faults('/upload$', 'reset-after', true)],
    ['uploaded, 503 said', faults('/upload$', 'status', true)],
    ['not uploaded, 503 said', faults('/upload$', 'status', false)],
  ])('%s: one dataset, one version', async (_what, scenario) => {
    const simulator = await simulate({ scenario: scenario as never });
    const out = await add(simulator, { datasetName: 'june' });
    expect(out.payload.version.version).toBe(1);
    expect(simulator.datasets.filter(({ name }) => name === 'june')).toHaveLength(1);
    expect(simulator.dataset('june')?.versions).toHaveLength(1);
  });

  it('a version more, not two, on one that exists', async () => {
    const simulator = await simulate({ scenario: faults('/upload$', 'reset-after', true) as never });
    const out = await add(simulator, { datasetName: 'samples', onExists: 'version' });
    expect(out.payload.version.version).toBe(3);
    expect(simulator.dataset('samples')?.versions).toHaveLength(3);
  });

  it('an upload that fails for good leaves an empty one, and the next try goes on with it', async () => {
    const simulator = await simulate({ scenario: faults('/upload$', 'status', false, 2) as never });
    await expect(add(simulator, { datasetName: 'june' })).rejects.toMatchObject({ code: 'SEQERA_SERVER_ERROR' });
    expect(simulator.dataset('june')?.versions).toEqual([]);
    await add(simulator, { datasetName: 'june' });
    expect(simulator.dataset('june')?.versions).toHaveLength(1);
  });
});

describe('bad input', () => {
  it.each([
    [{}, {}, /datasetName is empty/],
    [{ datasetName: 'name', datasetNameType: 'msg' }, { name: { no: 'text' } }, /datasetName/],
    [{ datasetName: 'x' }, { payload: undefined }, /nothing to upload/],
    [{ datasetName: 'x' }, { payload: '' }, /nothing to upload/],
    [{ datasetName: 'x' }, { payload: Buffer.alloc(0) }, /nothing to upload/],
    [{ datasetName: 'x', fileType: 'xlsx' }, {}, /fileType must be one of csv, tsv/],
    [{ datasetName: 'x', onExists: 'replace' }, {}, /onExists/],
    [{ datasetName: 'x', hasHeader: 'h', hasHeaderType: 'msg' }, { h: 'perhaps' }, /hasHeader/],
    [{ datasetName: 'x' }, { payload: Buffer.alloc(10 * 1024 * 1024 + 1) }, /10\.0 MB.*at most 10 MB/],
    [{ datasetName: 'x' }, { payload: 'ä'.repeat(6 * 1024 * 1024) }, /12\.0 MB/],
  ])('%o ends in one error before any call', async (config, msg, words) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-dataset-add', config);
    const error = await ended(red, node, { payload: SHEET, ...msg });
    expect(error).toMatchObject({ code: 'SEQERA_INVALID_INPUT', message: words });
    expect(node.done).toHaveLength(1);
    expect(node.sent).toEqual([]);
    expect(simulator.calls).toEqual([]);
  });

  it('what refers to itself has no JSON', async () => {
    const simulator = await simulate();
    const payload: Record<string, unknown> = {};
    payload.itself = payload;
    await expect(add(simulator, { datasetName: 'x' }, { payload })).rejects.toMatchObject({
      code: 'SEQERA_INVALID_INPUT',
    });
  });

  it.each([
    [401, 'SEQERA_UNAUTHORIZED'],
    [403, 'SEQERA_FORBIDDEN'],
    [404, 'SEQERA_NOT_FOUND'],
    [429, 'SEQERA_RATE_LIMITED'],
    [500, 'SEQERA_SERVER_ERROR'],
    ['html', 'SEQERA_BAD_ANSWER'],
  ] as const)('%s on each call ends in one error', async (fault, code) => {
    for (const failing of ['/datasets', '/upload']) {
      await using peer = await HttpPeer.listen(({ url, method }, response) => {
        const path = url.split('?')[0] ?? '';
        if (!path.endsWith(failing) || method === 'GET') {
          const body = { dataset: { id: 'd1', name: 'x' }, datasets: [{ id: 'd1', name: 'x' }], versions: [] };
          json(response, body);
        } else if (fault === 'html') response.end('<title>Sign in</title>');
        else json(response, { message: `no ${TOKEN}` }, fault);
      });
      const red = redOn(peer, { pace: { ...quickly, retry: { ...quickly.retry, attempts: 2 } } });
      const node = red.create('seqera-dataset-add', { datasetName: 'x' });
      const error = await ended(red, node, { payload: SHEET });
      // Where it is not clear whether it was made, it is looked for, and found.
      const mended = failing === '/datasets' && (fault === 500 || fault === 'html');
      if (!mended) expect(error).toMatchObject({ code });
      expect(error?.message ?? '').not.toContain(TOKEN);
      expect(node.done).toHaveLength(1);
    }
  });
});
