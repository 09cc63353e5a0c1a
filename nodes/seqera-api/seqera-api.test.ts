import { afterEach, describe, expect, it } from 'vitest';
import { fillPath } from '../lib/api-path.ts';
import { aRun, errorOf, errorsOf, send, simulators } from '../testing/drive.ts';
import { HttpPeer, json } from '../testing/http-peer.ts';
import { redOn, TOKEN } from '../testing/stage.ts';

const { simulate } = simulators();
const peers: HttpPeer[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer[Symbol.asyncDispose]();
});
const listen = async (answer: Parameters<typeof HttpPeer.listen>[0]): Promise<HttpPeer> => {
  const peer = await HttpPeer.listen(answer);
  peers.push(peer);
  return peer;
};

describe('a call of the API', () => {
  it('fills in the path, adds the workspace, and gives body, status and headers', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const id = await aRun(simulator);
    const node = red.create('seqera-api', { path: '/workflow/{id}', query: '{"attributes":["labels","messages"]}' });
    await send(red, node, { params: { id }, custom: 1 });
    expect(errorsOf(node)).toEqual([]);
    expect(simulator.calls.at(-1)).toMatchObject({
      path: `/workflow/${id}`,
      query: { workspaceId: '70001', attributes: 'labels,messages' },
    });
    expect(node.sent[0]?.msg).toMatchObject({
      statusCode: 200,
      payload: { workflow: { id } },
      custom: 1,
      headers: { 'content-type': expect.stringContaining('json') },
    });
  });

  it('sends a body, and gives an empty object where the answer has none', async () => {
    const simulator = await simulate({ scenario: { runs: [{ end: 'NEVER' }] } });
    const red = redOn(simulator);
    const node = red.create('seqera-api', {
      method: 'POST',
      path: 'path',
      pathType: 'msg',
      body: 'payload',
      bodyType: 'msg',
    });
    await send(red, node, { path: 'workflow/{id}/cancel', params: { id: await aRun(simulator) }, payload: {} });
    expect(errorsOf(node)).toEqual([]);
    expect(node.sent[0]?.msg).toMatchObject({ statusCode: 204, payload: {} });
  });

  it('leaves the workspace out where there is none, and when it is told to', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    await send(red, red.create('seqera-api', { path: '/user-info' }));
    await send(red, red.create('seqera-api', { path: '/workflow', query: '{"workspaceId":null}' }));
    expect(simulator.calls.map(({ query }) => query)).toEqual([{}, {}]);
  });

  it('encodes what is filled in', async () => {
    const peer = await listen((_, response) => json(response, {}));
    const red = redOn(peer);
    const name = `a/b "ü" ?#%`;
    await send(red, red.create('seqera-api', { path: '/datasets/{a}/v/{n}/n/{name}' }), {
      params: { a: 'x', n: 2, name },
    });
    expect(peer.calls[0]?.url).toBe(`/datasets/x/v/2/n/${encodeURIComponent(name)}?workspaceId=70001`);
  });

  it('never sends again what may have taken effect', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const peer = await listen((_, response) => json(response, { message: 'no' }, 503));
      const red = redOn(peer);
      const node = red.create('seqera-api', { method, path: '/labels', body: '{}' });
      await send(red, node);
      expect(errorOf(node)).toMatchObject({ code: 'SEQERA_SERVER_ERROR', status: 503 });
      expect(peer.calls).toHaveLength(1);
    }
    const peer = await listen((_, response, count) => json(response, {}, count < 3 ? 503 : 200));
    const red = redOn(peer);
    await send(red, red.create('seqera-api', { path: '/labels' }));
    expect(peer.calls).toHaveLength(3);
  });

  it('shows no header that could let someone in', async () => {
    const headers = { 'set-cookie': 'a=1', 'x-auth-token': 't', 'www-authenticate': 'x', 'x-request-id': '7' };
    const peer = await listen((call, response) => json(response, { said: call.headers.authorization }, 200, headers));
    const red = redOn(peer);
    const node = red.create('seqera-api', { path: '/x' });
    await send(red, node);
    expect(node.sent[0]?.msg.headers).toMatchObject({ 'x-request-id': '7' });
    const text = JSON.stringify(node.sent[0]?.msg);
    expect(text).not.toMatch(/set-cookie|x-auth-token|www-authenticate/);
    expect(text).not.toContain(TOKEN);
  });

  it('gives text and bytes when asked to', async () => {
    const peer = await listen((_, response) => response.end('a,b\n'));
    const red = redOn(peer);
    const text = red.create('seqera-api', { path: '/x', returns: 'text' });
    await send(red, text);
    expect(text.sent[0]?.msg.payload).toBe('a,b\n');
    const bin = red.create('seqera-api', { path: '/x', returns: 'bin' });
    await send(red, bin);
    expect(bin.sent[0]?.msg.payload).toEqual(Buffer.from('a,b\n'));
    const parsed = red.create('seqera-api', { path: '/x' });
    await send(red, parsed);
    expect(errorOf(parsed).code).toBe('SEQERA_BAD_ANSWER');
  });
});

describe('a path', () => {
  it.each([
    'https://evil.example/x',
    '//evil.example/x',
    '/a/../../b',
    '..',
    '/a/%2e%2e/b',
    '/a%2fb',
    '/a%5Cb',
    '/a\\b',
    '/a?b=c',
    '/a#b',
    '/a/./b',
    '/a/{b',
    'javascript:x',
  ])('must stay below the base URL: %s', async (path) => {
    const peer = await listen((_, response) => json(response, {}));
    const red = redOn(peer);
    const node = red.create('seqera-api', { path });
    await send(red, node);
    expect(errorOf(node).code).toBe('SEQERA_INVALID_INPUT');
    expect(peer.calls).toEqual([]);
  });

  it.each(['..', '.', '../x', 'a/../../b', '..\\x', '', null, undefined, {}, ['x'], true])(
    'does not take %j for a placeholder',
    (id) => {
      expect(() => fillPath('/workflow/{id}', { id })).toThrow(
        expect.objectContaining({ code: 'SEQERA_INVALID_INPUT' }),
      );
    },
  );

  it('takes own values of msg.params only', () => {
    expect(() => fillPath('/{constructor}', {})).toThrow(/constructor/);
    expect(fillPath('a/{x}', { x: 'b c' })).toBe('/a/b%20c');
  });
});

describe('all pages', () => {
  it('are one answer', async () => {
    const simulator = await simulate({ scenario: { history: [{ count: 250 }] } });
    const red = redOn(simulator);
    const node = red.create('seqera-api', { path: '/workflow', paginate: true });
    await send(red, node);
    const payload = node.sent[0]!.msg.payload as { workflows: { workflow: { id: string } }[] };
    expect(payload.workflows).toHaveLength(250);
    expect(new Set(payload.workflows.map(({ workflow }) => workflow.id)).size).toBe(250);
    expect(node.sent[0]?.msg).not.toHaveProperty('truncated');
    expect(simulator.calls).toHaveLength(3);
  });

  it('end at the cap, and say so', async () => {
    const simulator = await simulate({ scenario: { history: [{ count: 250 }] } });
    const red = redOn(simulator);
    const node = red.create('seqera-api', { path: '/workflow', paginate: true, maxItems: '120' });
    await send(red, node);
    expect((node.sent[0]!.msg.payload as { workflows: unknown[] }).workflows).toHaveLength(120);
    expect(node.sent[0]?.msg.truncated).toBe(true);
    expect(simulator.calls).toHaveLength(2);
  });

  it('follow nextPageToken', async () => {
    const simulator = await simulate();
    simulator.generateObjects('empty-bucket', { count: 30, depth: 0 });
    const id = simulator.dataLinks.find(({ name }) => name === 'empty-bucket')?.id;
    const credentialsId = simulator.dataLinks.find(({ name }) => name === 'empty-bucket')?.credentialsId;
    const red = redOn(simulator);
    const node = red.create('seqera-api', {
      path: '/data-links/{id}/browse',
      query: JSON.stringify({ pageSize: 10, credentialsId }),
      paginate: true,
    });
    await send(red, node, { params: { id } });
    expect(errorsOf(node)).toEqual([]);
    expect((node.sent[0]!.msg.payload as { objects: unknown[] }).objects).toHaveLength(30);
    expect(node.sent[0]?.msg.payload).not.toHaveProperty('nextPageToken');
  });

  it('are one page where a list has none, however long', async () => {
    const list = Array.from({ length: 100 }, (_, index) => ({ name: `n${index}` }));
    const peer = await listen((_, response) => json(response, { things: list }));
    const red = redOn(peer);
    const node = red.create('seqera-api', { path: '/things', paginate: true });
    await send(red, node);
    expect((node.sent[0]!.msg.payload as { things: unknown[] }).things).toHaveLength(100);
  });

  it('are of a list', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    for (const properties of [{ path: '/user-info' }, { path: '/workflow', method: 'POST' }]) {
      const node = red.create('seqera-api', { ...properties, paginate: true });
      await send(red, node);
      expect(errorOf(node).code).toBe('SEQERA_INVALID_INPUT');
    }
  });
});

describe('bad input', () => {
  it.each([
    [{ path: '' }, /path/],
    [{ path: '/x', method: 'TRACE' }, /method/],
    [{ path: '/x', query: '{"a":{"b":1}}' }, /query\.a/],
    [{ path: '/x', query: '[]' }, /query/],
    [{ path: '/x', method: 'POST', body: '{' }, /body/],
    [{ path: '/x', method: 'POST', body: 'payload', bodyType: 'msg' }, /body/],
    [{ path: '/x', returns: 'xml' }, /returns/],
    [{ path: '/x/{y}' }, /y/],
  ])('%j ends with SEQERA_INVALID_INPUT', async (properties, what) => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-api', properties);
    await send(red, node, { payload: Buffer.from('x') });
    expect(errorOf(node)).toMatchObject({ code: 'SEQERA_INVALID_INPUT', message: expect.stringMatching(what) });
    expect(simulator.calls).toEqual([]);
  });

  it('a body that JSON has no form for ends with SEQERA_INVALID_INPUT, and nothing is sent', async () => {
    const simulator = await simulate();
    const red = redOn(simulator);
    const node = red.create('seqera-api', { path: '/x', method: 'POST', body: 'payload', bodyType: 'msg' });
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    await send(red, node, { payload: circle }, { payload: { count: 3n } });
    expect(node.done.map(({ error }) => (error as { code?: string } | undefined)?.code)).toEqual([
      'SEQERA_INVALID_INPUT',
      'SEQERA_INVALID_INPUT',
    ]);
    expect(simulator.calls).toEqual([]);
  });
});

describe('a list in the query', () => {
  it.each([
    ['/data-links/{id}/browse-tree', 'paths', 'paths=a%2F&paths=b%2F'],
    ['/studios', 'attributes', 'attributes=a%2F&attributes=b%2F'],
    ['/actions/{id}', 'attributes', 'attributes=a%2F&attributes=b%2F'],
    ['/workflow', 'attributes', 'attributes=a%2F%2Cb%2F'],
    ['/pipelines/{id}', 'attributes', 'attributes=a%2F%2Cb%2F'],
  ])('of %s is sent as the Platform takes it: %s', async (path, name, expected) => {
    const peer = await listen((_, response) => json(response, {}));
    const red = redOn(peer);
    const node = red.create('seqera-api', { path, query: JSON.stringify({ [name]: ['a/', 'b/'] }) });
    await send(red, node, { params: { id: 7 } });
    expect(peer.calls[0]?.url.split('?')[1]).toContain(expected);
  });
});
