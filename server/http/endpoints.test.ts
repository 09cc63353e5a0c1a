import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import express from 'express';
import { pino } from 'pino';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { callerOf } from '../auth/flow-caller.ts';
import { hashToken } from '../auth/token-hash.ts';
import { encodeFrame, OPCODE } from '../auth/websocket-frames.ts';
import { parseHttpTokens, parseHttpUsers } from '../config/http-callers.ts';
import type { Config } from '../config/index.ts';
import { capConnections } from './connection-cap.ts';
import { createHttpServer, type HttpServer } from './index.ts';
import { selfSigned } from './self-signed.ts';
import { fakeConfig, plainPassword } from './testing/fake-config.ts';
import { followTls } from './tls-context.ts';
import { secureContext } from './tls-material.ts';
import { WebhookRoutes } from './webhook-routes.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const silent = pino({ level: 'silent' });

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-endpoints-'));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function start(config: Config, nodeApp = express().use(echo)): Promise<HttpServer> {
  const server = await createHttpServer({
    config,
    logger: silent,
    dataDir: config.data.dir,
    health: { ready: () => ({ ok: true, reasons: [] }) },
  });
  const adminApp = express().use((_req, res) => void res.send('editor'));
  server.mountNodeRed({ adminApp, nodeApp, scriptHashes: () => [] });
  await server.listen();
  cleanups.push(() => server.close());
  return server;
}

const echo: express.RequestHandler = (req, res) =>
  void res.json({
    by: 'node-red',
    path: req.path,
    base: req.baseUrl,
    original: req.originalUrl,
    query: req.query,
    caller: callerOf(req),
  });

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

function call(url: string, o: https.RequestOptions & { body?: string } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith('https') ? https : http;
    const { body, ...options } = o;
    const req = client.request(url, { agent: false, rejectUnauthorized: false, ...options }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

describe('what Node-RED sees of a request', () => {
  it('is what it would see if its app were mounted', async () => {
    const nodeApp = express().use(echo);
    const { url } = await start(fakeConfig(), nodeApp);
    const seen = async (target: string) => JSON.parse((await call(url + target)).text);
    expect(await seen('/api/a/b?x[y]=1')).toMatchObject({
      path: '/a/b',
      base: '/api',
      original: '/api/a/b?x[y]=1',
      query: { x: { y: '1' } },
    });
    expect(await seen('/api')).toMatchObject({ path: '/', original: '/api' });
    expect(await seen('/api?x=1')).toMatchObject({ path: '/', query: { x: '1' } });
    expect(await seen('/api//x')).toMatchObject({ path: '//x' });
  });
});

describe('signed webhooks', () => {
  it('are reached without credentials, at their exact path and method only, before any pattern of a flow', async () => {
    const httpAuth = { mode: 'basic' as const, user: 'hook', ...plainPassword('secret of hook') };
    const server = await start(fakeConfig({ httpAuth }), express().use(echo));
    const { url, webhooks } = server;
    const handler: express.RequestHandler = (req, res) => void res.send(`hook ${req.path} ${req.ip} ${req.query.q}`);
    const remove = webhooks.add({ path: '/git/hub', handler });
    const post = (path: string, headers = {}) => call(url + path, { method: 'POST', headers, body: 'x' });
    expect(await post('/api/git/hub?q=1')).toMatchObject({ status: 200, text: 'hook /git/hub 127.0.0.1 1' });
    for (const path of [
      '/api/git/hub/',
      '/api/git/HUB',
      '/api/git',
      '/api//git/hub',
      '/api/git/%68ub',
      '/api/git/hub/x',
    ]) {
      expect([path, (await post(path)).status]).toEqual([path, 401]);
    }
    expect((await call(`${url}/api/git/hub`)).status).toBe(401);
    expect(webhooks.add({ path: '/git/hub', handler })).toBeNull();
    expect(webhooks.add({ path: '/git/:x', handler })).toBeNull();
    remove?.();
    // A deploy may be putting it back: the sender is to come again.
    const between = await post('/api/git/hub');
    expect([between.status, between.headers['retry-after']]).toEqual([503, '1']);
    expect((await post('/api/git/hu')).status).toBe(401);
    const as = { Authorization: `Basic ${Buffer.from('hook:secret of hook').toString('base64')}` };
    expect(JSON.parse((await post('/api/git/hub', as)).text)).toMatchObject({
      by: 'node-red',
      caller: { name: 'hook' },
    });
  });

  it('are awaited for ten seconds once they are gone, then their path is like any other', () => {
    let now = 0;
    const routes = new WebhookRoutes(undefined, () => now);
    const remove = routes.add({ path: '/git', handler: () => undefined });
    expect([routes.serves('POST', '/git'), routes.awaited('POST', '/git')]).toEqual([true, false]);
    remove?.();
    expect([routes.serves('POST', '/git'), routes.awaited('POST', '/git')]).toEqual([false, true]);
    expect([routes.awaited('GET', '/git'), routes.awaited('POST', '/g')]).toEqual([false, false]);
    now = 10_000;
    expect(routes.awaited('POST', '/git')).toBe(false);
  });

  it('open nothing while the endpoints are closed but themselves', async () => {
    const { url, webhooks } = await start(fakeConfig({ httpAuth: { mode: 'closed' } }), express().use(echo));
    webhooks.add({ path: '/git', handler: (_req, res) => void res.send('hook') });
    expect((await call(`${url}/api/git`, { method: 'POST' })).text).toBe('hook');
    expect((await call(`${url}/api/other`, { method: 'POST' })).status).toBe(403);
  });
});

describe('limits', () => {
  it('of calls are by address, say when to come again, and leave others alone', async () => {
    const { url } = await start(fakeConfig({ server: { trustProxy: 1 }, httpAuth: { mode: 'none', rateLimit: 3 } }));
    const from = (address: string) => call(`${url}/api/x`, { headers: { 'X-Forwarded-For': address } });
    const statuses = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await from('203.0.113.1')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(Number((await from('203.0.113.1')).headers['retry-after'])).toBeGreaterThan(0);
    expect((await from('203.0.113.2')).status).toBe(200);
    // One IPv6 customer is one address, whatever it makes of its network.
    const v6 = [];
    for (let i = 0; i < 4; i += 1) v6.push((await from(`2001:db8:0:${i}::1`)).status);
    expect(v6).toEqual([200, 200, 200, 429]);
  });

  it('of what anyone may ask for turn a flood away, and never the probes', async () => {
    const { url } = await start(fakeConfig());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
    cleanups.push(() => agent.destroy());
    const flood = async (path: string, count: number) => {
      const answers = await Promise.all(Array.from({ length: count }, () => call(url + path, { agent })));
      return answers.filter(({ status }) => status === 429).length;
    };
    expect(await flood('/', 650)).toBeGreaterThan(30);
    expect((await call(`${url}/nowhere`)).status).toBe(429);
    expect((await call(`${url}/readyz`)).status).toBe(200);
    expect((await call(`${url}/healthz`)).status).toBe(200);
    expect((await call(`${url}/editor/`)).status).toBe(200);
  });

  it('of connections are by address: no one address takes them all, a proxy is not counted', async () => {
    const counted = async (isProxy: (address: string) => boolean): Promise<number> => {
      const server = http.createServer((_req, res) => void res.end('x'));
      capConnections(server, isProxy, 3);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      const sockets: Socket[] = [];
      let answered = 0;
      for (let i = 0; i < 6; i += 1) {
        const socket = connect(port, '127.0.0.1').on('error', () => undefined);
        socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
        const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
        if (answer.length > 0 && Buffer.isBuffer(answer[0])) answered += 1;
        sockets.push(socket);
      }
      const again = sockets[0];
      again?.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections());
      for (const socket of sockets) socket.destroy();
      return answered;
    };
    expect(await counted(() => false)).toBe(3);
    expect(await counted((address) => address === '127.0.0.1')).toBe(6);
  });

  it('of websocket messages close the connection with 1009', async () => {
    const server = await start(fakeConfig());
    server.server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
      let got = 0;
      socket.on('data', (chunk: Buffer) => {
        got += chunk.length;
        if (got > 1_000_000) socket.write(encodeFrame(OPCODE.text, Buffer.from('got it'), { masked: false }));
      });
    });
    const { hostname, port } = new URL(server.url);
    const open = async () => {
      const socket = connect(Number(port), hostname);
      cleanups.push(() => socket.destroy());
      socket.write('GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await once(socket, 'data');
      return socket;
    };
    const fine = await open();
    fine.write(encodeFrame(OPCODE.binary, Buffer.alloc(1_000_001), { masked: true }));
    const [echoed] = await once(fine, 'data');
    expect(String(echoed)).toContain('got it');
    const large = await open();
    // Only announced: 6 MB that are never sent.
    large.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0x60, 0, 0, 1, 2, 3, 4]));
    const [closing] = await once(large, 'data');
    expect([closing.readUInt8(0), closing.readUInt16BE(2)]).toEqual([0x88, 1009]);
    await once(large, 'close');
  });
});

it('a page of another site does not have a browser call a flow with the password that it knows', async () => {
  const httpAuth = { mode: 'basic' as const, user: 'caller', ...plainPassword('secret') };
  const { url } = await start(fakeConfig({ httpAuth }));
  const from = async (site: string, mode: string, method: string, base = url, auth = 'caller:secret') => {
    const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': mode };
    return (await call(`${base}/api/run`, { method, auth, headers })).status;
  };
  for (const [site, mode, method] of [
    ['cross-site', 'navigate', 'POST'],
    ['cross-site', 'no-cors', 'POST'],
    ['cross-site', 'no-cors', 'GET'],
    ['cross-site', 'cors', 'DELETE'],
  ] as const)
    expect([site, mode, method, await from(site, mode, method)]).toEqual([site, mode, method, 403]);
  for (const [site, mode, method] of [
    ['cross-site', 'navigate', 'GET'],
    ['same-origin', 'cors', 'POST'],
    ['same-site', 'cors', 'POST'],
    ['none', 'navigate', 'GET'],
  ] as const)
    expect([site, mode, method, await from(site, mode, method)]).toEqual([site, mode, method, 200]);
  // Where nobody says by themselves who they are, another site can do no more than anybody.
  const open = await start(fakeConfig());
  expect(await from('cross-site', 'cors', 'POST', open.url)).toBe(200);
});

describe('websockets of flows', () => {
  /** Resolves with the code that each is closed with, or null after five seconds. */
  async function codes(server: HttpServer, headers: readonly string[], change: () => void): Promise<(number | null)[]> {
    server.server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    });
    const { hostname, port } = new URL(server.url);
    const closed = await Promise.all(
      headers.map(async (authorization) => {
        const socket = connect(Number(port), hostname);
        cleanups.push(() => socket.destroy());
        socket.write(
          `GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: ${authorization}\r\n\r\n`,
        );
        const [answer] = await once(socket, 'data');
        expect(String(answer)).toContain('101');
        return () =>
          Promise.race([
            once(socket, 'data').then(([frame]) => (frame as Buffer).readUInt16BE(2)),
            new Promise<null>((resolve) => setTimeout(resolve, 5000, null)),
          ]);
      }),
    );
    change();
    return Promise.all(closed.map((each) => each()));
  }

  it('end with the token that opened them, and no others do', async () => {
    const file = join(tempDir(), 'tokens.yaml');
    const [kept, revoked, narrowed] = ['a', 'b', 'c'].map((letter) => `rs_${letter.repeat(43)}`) as [
      string,
      string,
      string,
    ];
    const entry = (name: string, token: string, path = '/ws'): string =>
      `- {name: ${name}, sha256: ${hashToken(token)}, paths: [${path}]}\n`;
    writeFileSync(file, entry('kept', kept) + entry('revoked', revoked) + entry('narrowed', narrowed));
    const { list } = parseHttpTokens(readFileSync(file, 'utf8'));
    const server = await start(fakeConfig({ httpAuth: { mode: 'token', tokens: { file, list } } }));
    const ended = await codes(
      server,
      [kept, revoked, narrowed].map((token) => `Bearer ${token}`),
      () => writeFileSync(file, entry('kept', kept) + entry('narrowed', narrowed, '/other')),
    );
    expect(ended).toEqual([null, 1008, 1008]);
  }, 10_000);

  it('end with the password that opened them', async () => {
    const file = join(tempDir(), 'users.yaml');
    const entry = (name: string, password: string): string =>
      `- {username: ${name}, passwordHash: '${hashSync(password, 10)}'}\n`;
    const bob = entry('bob', 'of bob');
    writeFileSync(file, bob + entry('eve', 'of eve'));
    const { list } = parseHttpUsers(readFileSync(file, 'utf8'), null);
    const server = await start(fakeConfig({ httpAuth: { mode: 'basic', users: { file, list } } }));
    const ended = await codes(
      server,
      ['bob:of bob', 'eve:of eve'].map((pair) => `Basic ${Buffer.from(pair).toString('base64')}`),
      () => writeFileSync(file, bob + entry('eve', 'another of eve')),
    );
    expect(ended).toEqual([null, 1008]);
  }, 10_000);
});

describe('client certificates', () => {
  const authority = (name: string) =>
    generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
      ],
    });
  const client = async (name: string, ca: { private: string; cert: string }) => {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: ca.private, cert: ca.cert },
      extensions: [{ name: 'extKeyUsage', clientAuth: true }],
    });
    return { key: made.private, cert: made.cert };
  };
  const setUp = async (clientAuth: 'flows' | 'editor' | 'both') => {
    const dir = tempDir();
    const [ours, theirs] = await Promise.all([authority('Ours'), authority('Theirs')]);
    const clientCaFile = join(dir, 'clients.pem');
    writeFileSync(clientCaFile, ours.cert);
    const tls = { mode: 'self-signed' as const, clientCaFile, clientAuth };
    const server = await start(fakeConfig({ tls, data: { dir }, httpAuth: { mode: 'none' } }), express().use(echo));
    const lims = await client('lims', ours);
    return { server, url: server.url, lims, forged: await client('lims', theirs) };
  };

  it('are wanted by the endpoints, not by the probes nor the editor, and tell flows who it is', async () => {
    const { url, lims, forged } = await setUp('flows');
    const good = await call(`${url}/api/x`, lims);
    expect(good.status).toBe(200);
    expect(JSON.parse(good.text).caller).toMatchObject({ name: 'lims', by: 'certificate' });
    for (const o of [{}, forged]) {
      const refused = await call(`${url}/api/x`, o);
      expect([refused.status, refused.text]).toEqual([403, 'A client certificate is required\n']);
      for (const path of ['/healthz', '/readyz', '/editor/']) expect((await call(url + path, o)).status).toBe(200);
    }
  });

  it('are wanted by the editor alone, or by both', async () => {
    const editor = await setUp('editor');
    expect((await call(`${editor.url}/editor/`)).status).toBe(403);
    expect((await call(`${editor.url}/editor/`, editor.lims)).status).toBe(200);
    expect((await call(`${editor.url}/api/x`)).status).toBe(200);
    const both = await setUp('both');
    for (const path of ['/editor/', '/api/x']) {
      expect((await call(both.url + path)).status).toBe(403);
      expect((await call(both.url + path, both.lims)).status).toBe(200);
    }
  });

  it('other authorities count at once, also for connections of before', async () => {
    const dir = tempDir();
    const [first, second] = await Promise.all([authority('First'), authority('Second')]);
    const file = join(dir, 'clients.pem');
    writeFileSync(file, first.cert);
    const { material } = await selfSigned({ dataDir: dir, host: '127.0.0.1' });
    const listener = https.createServer(
      { ...secureContext(material, first.cert), requestCert: true, rejectUnauthorized: false },
      (req, res) => void res.end(String((req.socket as unknown as { authorized: boolean }).authorized)),
    );
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    cleanups.push(
      () => listener.closeAllConnections(),
      () => listener.close(),
    );
    let changes = 0;
    const follow = followTls({
      server: listener,
      material,
      files: null,
      clientCa: { file, text: first.cert },
      onClientCa: () => {
        changes += 1;
      },
      dataDir: dir,
      host: '127.0.0.1',
      logger: silent,
    });
    cleanups.push(() => follow.stop());
    const url = `https://127.0.0.1:${(listener.address() as { port: number }).port}/`;
    const [old, next] = await Promise.all([client('a', first), client('b', second)]);
    expect([(await call(url, old)).text, (await call(url, next)).text]).toEqual(['true', 'false']);
    writeFileSync(file, 'no certificate');
    await follow.check();
    expect([(await call(url, old)).text, changes]).toEqual(['true', 0]);
    writeFileSync(file, second.cert);
    await follow.check();
    expect([(await call(url, old)).text, (await call(url, next)).text, changes]).toEqual(['false', 'true', 1]);

    // A self-signed certificate is made anew a month before it ends, and the authorities stay.
    await follow.check(new Date(Date.now() + 380 * 86_400_000));
    const renewed = (await selfSigned({ dataDir: dir, host: '127.0.0.1' })).material;
    expect(renewed.certificate.fingerprint256).not.toBe(material.certificate.fingerprint256);
    expect((await call(url, next)).text).toBe('true');
  });

  it('a file that holds no authorities stops the start', async () => {
    const dir = tempDir();
    const clientCaFile = join(dir, 'clients.pem');
    const tls = { mode: 'self-signed' as const, clientCaFile, clientAuth: 'both' as const };
    writeFileSync(clientCaFile, 'x');
    await expect(start(fakeConfig({ tls, data: { dir } }))).rejects.toMatchObject({ code: 'TLS_CLIENT_CA_INVALID' });
    const { material } = await selfSigned({ dataDir: dir, host: 'x' });
    writeFileSync(clientCaFile, material.cert);
    await expect(start(fakeConfig({ tls, data: { dir } }))).rejects.toMatchObject({ code: 'TLS_CLIENT_CA_INVALID' });
  });
});
