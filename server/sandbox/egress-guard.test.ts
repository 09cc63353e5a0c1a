import dns from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type LookupFunction, Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { ProxyAgent, fetch as undiciFetch } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Blocked, type EgressGuard, guardEgress } from './egress-guard.ts';
import { type EgressOptions, egressRules } from './egress-rules.ts';

let options: EgressOptions;
let blocked: Blocked[];
let guard: EgressGuard;
let server: http.Server;
let port: number;

beforeAll(async () => {
  server = http.createServer((req, res) => {
    const to = new URL(req.url ?? '', 'http://x').searchParams.get('to');
    if (to) res.writeHead(302, { Location: to }).end();
    else res.end('reached');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());
beforeEach(() => {
  options = { internal: 'allow', allow: null, own: [] };
  blocked = [];
  guard = guardEgress(
    () => egressRules(options),
    (each) => blocked.push(each),
  );
});
afterEach(() => guard.remove());

/** The code that a connection or request ends with. */
const end = (emitter: NodeJS.EventEmitter): Promise<unknown> =>
  new Promise((resolve) => {
    emitter.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error));
    for (const event of ['connect', 'response', 'open']) emitter.once(event, () => resolve(event));
  });
const cause = (error: unknown): unknown => (error as { cause?: { code?: string } }).cause?.code ?? error;
const answers =
  (address: string): LookupFunction =>
  (_name, { all }, callback) =>
    all ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4);

describe('guardEgress', () => {
  it.each([
    ['net', () => connect(80, '169.254.169.254')],
    ['net, by options', () => connect({ host: '169.254.169.254', port: 80 })],
    ['a socket of its own', () => new Socket().connect(80, '169.254.169.254')],
    ['tls', () => tlsConnect(443, '169.254.169.254')],
    ['http', () => http.get('http://169.254.169.254/latest')],
    ['http without a pool', () => http.get({ host: '169.254.169.254', agent: false })],
    ['https', () => https.get('https://169.254.169.254/')],
    ['a websocket', () => new WebSocket('ws://169.254.169.254/')],
    ['IPv6', () => http.get('http://[fd00:ec2::254]/')],
    ['IPv4 in IPv6', () => http.get('http://[::ffff:169.254.169.254]/')],
    ['one number', () => http.get('http://2852039166/')],
    ['octal', () => http.get('http://0251.0376.0251.0376/')],
    ['hexadecimal', () => http.get('http://0xa9fea9fe/')],
    ['hexadecimal that only the system reads', () => connect(80, '0xa9.0xfe.0xa9.0xfe')],
    ['a local socket', () => connect('/var/run/docker.sock')],
    ['a local socket by http', () => http.get({ socketPath: '/var/run/docker.sock', path: '/containers/json' })],
  ])('refuses metadata services and local sockets by %s', async (_how, open) => {
    expect(await end(open())).toBe('EGRESS_BLOCKED');
    expect(blocked).toHaveLength(1);
  });

  it('refuses them by fetch, the built-in one and undici', async () => {
    for (const call of [fetch, undiciFetch]) {
      expect(await call('http://169.254.169.254/').catch(cause)).toBe('EGRESS_BLOCKED');
      expect(await call(`http://127.0.0.1:${port}/?to=http://169.254.169.254/`).catch(cause)).toBe('EGRESS_BLOCKED');
      expect(await (await call(`http://127.0.0.1:${port}/`)).text()).toBe('reached');
    }
  });

  it('refuses a name by what it leads to, and connects to what was looked at and nothing else', async () => {
    const evil = { host: 'rebind.example', port, lookup: answers('169.254.169.254') };
    expect(await end(connect(evil))).toBe('EGRESS_BLOCKED');
    expect(await end(http.get(evil))).toBe('EGRESS_BLOCKED');
    expect(blocked[0]).toMatchObject({ host: 'rebind.example', address: '169.254.169.254' });
    let lookups = 0;
    const rebinding: LookupFunction = (name, lookupOptions, callback) => {
      lookups += 1;
      answers(lookups === 1 ? '127.0.0.1' : '169.254.169.254')(name, lookupOptions, callback);
    };
    expect(await end(http.get({ host: 'rebind.example', port, lookup: rebinding, agent: false }))).toBe('response');
    expect(lookups).toBe(1);
  });

  it('passes over the refused ones of several addresses', async () => {
    const both: LookupFunction = (_name, _options, callback) =>
      callback(null, [
        { address: '169.254.169.254', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const socket = connect({ host: 'both.example', port, lookup: both, autoSelectFamily: true });
    expect(await end(socket)).toBe('connect');
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(blocked).toEqual([]);
    socket.destroy();
  });

  it('holds to private networks and the list, with the configured targets let through', async () => {
    options = { internal: 'block', allow: null, own: [] };
    expect(await end(connect(port, 'localhost'))).toBe('EGRESS_BLOCKED');
    options = { internal: 'block', allow: null, own: [{ host: '127.0.0.1', port }] };
    expect(await end(connect(port, '127.0.0.1'))).toBe('connect');
    options = { internal: 'allow', allow: ['example.com'], own: [] };
    const seen: string[] = [];
    const lookup: LookupFunction = (name, _options, callback) => {
      seen.push(name);
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '');
    };
    expect(await end(connect({ host: 'evil.example', port: 80, lookup }))).toBe('EGRESS_BLOCKED');
    expect(seen).toEqual([]);
    expect(await end(connect({ host: 'example.com', port: 80, lookup }))).toBe('ENOTFOUND');
  });

  it('looks at the target of a request that goes through a proxy', async () => {
    const via = { host: '127.0.0.1', port };
    expect(await end(http.request({ ...via, method: 'CONNECT', path: '169.254.169.254:443' }))).toBe('EGRESS_BLOCKED');
    expect(await end(http.get({ ...via, path: 'http://metadata.google.internal/' }))).toBe('EGRESS_BLOCKED');
    expect(await end(http.get({ ...via, path: 'http://example.com/' }))).toBe('response');
  });

  it('looks at the target of what undici sends through a proxy, tunnelled or not', async () => {
    const seen: string[] = [];
    const proxy = http.createServer((req, res) => {
      seen.push(String(req.url));
      res.end('by the proxy');
    });
    proxy.on('connect', (req, socket) => {
      seen.push(String(req.url));
      socket.end('HTTP/1.1 502 no tunnel\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const uri = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const codes = (error: unknown): string => (error instanceof Error ? `${error} ${codes(error.cause)}` : '');
    for (const proxyTunnel of [true, false]) {
      const dispatcher = new ProxyAgent({ uri, proxyTunnel });
      for (const target of ['http://169.254.169.254/', 'http://metadata.google.internal/']) {
        expect(await undiciFetch(target, { dispatcher }).catch(codes)).toContain('EGRESS_BLOCKED');
      }
      expect(seen).toEqual([]);
      await undiciFetch('http://example.com/', { dispatcher }).catch(() => undefined);
      expect(seen.splice(0)).toHaveLength(1);
      await dispatcher.destroy();
    }
    expect(blocked).toHaveLength(4);
    proxy.close();
  });

  it('leaves alone what it has nothing against, callbacks and missing names included', async () => {
    const socket = await new Promise<Socket>((resolve) => {
      const opened: Socket = connect(port, '127.0.0.1', () => resolve(opened));
    });
    socket.destroy();
    await new Promise<void>((resolve) => {
      const opened = new Socket().connect(port, () => {
        opened.destroy();
        resolve();
      });
      opened.once('error', () => resolve());
    });
    expect(await end(connect({ port, host: 'localhost', lookup: dns.lookup as LookupFunction }))).toBe('connect');
    expect(() => connect({} as never)).toThrow();
    expect(blocked).toEqual([]);
  });
});
