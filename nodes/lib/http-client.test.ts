import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpPeer, json } from '../testing/http-peer.ts';
import { SeqeraError } from './errors.ts';
import { type HttpCall, HttpClient, type HttpClientOptions } from './http-client.ts';

const TOKEN = 'planted-5f2c9e71d04b4a6c8f1e3a7b9d20c4e6';
const quick = { baseMs: 1, capMs: 2, minimumMs: 1 };

const client = (baseUrl: string, options: Partial<HttpClientOptions> = {}): HttpClient =>
  new HttpClient({ baseUrl, token: () => TOKEN, retry: quick, ...options });

async function failure(http: HttpClient, call: HttpCall): Promise<SeqeraError> {
  const error = await http.call(call).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SeqeraError)) throw new Error(`expected a SeqeraError, got ${String(error)}`);
  for (const text of [error.message, error.stack ?? '', inspect(error, { depth: 20, showHidden: true })]) {
    expect(text).not.toContain(TOKEN);
  }
  return error;
}

const peers: HttpPeer[] = [];
const listen = async (...args: Parameters<typeof HttpPeer.listen>): Promise<HttpPeer> => {
  const peer = await HttpPeer.listen(...args);
  peers.push(peer);
  return peer;
};
afterEach(async () => {
  for (const peer of peers.splice(0)) await peer[Symbol.asyncDispose]();
});

describe('a call', () => {
  it('joins the path to a base URL with a path, sends token, agent and query', async () => {
    const peer = await listen((_, response) => json(response, { ok: true }));
    const answer = await client(`${peer.url}/api/`).call({
      path: '/workflow',
      query: {
        workspaceId: '7',
        search: 'runName:a b',
        attributes: 'labels,minimal',
        paths: ['a', 'b'],
        none: undefined,
      },
    });
    expect(answer).toMatchObject({ status: 200, body: { ok: true } });
    const [call] = peer.calls;
    expect(call?.url).toBe(
      '/api/workflow?workspaceId=7&search=runName%3Aa+b&attributes=labels%2Cminimal&paths=a&paths=b',
    );
    expect(call?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(call?.headers['user-agent']).toMatch(/^node-red-seqera\/\d/);
  });

  it.each(['x', '//evil.example', '/../admin', '/a/%2e%2E/b', '/a?b=1', '/a#b', '/a\\b', '/a\nb'])(
    'does not leave the base URL with the path %j',
    async (path) => {
      expect((await failure(client('http://127.0.0.1:9/api'), { path })).code).toBe('SEQERA_INVALID_INPUT');
    },
  );

  it('asks for the token each time, so that a rotated one is used at once', async () => {
    const peer = await listen((_, response) => json(response, {}));
    let token = 'first';
    const http = client(peer.url, { token: () => token });
    await http.call({ path: '/a' });
    token = 'second';
    await http.call({ path: '/a' });
    expect(peer.calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer first', 'Bearer second']);
  });

  it.each(['', '$' + '{NOT_SET}', 'two words', 'line\nbreak'])(
    'refuses the token %j without calling',
    async (token) => {
      const peer = await listen((_, response) => json(response, {}));
      const error = await failure(client(peer.url, { token: () => token }), { path: '/a' });
      expect(error.code).toBe('SEQERA_NO_CONNECTION');
      expect(peer.calls).toEqual([]);
    },
  );
});

describe('retries', () => {
  it.each([429, 500, 502, 503, 504])('repeats a GET after %i and tells of it', async (status) => {
    const peer = await listen((_, response, count) =>
      json(response, { message: 'Wait 0secs' }, count < 3 ? status : 200),
    );
    const notices: number[] = [];
    await client(peer.url).call({ path: '/a', onRetry: ({ attempt }) => notices.push(attempt) });
    expect(peer.calls).toHaveLength(3);
    expect(notices).toEqual([1, 2]);
  });

  it('repeats a GET after the 400 with which the Platform says that it failed itself, and no other 400', async () => {
    const own = { message: 'Unexpected error while processing - Error ID: 5Yqz' };
    const peer = await listen(({ url }, response, count) =>
      url === '/a' && count < 3
        ? json(response, own, 400)
        : json(response, { message: 'bad' }, url === '/a' ? 200 : 400),
    );
    await client(peer.url).call({ path: '/a' });
    expect(peer.calls).toHaveLength(3);
    expect(await failure(client(peer.url), { path: '/b' })).toMatchObject({ status: 400, transient: false });
    expect(peer.calls).toHaveLength(4);
  });

  it('repeats a GET whose body is garbled or whose connection is reset', async () => {
    const peer = await listen((_, response, count) => {
      if (count === 1) response.end('{"workflow": {"id');
      else if (count === 2) response.destroy();
      else json(response, { ok: 1 });
    });
    expect((await client(peer.url).call({ path: '/a' })).body).toEqual({ ok: 1 });
  });

  it('does not repeat a POST after a reset or a 503, and says that its effect is unknown', async () => {
    const peer = await listen((_, response, count) => (count === 1 ? response.destroy() : json(response, {}, 503)));
    const http = client(peer.url);
    const call = { method: 'POST', path: '/workflow/launch', body: {} };
    expect(await failure(http, call)).toMatchObject({ code: 'SEQERA_UNREACHABLE', outcome: 'unknown' });
    expect(await failure(http, call)).toMatchObject({ code: 'SEQERA_SERVER_ERROR', status: 503, outcome: 'unknown' });
    expect(peer.calls).toHaveLength(2);
  });

  it('repeats a POST after 429: the limiter stands before the controller', async () => {
    const peer = await listen((_, response, count) =>
      json(response, {}, count < 3 ? 429 : 200, { 'retry-after': '0' }),
    );
    await client(peer.url).call({ method: 'POST', path: '/workflow/launch', body: {} });
    expect(peer.calls).toHaveLength(3);
  });

  it('gives up after the tries it has, with what the server said', async () => {
    const peer = await listen((_, response) => json(response, { message: 'Down for maintenance' }, 503));
    const error = await failure(client(peer.url), { path: '/a', attempts: 3 });
    expect(error).toMatchObject({ code: 'SEQERA_SERVER_ERROR', status: 503 });
    expect(error.message).toContain('Down for maintenance');
    expect(peer.calls).toHaveLength(3);
  });
});

describe('errors', () => {
  it.each([
    [400, { message: 'Missing launching environment profile' }, 'SEQERA_BAD_REQUEST', /environment profile/],
    [
      400,
      { message: 'Not launched', errors: [{ code: 'COMPUTE_ENV_INVALID', message: 'It is broken' }] },
      'SEQERA_BAD_REQUEST',
      /COMPUTE_ENV_INVALID: It is broken/,
    ],
    [401, '', 'SEQERA_UNAUTHORIZED', /token/],
    [403, '', 'SEQERA_FORBIDDEN', /role Launch/],
    [404, { message: 'Unknown run' }, 'SEQERA_NOT_FOUND', /Unknown run/],
    [409, { message: 'Taken' }, 'SEQERA_CONFLICT', /Taken/],
    [502, '<html><head><title>502 Bad Gateway</title></head>x</html>', 'SEQERA_SERVER_ERROR', /502 Bad Gateway/],
    [200, '<html><title>Sign in</title></html>', 'SEQERA_BAD_ANSWER', /not JSON/],
    [400, { message: `You sent Bearer ${TOKEN}` }, 'SEQERA_BAD_REQUEST', /Bearer \[redacted\]/],
  ])('%i becomes a clear error with a code', async (status, body, code, says) => {
    const peer = await listen((_, response) => {
      response.writeHead(status);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    const error = await failure(client(peer.url), { path: '/a', attempts: 1, needs: 'role Launch' });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.status).toBe(status);
  });

  it('says where nobody answers', async () => {
    const error = await failure(client('http://127.0.0.1:9'), { path: '/a', attempts: 2 });
    expect(error).toMatchObject({ code: 'SEQERA_UNREACHABLE', outcome: 'none' });
    expect(error.message).toContain('127.0.0.1:9');
  });

  it('ends a call that hangs and one whose body drips', async () => {
    const peer = await listen((_, response, count) => {
      if (count > 1) response.write('{"a":');
    });
    const http = client(peer.url, { answerTimeoutMs: 60 });
    for (const method of ['GET', 'POST']) {
      expect(await failure(http, { method, path: '/a', attempts: 1 })).toMatchObject({
        code: 'SEQERA_TIMEOUT',
        outcome: 'unknown',
      });
    }
  });

  it('ends at the connect time-out when the server takes no connection', async () => {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    // TLS never gets its handshake: connected, and yet not.
    const http = client(`https://127.0.0.1:${port}`, { connectTimeoutMs: 100 });
    const error = await failure(http, { method: 'POST', path: '/a', attempts: 1 });
    expect(error).toMatchObject({ code: 'SEQERA_UNREACHABLE', outcome: 'none' });
    server.close();
  });

  it('does not read more than its bound', async () => {
    const peer = await listen((_, response) => json(response, { text: 'x'.repeat(5000) }));
    const error = await failure(client(peer.url, { maxBytes: 1000 }), { path: '/a' });
    expect(error.code).toBe('SEQERA_ANSWER_TOO_LARGE');
  });

  it('stops waiting when the node is stopped', async () => {
    const peer = await listen(() => undefined);
    const stop = new AbortController();
    const pending = failure(client(peer.url), { path: '/a', signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    expect((await pending).code).toBe('SEQERA_STOPPED');
  });
});

describe('redirects', () => {
  it('follows them on the same origin', async () => {
    const peer = await listen(({ url }, response) =>
      url === '/a' ? response.writeHead(307, { location: '/b' }).end() : json(response, { at: url }),
    );
    expect((await client(peer.url).call({ path: '/a' })).body).toEqual({ at: '/b' });
  });

  it('never carries the token to another origin', async () => {
    const other = await listen((_, response) => response.end('bytes'));
    const peer = await listen((_, response) => response.writeHead(302, { location: `${other.url}/x?secret=1` }).end());
    const error = await failure(client(peer.url), { path: '/a' });
    expect(error.code).toBe('SEQERA_REDIRECTED');
    expect(error.message).toContain(other.url);
    expect(error.message).not.toContain('secret');
    expect(other.calls).toEqual([]);
    const answer = await client(peer.url).call({ path: '/a', followAway: true, read: 'text' });
    expect(answer.body).toBe('bytes');
    expect(other.calls[0]?.headers.authorization).toBeUndefined();
  });

  it('does not turn a POST into a GET', async () => {
    const peer = await listen((_, response) => response.writeHead(302, { location: '/b' }).end());
    expect((await failure(client(peer.url), { method: 'POST', path: '/a', body: {} })).code).toBe('SEQERA_REDIRECTED');
    expect(peer.calls).toHaveLength(1);
  });
});

it('prints nothing of the token when it is inspected', () => {
  const http = client('https://api.example.org');
  expect(inspect(http, { depth: 20, showHidden: true })).not.toContain(TOKEN);
  expect(JSON.stringify(http)).not.toContain(TOKEN);
});
