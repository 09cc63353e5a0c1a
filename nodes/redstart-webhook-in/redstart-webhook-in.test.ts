import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import express, { type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { CallRate } from '../lib/call-rate.ts';
import { ReplayCache, type ReplayStore } from '../lib/replay-cache.ts';
import { webhookOptions } from '../lib/webhook-options.ts';
import { WebhookReceiver } from '../lib/webhook-receiver.ts';
import { addWebhookRoute } from '../lib/webhook-routes.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { type FakeNode, FakeRed, FakeStore } from '../testing/fake-red.ts';
import webhookIn from './redstart-webhook-in.ts';

const SECRET = 'a-secret-of-the-sender';
const OLD = 'the-secret-of-last-year';
const BODY = '{"action":"opened","n":1}';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What the appliance gives, with an HTTP server behind it. */
class Registry {
  readonly routes = new Map<string, RequestHandler>();
  add({ path, handler }: { path: string; handler: RequestHandler }): (() => void) | null {
    if (this.routes.has(path)) return null;
    this.routes.set(path, handler);
    return () => this.routes.delete(path);
  }
}

async function stage(
  o: { properties?: object; credentials?: Record<string, string> | undefined; store?: FakeStore } = {},
) {
  const registry = new Registry();
  const clock = new FakeClock();
  const red = new FakeRed({
    settings: { redstart: { webhooks: registry }, seqeraClient: { clock } },
    ...(o.store && { store: o.store }),
  }).load(webhookIn);
  const credentials = 'credentials' in o ? o.credentials : { secret: SECRET };
  const node = red.create(
    'redstart-webhook-in',
    { id: 'hook', path: '/git', name: 'Git', ...o.properties },
    credentials,
  );
  const app = express().use((req, res, next) => {
    const handler = registry.routes.get(req.path);
    if (handler) handler(req, res, next);
    else next();
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const { port } = server.address() as AddressInfo;
  /** The flow: answers each message as it comes. */
  const answer = (status = 200) => {
    for (const { msg } of node.sent.splice(0)) {
      const { _res } = (msg as unknown as { res: { _res: express.Response } }).res;
      _res.status(status).send('done');
    }
  };
  const post = async (
    headers: Record<string, string>,
    body: string | Buffer = BODY,
    status: number | null = 200,
  ): Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }> => {
    const calling = new Promise<{ status: number; text: string; headers: http.IncomingHttpHeaders }>(
      (resolve, reject) => {
        const req = http.request(
          { port, host: '127.0.0.1', path: '/git', method: 'POST', agent: false, headers },
          (res) => {
            let text = '';
            res.setEncoding('utf8').on('data', (chunk) => {
              text += chunk;
            });
            res.on('end', () => resolve({ status: res.statusCode ?? 0, text, headers: res.headers }));
          },
        );
        req.on('error', reject);
        req.end(body);
      },
    );
    if (status !== null) {
      const sent = red.until(() => node.sent.length > 0).then(() => answer(status));
      await Promise.race([calling, sent]);
    }
    return calling;
  };
  return { red, node, registry, clock, post, answer, port };
}

const json = { 'content-type': 'application/json' };
const github = (body: string | Buffer = BODY, secret = SECRET) => ({
  ...json,
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
});
const slack = (clock: FakeClock, body: string, skewMs = 0) => {
  const time = String(Math.floor((clock.now() + skewMs) / 1000));
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': time,
    'x-slack-signature': `v0=${createHmac('sha256', SECRET).update(`v0:${time}:${body}`).digest('hex')}`,
  };
};

describe('a signed webhook', () => {
  it('comes out as from “http in”, with who called', async () => {
    const { node, red, post, answer } = await stage();
    const calling = post(github(), BODY, null);
    await red.until(() => node.sent.length > 0);
    const msg = node.sent[0]?.msg as unknown as Record<string, unknown> & { req: Record<string, unknown> };
    expect(msg.payload).toEqual({ action: 'opened', n: 1 });
    expect(msg.req.body).toBe(msg.payload);
    expect(msg.req.caller).toEqual({ name: 'Git', by: 'signature' });
    expect(msg._msgid).toEqual(expect.any(String));
    answer();
    expect(await calling).toMatchObject({ status: 200, text: 'done' });
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'green' });
  });

  it('of Slack is a form, within its time window', async () => {
    const { node, red, clock, post, answer } = await stage({ properties: { scheme: 'slack' } });
    const body = 'text=hello+there&__proto__=x&user=ada';
    const calling = post(slack(clock, body), body, null);
    await red.until(() => node.sent.length > 0);
    const payload = node.sent[0]?.msg.payload as Record<string, unknown>;
    expect(Object.entries(payload)).toEqual([
      ['text', 'hello there'],
      ['__proto__', 'x'],
      ['user', 'ada'],
    ]);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    answer();
    expect((await calling).status).toBe(200);
    for (const skew of [-301_000, 301_000]) expect((await post(slack(clock, 'a=b', skew), 'a=b')).status).toBe(401);
    // The time stamp is signed: another one does not go with the signature.
    const moved = {
      ...slack(clock, 'a=b', -400_000),
      'x-slack-request-timestamp': String(Math.floor(clock.now() / 1000)),
    };
    expect((await post(moved, 'a=b')).status).toBe(401);
    expect((await post(slack(clock, 'a=b', -299_000), 'a=b')).status).toBe(200);
  });

  it.each([
    [{ header: 'X-Sig', algorithm: 'sha512', encoding: 'base64', prefix: 'hmac ' }, 'sha512', 'base64', 'hmac '],
    [{ header: 'X-Sig', algorithm: 'sha256', encoding: 'hex' }, 'sha256', 'hex', ''],
  ] as const)('of any sender: %j', async (properties, algorithm, encoding, prefix) => {
    const { post } = await stage({ properties: { scheme: 'generic', ...properties } });
    const signature = createHmac(algorithm, SECRET).update(BODY).digest(encoding);
    expect((await post({ ...json, 'x-sig': prefix + signature })).status).toBe(200);
    expect((await post({ ...json, 'x-sig': prefix + signature.slice(0, -4) })).status).toBe(401);
  });

  it('of any sender with a time stamp', async () => {
    const properties = {
      scheme: 'generic',
      header: 'X-Sig',
      timestampHeader: 'X-Time',
      signedText: 't={timestamp};{body}',
    };
    const { clock, post } = await stage({ properties });
    const time = String(clock.now());
    const sign = (t: string) => createHmac('sha256', SECRET).update(`t=${t};${BODY}`).digest('hex');
    expect((await post({ ...json, 'x-sig': sign(time), 'x-time': time })).status).toBe(200);
    expect((await post({ ...json, 'x-sig': sign(''), 'x-time': '' })).status).toBe(401);
    expect((await post({ ...json, 'x-sig': sign(time) })).status).toBe(401);
  });

  it('may be signed with the secret of before, while the sender changes over', async () => {
    const { post } = await stage({ credentials: { secret: SECRET, previousSecret: OLD } });
    expect((await post(github(BODY, OLD))).status).toBe(200);
    expect((await post(github('{}', SECRET), '{}')).status).toBe(200);
    expect((await post(github('[]', 'a-third-secret-of-no-one'), '[]')).status).toBe(401);
  });

  it('is verified byte by byte: what means the same but is written otherwise is refused', async () => {
    const { post } = await stage();
    expect((await post(github(), '{"action": "opened","n":1}')).status).toBe(401);
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    expect((await post({ ...github(bytes), 'content-type': 'application/octet-stream' }, bytes)).status).toBe(200);
  });
});

describe('what is refused', () => {
  it.each([
    ['no signature', json],
    ['an empty one', { ...json, 'x-hub-signature-256': '' }],
    ['another algorithm', { ...json, 'x-hub-signature': 'sha1=0000' }],
    ['no hex', { ...json, 'x-hub-signature-256': `sha256=${'z'.repeat(64)}` }],
    ['a short one', { ...json, 'x-hub-signature-256': 'sha256=ab' }],
    ['that of another secret', github(BODY, 'somebody-elses-secret')],
  ])('%s is 401, and the body is not told why', async (_what, headers) => {
    const { node, post } = await stage();
    const answer = await post(headers as Record<string, string>);
    expect([answer.status, answer.text]).toEqual([401, 'Unauthorized\n']);
    expect(node.sent).toEqual([]);
    expect(node.logged.join()).toMatch(/warn A webhook from .* was refused/);
  });

  it('a replay is 409, also after a restart; one that the flow failed at may come again', async () => {
    const store = new FakeStore();
    const first = await stage({ store });
    expect((await first.post(github(), BODY, 503)).status).toBe(503);
    expect((await first.post(github())).status).toBe(200);
    expect((await first.post(github())).status).toBe(409);
    await first.red.until(() => store.scope('hook').size > 0);
    await first.node.close();
    const second = await stage({ store });
    expect((await second.post(github())).status).toBe(409);
    expect((await second.post(github('{}'), '{}')).status).toBe(200);
    // A day later it is a request like any other.
    await second.clock.advance(24 * 3_600_000 + 1000);
    expect((await second.post(github())).status).toBe(200);
  });

  it('two at once are one', async () => {
    const { red, node, post, answer } = await stage();
    const both = [post(github(), BODY, null), post(github(), BODY, null)];
    await red.until(() => node.sent.length > 0);
    const refused = await Promise.race(both);
    expect(refused.status).toBe(409);
    answer();
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('equal requests are taken where the node is told to', async () => {
    const { post } = await stage({ properties: { replays: 'accept' } });
    for (let i = 0; i < 2; i += 1) expect((await post(github())).status).toBe(200);
  });

  it('a body over the limit is 413, announced or not', async () => {
    const { post, port } = await stage({ properties: { maxBody: 1 } });
    const large = 'x'.repeat(1025);
    expect((await post(github(large), large)).status).toBe(413);
    const socket = connect(port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    const signature = github(large)['x-hub-signature-256'];
    socket.write(
      `POST /git HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX-Hub-Signature-256: ${signature}\r\n\r\n401\r\n${large}\r\n`,
    );
    const answered = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(answered).toMatch(/^HTTP\/1.1 413/);
  });

  it('what is signed but no JSON is 400, compressed is 415', async () => {
    const { post } = await stage();
    expect((await post(github('{'), '{')).status).toBe(400);
    expect((await post({ ...github(), 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it('over the rate is 429 with the time to wait; forged ones use nothing up', async () => {
    const { clock, post } = await stage({ properties: { rateLimit: 2 } });
    for (let i = 0; i < 5; i += 1) await post(github('x', 'somebody-elses-secret'), 'x');
    const signed = (n: number) => post(github(`{"n":${n}}`), `{"n":${n}}`);
    expect([(await signed(1)).status, (await signed(2)).status]).toEqual([200, 200]);
    const late = await signed(3);
    expect([late.status, late.headers['retry-after']]).toEqual([429, '30']);
    await clock.advance(30_000);
    expect((await signed(3)).status).toBe(200);
  });

  /** One request to a receiver whose cache is not loaded yet. */
  async function beforeLoading() {
    const kept: string[] = [];
    const accepted: unknown[] = [];
    const store: ReplayStore = {
      get: async () => undefined,
      set: async (key) => void kept.push(key),
      delete: async () => {},
      keys: async () => [],
    };
    const loaded = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<express.Response>();
    const receiver = new WebhookReceiver({
      ...webhookOptions({ path: '/git' }),
      secrets: [SECRET],
      name: 'Git',
      now: Date.now,
      rate: new CallRate(600, Date.now),
      replays: new ReplayCache(store, Date.now),
      loaded: loaded.promise,
      refused() {},
      failed() {},
      accepted: (_req, _res, payload) => accepted.push(payload),
    });
    const app = express().use((req, res) => {
      receiver.receive(req, res);
      arrived.resolve(res);
    });
    const server = app.listen(0, '127.0.0.1');
    cleanups.push(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const req = http.request({ port, host: '127.0.0.1', method: 'POST', agent: false, headers: github() });
    req.on('error', () => undefined);
    req.end(BODY);
    const res = await arrived.promise;
    if (!res.req.readableEnded) await once(res.req, 'end');
    return { req, res, loaded, kept, accepted };
  }

  it('is 503 when it is not known what came before', async () => {
    const { req, loaded, accepted } = await beforeLoading();
    loaded.reject(new Error('disk full'));
    const [answer] = await once(req, 'response');
    expect([answer.statusCode, accepted]).toEqual([503, []]);
    answer.resume();
  });

  it('is kept also when its sender went while the cache was loaded', async () => {
    const { req, res, loaded, kept, accepted } = await beforeLoading();
    const closed = once(res, 'close');
    req.destroy();
    await closed;
    loaded.resolve();
    await expect.poll(() => [accepted.length, kept.length]).toEqual([1, 1]);
  });

  it('was answered, and is known while the process lives, when it cannot be stored', async () => {
    const store = new FakeStore();
    const { node, post } = await stage({ store });
    store.failWith = new Error('disk full');
    expect((await post(github())).status).toBe(200);
    expect((await post(github())).status).toBe(409);
    expect(node.logged.join()).toContain('disk full');
  });
});

describe('a node that cannot verify', () => {
  it.each([
    [{ credentials: undefined }, 'no secret'],
    [{ credentials: { secret: '' } }, 'no secret'],
    [{ credentials: { secret: 'short' } }, 'shorter than 16'],
    [{ properties: { path: '' } }, 'path'],
    [{ properties: { path: '/a/:id' } }, 'path'],
    [{ properties: { path: '/../x' } }, 'path'],
    [{ properties: { scheme: 'none' } }, 'no way of signing'],
    [{ properties: { scheme: 'generic', header: '' } }, 'header'],
    [{ properties: { scheme: 'generic', header: 'X', timestampHeader: 'T', signedText: '{body}' } }, '{timestamp}'],
    [{ properties: { tolerance: 'x' } }, 'time window'],
  ])('opens nothing: %j', async (options, words) => {
    const { node, registry } = await stage(options as Parameters<typeof stage>[0]);
    expect(registry.routes.size).toBe(0);
    expect(node.logged.join()).toContain(words);
    expect(node.statuses.at(-1)).toMatchObject({ fill: 'red' });
    await node.close();
  });

  it('gives its path back when it goes', async () => {
    const { red, node, registry } = await stage();
    const second: FakeNode = red.create('redstart-webhook-in', { path: 'git' }, { secret: SECRET });
    expect(second.logged.join()).toContain('another webhook has the path');
    await second.close();
    expect(registry.routes.size).toBe(1);
    await node.close();
    expect(registry.routes.size).toBe(0);
  });
});

describe('in a stock Node-RED', () => {
  it('is a route of the HTTP endpoints, behind their middleware, until it is closed', async () => {
    const httpNode = express();
    const seen: string[] = [];
    const RED = {
      httpNode,
      settings: {
        httpNodeMiddleware: (_req: unknown, _res: unknown, next: () => void) => {
          seen.push('middleware');
          next();
        },
      },
    } as never;
    const remove = addWebhookRoute(RED, '/git', (_req, res) => void res.send('taken'));
    expect(addWebhookRoute(RED, '/git', () => undefined)).toBeNull();
    const server = httpNode.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    cleanups.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/git`;
    expect(await (await fetch(url, { method: 'POST' })).text()).toBe('taken');
    expect(seen).toEqual(['middleware']);
    remove?.();
    expect((await fetch(url, { method: 'POST' })).status).toBe(404);
  });

  it('is none where there are no HTTP endpoints', () => {
    expect(addWebhookRoute({ settings: {} } as never, '/git', () => undefined)).toBeNull();
  });
});
