import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import express from 'express';
import { type Logger, pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { NO_AUDIT } from '../audit/audit-event.ts';
import type { Bearers, Identity } from '../auth/identities.ts';
import { type Auth, createAuth } from '../auth/index.ts';
import { encodeFrame, OPCODE } from '../auth/websocket-frames.ts';
import type { Config } from '../config/index.ts';
import { KeyRing } from '../state/key-ring.ts';
import { createHttpServer, type Health, type HttpServer, type HttpServerOptions } from './index.ts';
import { selfSigned } from './self-signed.ts';
import { fakeConfig, plainPassword } from './testing/fake-config.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const tempDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-http-'));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

const silent = pino({ level: 'silent' });

async function start(
  config: Config = fakeConfig(),
  o: {
    nodeApp?: express.Application;
    adminApp?: express.Application | null;
    logger?: Logger;
    ready?: Health['ready'];
    auth?: Pick<Auth, 'bearers' | 'routes' | 'tokenUsed'> | null;
    status?: HttpServerOptions['status'];
  } = {},
): Promise<HttpServer> {
  const nodeApp =
    o.nodeApp ?? express().all('/echo', express.json(), (req, res) => void res.json({ body: req.body, ip: req.ip }));
  const server = await createHttpServer({
    config,
    logger: o.logger ?? silent,
    dataDir: config.data.dir,
    auth: o.auth ?? null,
    status: o.status ?? null,
    health: { ready: o.ready ?? (() => ({ ok: true, reasons: [] })) },
  });
  server.mountNodeRed({
    adminApp:
      o.adminApp === undefined
        ? express().use((req, res) => void res.json({ path: req.path, xff: req.headers['x-forwarded-for'] }))
        : o.adminApp,
    nodeApp,
    scriptHashes: () => [],
  });
  await server.listen();
  cleanups.push(() => server.close());
  return server;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

function call(
  url: string,
  o: { method?: string; headers?: Record<string, string>; body?: string; agent?: http.Agent | false } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const client = url.startsWith('https') ? https : http;
    const req = client.request(
      url,
      { method: o.method ?? 'GET', headers: o.headers ?? {}, agent: o.agent ?? false, rejectUnauthorized: false },
      (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }));
      },
    );
    req.on('error', reject);
    req.end(o.body);
  });
}

/** Sends bytes as they are and gives all that comes back until the server ends the connection. */
async function bytes(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

describe('what anyone may see', () => {
  it('is one line, without version', async () => {
    const { url } = await start();
    const answer = await call(`${url}/`);
    expect([answer.status, answer.text]).toEqual([200, 'Redstart: automation for Seqera Platform\n']);
    expect(answer.headers['x-powered-by']).toBeUndefined();
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(answer.headers['x-frame-options']).toBe('DENY');
    expect(answer.headers['strict-transport-security']).toBeUndefined();
  });

  it('answers the probes, and only to reading', async () => {
    const state: ReturnType<Health['ready']> = { ok: false, reasons: ['starting'] };
    const { url } = await start(fakeConfig(), { ready: () => state });
    expect((await call(`${url}/healthz`)).status).toBe(200);
    const waiting = await call(`${url}/readyz`);
    expect([waiting.status, JSON.parse(waiting.text)]).toEqual([
      503,
      { ready: false, reasons: [{ code: 'starting', message: 'it is starting' }] },
    ]);
    state.ok = true;
    expect((await call(`${url}/readyz`)).status).toBe(200);
    const head = await call(`${url}/healthz`, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    const post = await call(`${url}/readyz`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.allow, post.headers.connection]).toEqual([405, 'GET, HEAD', 'close']);
  });

  it('reports not ready when the check itself fails', async () => {
    const ready = (): never => {
      throw new Error('database password is hunter2');
    };
    const { url } = await start(fakeConfig(), { ready });
    const answer = await call(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('hunter2');
  });

  it('has no icon to give, and says so without an error', async () => {
    const { url } = await start();
    const answer = await call(`${url}/favicon.ico`);
    expect([answer.status, answer.text]).toEqual([204, '']);
  });

  it('answers 404 in plain text to everything else, and 400 to what is no path', async () => {
    const { url } = await start();
    for (const path of ['/metrics', '/status', '/index.html', '/.git/config', '/apix', '/editor.php', '/healthz/']) {
      const answer = await call(`${url}${path}`);
      expect([path, answer.status, answer.text]).toEqual([path, 404, 'Not Found\n']);
    }
    expect(await bytes(url, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /);
    expect(await bytes(url, 'GET http://x/editor/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 /,
    );
    expect(await bytes(url, 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
  });

  it('refuses ambiguous requests and oversized headers', async () => {
    const { url } = await start();
    const smuggled =
      'POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /editor/ HTTP/1.1\r\nHost: x\r\n\r\n';
    expect(await bytes(url, smuggled)).toMatch(/^HTTP\/1.1 400 (?!.*HTTP\/1.1 200)/s);
    const hosts = 'Host: x\r\nhost: y\r\nConnection: close\r\n';
    expect(await bytes(url, `GET / HTTP/1.1\r\n${hosts}\r\n`)).toMatch(/^HTTP\/1.1 400 /);
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n';
    expect(await bytes(url, `GET /editor/comms HTTP/1.1\r\nHost: x\r\nHost: y\r\n${upgrade}\r\n`)).toMatch(
      /^HTTP\/1.1 400 /,
    );
    expect(await bytes(url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 /,
    );
  });
});

describe("the flows' endpoints", () => {
  it('are closed by default, and only the operator is told why', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const { url } = await start(fakeConfig({ httpAuth: { mode: 'closed' } }), { logger });
    const answers = await Promise.all([
      call(`${url}/api/echo`),
      call(`${url}/api`),
      call(`${url}/api/none`, { method: 'OPTIONS' }),
    ]);
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array(3).fill([403, 'Forbidden\n']));
    expect(lines.filter((line) => line.includes('REDSTART_HTTP_USER'))).toHaveLength(1);
  });

  it('take a right password once at full cost and then by memory, and turn guessing away', async () => {
    let checks = 0;
    const httpAuth = {
      mode: 'basic' as const,
      user: 'caller',
      ...plainPassword('right'),
      verifyPassword: async (candidate: string) => {
        checks += 1;
        return candidate === 'right';
      },
    };
    const { url } = await start(fakeConfig({ httpAuth }));
    const as = (user: string, password: string): Promise<Answer> =>
      call(`${url}/api/echo`, {
        headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
      });
    for (let i = 0; i < 5; i += 1) expect((await as('caller', 'right')).status).toBe(200);
    expect(checks).toBe(1);
    expect((await call(`${url}/api/echo`, { headers: { Authorization: 'Bearer x' } })).status).toBe(401);
    expect((await as('other', 'right')).status).toBe(401);
    const statuses: number[] = [];
    for (let i = 0; i < 10; i += 1) statuses.push((await as('caller', `wrong${i}`)).status);
    expect(statuses).toEqual([...Array(8).fill(401), 429, 429]);
    // One for the right password and one for each guess at it; a name that nobody has costs as much in another way.
    expect(checks).toBe(9);
    // The caller that is known keeps its access beside a neighbour that guesses.
    expect((await as('caller', 'right')).status).toBe(200);
  });

  it('refuse before anything reads the body', async () => {
    let reached = 0;
    const nodeApp = express().use(() => {
      reached += 1;
    });
    const { url, app } = await start(fakeConfig({ httpAuth: { mode: 'closed' } }), { nodeApp });
    // As the http-in node does.
    app.use(() => {
      reached += 1;
    });
    const stack = (app as unknown as { _router: { stack: unknown[] } })._router.stack;
    stack.unshift(stack.pop());
    expect((await call(`${url}/api/echo`, { method: 'POST', body: 'x' })).status).toBe(403);
    expect(reached).toBe(0);
  });

  it('limit bodies, announced or not', async () => {
    const nodeApp = express().post('/raw', (req, res) => {
      let size = 0;
      req.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      req.on('end', () => res.json({ size }));
    });
    const { url } = await start(fakeConfig(), { nodeApp });
    const megabyte = 'x'.repeat(1024 * 1024);
    const post = async (count: number, announced: boolean): Promise<number | string> => {
      const length = announced ? { 'Content-Length': String(count * megabyte.length) } : {};
      const req = http.request(`${url}/api/raw`, { method: 'POST', agent: false, headers: length });
      const answer = once(req, 'response').then(([res]) => {
        res.resume();
        return res.statusCode as number;
      });
      answer.catch(() => {});
      req.on('error', () => {});
      for (let i = 0; i < count; i += 1) req.write(megabyte);
      req.end();
      return await answer.catch((error: NodeJS.ErrnoException) => error.code ?? 'error');
    };
    expect(await post(4, true)).toBe(200);
    expect(await post(4, false)).toBe(200);
    // A client still sending may see the connection cut before it reads the answer.
    expect([413, 'ECONNRESET', 'EPIPE']).toContain(await post(6, true));
    expect([413, 'ECONNRESET', 'EPIPE']).toContain(await post(7, false));
  });

  it('let a flow replace the policy of its answer, and answer errors without a stack', async () => {
    const nodeApp = express()
      .get('/page', (_req, res) => void res.set('Content-Security-Policy', "default-src 'self'").send('page'))
      .get('/broken', () => {
        throw new Error('secret detail');
      });
    const { url } = await start(fakeConfig(), { nodeApp });
    expect((await call(`${url}/api/page`)).headers['content-security-policy']).toBe("default-src 'self'");
    const broken = await call(`${url}/api/broken`);
    expect([broken.status, broken.text]).toEqual([500, 'Internal Server Error\n']);
    expect(broken.headers['content-security-policy']).toContain('sandbox');
    expect((await call(`${url}/api/%ff`)).status).toBe(404);
    // Routes of flows stay as forgiving as in any Node-RED; only the prefix is exact.
    expect((await call(`${url}/api/PAGE/`)).status).toBe(200);
  });

  it('see the address that a trusted proxy names, and no other', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.9' };
    const trusting = await start(fakeConfig({ server: { trustProxy: 1 } }));
    expect(JSON.parse((await call(`${trusting.url}/api/echo`, { headers })).text).ip).toBe('203.0.113.9');
    const plain = await start();
    expect(JSON.parse((await call(`${plain.url}/api/echo`, { headers })).text).ip).not.toBe('203.0.113.9');
  });
});

describe('the admin side', () => {
  it('does not exist when headless', async () => {
    const { url } = await start(fakeConfig({ auth: null }), { adminApp: null });
    expect((await call(`${url}/editor/`)).status).toBe(404);
    expect((await call(`${url}/editor/auth/token`, { method: 'POST', body: 'x' })).status).toBe(404);
    for (const path of ['/status', '/status.json', '/status/events']) expect((await call(url + path)).status).toBe(404);
  });

  it('answers 503 before Node-RED is there', async () => {
    const server = await createHttpServer({
      config: fakeConfig(),
      logger: silent,
      dataDir: '/nowhere',
      health: { ready: () => ({ ok: false, reasons: [] }) },
    });
    cleanups.push(() => server.close());
    await server.listen();
    expect((await call(`${server.url}/editor/`)).status).toBe(503);
    expect((await call(`${server.url}/api/x`)).status).toBe(503);
  });

  it('is not served in clear on an address that others can reach', async () => {
    const open = await start(fakeConfig({ server: { host: '0.0.0.0' } }));
    // From this machine itself, but not for a proxy on it that nobody declared.
    expect((await call(`${open.url}/editor/`)).status).toBe(200);
    const refused = await call(`${open.url}/editor/`, {
      headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': 'https' },
    });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('REDSTART_TLS');
    const proxied = await start(fakeConfig({ server: { host: '0.0.0.0', trustProxy: 1 } }));
    const outside = (proto: string): Promise<Answer> =>
      call(`${proxied.url}/editor/x`, { headers: { 'X-Forwarded-For': '203.0.113.9', 'X-Forwarded-Proto': proto } });
    expect((await outside('http')).status).toBe(403);
    const secure = await outside('https');
    expect([secure.status, JSON.parse(secure.text).xff]).toEqual([200, '203.0.113.9']);
  });

  it('guards the status page as it guards itself', async () => {
    const seen: string[] = [];
    const status: HttpServerOptions['status'] = (_req, res, path) => {
      seen.push(path);
      res.end('here');
      return null;
    };
    const open = await start(fakeConfig({ server: { host: '0.0.0.0' } }), { status });
    const plain = await call(`${open.url}/status`);
    expect([plain.status, plain.headers['x-frame-options']]).toEqual([200, 'DENY']);
    expect((await call(`${open.url}/status.json`, { headers: { 'X-Forwarded-For': '203.0.113.9' } })).status).toBe(403);
    expect((await call(`${open.url}/status/events?access_token=x`)).status).toBe(400);
    expect((await call(`${open.url}/Status`)).status).toBe(404);
    expect(seen).toEqual(['/status']);
  });

  it('wants a sign-in form of known and small size', async () => {
    const config = fakeConfig({ data: { dir: tempDir() } });
    const auth = await createAuth({
      config,
      logger: silent,
      audit: NO_AUDIT,
      dataDir: config.data.dir,
      ring: new KeyRing('test'),
    });
    cleanups.push(() => auth?.close());
    const { url } = await start(config, { auth });
    const token = `${url}/editor/auth/token`;
    expect((await call(token, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' }, body: 'x' })).status).toBe(
      411,
    );
    expect(
      (await call(token, { method: 'POST', headers: { 'Content-Length': '20000' }, body: 'x'.repeat(20_000) })).status,
    ).toBe(413);
  });
});

describe('listening', () => {
  it('says which port is taken and what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    cleanups.push(() => taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const server = await createHttpServer({
      config: fakeConfig({ server: { port } }),
      logger: silent,
      dataDir: '/nowhere',
      health: { ready: () => ({ ok: true, reasons: [] }) },
    });
    cleanups.push(() => server.close());
    await expect(server.listen()).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(String(port)),
      mend: expect.stringContaining('PORT'),
    });
  });

  it('says when the address is not of this machine', async () => {
    await expect(start(fakeConfig({ server: { host: '203.0.113.1' } }))).rejects.toMatchObject({
      code: 'HOST_NOT_HERE',
    });
  });
});

describe('stopping', () => {
  it('answers what is open, takes nothing new, and lets idle connections go', async () => {
    let release = (): void => {};
    const nodeApp = express().get('/slow', (_req, res) => {
      release = () => void res.send('done');
      entered();
    });
    let entered = (): void => {};
    const inFlow = new Promise<void>((resolve) => {
      entered = resolve;
    });
    const server = await start(fakeConfig(), { nodeApp });
    const { hostname, port } = new URL(server.url);
    const agent = new http.Agent({ keepAlive: true });
    cleanups.push(() => agent.destroy());
    await call(`${server.url}/healthz`, { agent });
    const idle = connect(Number(port), hostname);
    await once(idle, 'connect');
    const slow = call(`${server.url}/api/slow`);
    await inFlow;

    server.stopAccepting();
    let drained = false;
    const done = server.drained().then(() => {
      drained = true;
    });
    await expect(call(`${server.url}/healthz`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(drained).toBe(false);
    release();
    const answer = await slow;
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
    await done;
    const ended = once(idle, 'close');
    await server.close();
    await ended;
  });

  it('is not ready from the first moment on, on a connection that is still open', async () => {
    const server = await start();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    // Half a request keeps the connection from being idle.
    socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n');
    await call(`${server.url}/healthz`);
    server.stopAccepting();
    socket.write('\r\n');
    const [first] = await once(socket, 'data');
    expect(first).toMatch(/^HTTP\/1.1 503 /);
    expect(first).toContain('stopping');
    expect(first).toMatch(/connection: close/i);
  });

  it('closes a server that never listened', async () => {
    const server = await createHttpServer({
      config: fakeConfig(),
      logger: silent,
      dataDir: '/nowhere',
      health: { ready: () => ({ ok: true, reasons: [] }) },
    });
    await expect(server.close()).resolves.toBeUndefined();
  });
});

describe('TLS', () => {
  const peer = async (url: string, o: { maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {}): Promise<TLSSocket> => {
    const { hostname, port } = new URL(url);
    const socket = tlsConnect({
      host: hostname,
      port: Number(port),
      rejectUnauthorized: false,
      ...o,
      ...(o.maxVersion === 'TLSv1.1' && { minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' }),
    });
    await once(socket, 'secureConnect');
    return socket;
  };

  it('makes a certificate at the first start and keeps it, and refuses old protocols', async () => {
    const dir = tempDir();
    const config = fakeConfig({ tls: { mode: 'self-signed' }, data: { dir } });
    const first = await start(config);
    expect(first.url).toMatch(/^https:/);
    expect((await call(`${first.url}/healthz`)).headers['strict-transport-security']).toBe('max-age=31536000');
    expect(
      (await call(`${first.url}/healthz`, { headers: { Host: 'localhost:1880' } })).headers[
        'strict-transport-security'
      ],
    ).toBeUndefined();
    const socket = await peer(first.url, { maxVersion: 'TLSv1.2' });
    const fingerprint = socket.getPeerCertificate().fingerprint256;
    socket.destroy();
    await expect(peer(first.url, { maxVersion: 'TLSv1.1' })).rejects.toThrow();
    const second = await peer((await start(config)).url);
    expect(second.getPeerCertificate().fingerprint256).toBe(fingerprint);
    second.destroy();
  });

  it('takes a renewed certificate into use without dropping connections', async () => {
    const dir = tempDir();
    const files = { certFile: join(dir, 'tls.crt'), keyFile: join(dir, 'tls.key') };
    const write = async (sub: string): Promise<string> => {
      const { material } = await selfSigned({ dataDir: join(dir, sub), host: '127.0.0.1' });
      writeFileSync(files.keyFile, material.key, { mode: 0o600 });
      writeFileSync(files.certFile, material.cert);
      return material.certificate.fingerprint256;
    };
    const old = await write('a');
    const events: Record<string, unknown>[] = [];
    let seen = (): void => {};
    const reloaded = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const logger = pino(
      { level: 'info' },
      {
        write: (line: string) => {
          const entry = JSON.parse(line);
          events.push(entry);
          if (entry.event === 'tls.reloaded') seen();
        },
      },
    );
    const server = await start(fakeConfig({ tls: { mode: 'files', ...files } }), { logger });
    const before = await peer(server.url);
    expect(before.getPeerCertificate().fingerprint256).toBe(old);
    const renewed = await write('b');
    await reloaded;
    const after = await peer(server.url);
    expect(after.getPeerCertificate().fingerprint256).toBe(renewed);
    before.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = await once(before, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 200 /);
    before.destroy();
    after.destroy();
  }, 20_000);

  it('refuses files that cannot work or are not safe', async () => {
    const dir = tempDir();
    const a = (await selfSigned({ dataDir: join(dir, 'a'), host: 'x' })).material;
    const b = (await selfSigned({ dataDir: join(dir, 'b'), host: 'x' })).material;
    const certFile = join(dir, 'c.pem');
    const keyFile = join(dir, 'k.pem');
    const attempt = (): Promise<HttpServer> => start(fakeConfig({ tls: { mode: 'files', certFile, keyFile } }));
    await expect(attempt()).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
    writeFileSync(keyFile, b.key, { mode: 0o644 });
    writeFileSync(certFile, a.cert);
    await expect(attempt()).rejects.toMatchObject({
      code: 'TLS_KEY_EXPOSED',
      mend: expect.stringContaining('chmod 600'),
    });
    chmodSync(keyFile, 0o600);
    await expect(attempt()).rejects.toMatchObject({ code: 'TLS_PAIR_MISMATCH' });
    writeFileSync(certFile, 'no certificate');
    await expect(attempt()).rejects.toMatchObject({ code: 'TLS_CERT_INVALID' });
    writeFileSync(certFile, a.cert);
    writeFileSync(keyFile, 'no key');
    await expect(attempt()).rejects.toMatchObject({ code: 'TLS_KEY_INVALID' });
  });
});

describe('connections', () => {
  it('tells when a token of a program opens one of the editor', async () => {
    const used: string[] = [];
    const bearers: Bearers = {
      find: (token) =>
        token === 'of-a-bot'
          ? { user: 'token:bot', role: 'viewer', by: 'token' }
          : { user: 'ada', role: 'admin', by: 'password' },
      watch: () => () => {},
    };
    const auth = {
      bearers,
      routes: () => {},
      tokenUsed: (identity: Identity, address: string) => void used.push(`${identity.user} ${address}`),
    };
    const server = await start(fakeConfig(), { auth });
    server.server.on('upgrade', (_req, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.on('data', () => socket.write(encodeFrame(OPCODE.text, Buffer.from('{"auth":"ok"}'), { masked: false })));
    });
    for (const token of ['of-a-bot', 'of-a-person']) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      cleanups.push(() => socket.destroy());
      socket.write('GET /editor/comms HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await once(socket, 'data');
      socket.write(encodeFrame(OPCODE.text, Buffer.from(JSON.stringify({ auth: token })), { masked: true }));
      await once(socket, 'data');
    }
    expect(used).toEqual(['token:bot 127.0.0.1']);
  });

  it('survives a peer that resets in the middle of an upgrade', async () => {
    const { url } = await start();
    const { hostname, port } = new URL(url);
    const sockets: Socket[] = [];
    for (let i = 0; i < 20; i += 1) {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.write('GET /editor/comms HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.resetAndDestroy();
      sockets.push(socket);
    }
    expect((await call(`${url}/healthz`)).status).toBe(200);
  });
});
