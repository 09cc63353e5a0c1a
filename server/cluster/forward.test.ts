import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener, type Server } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pino from 'pino';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '../http/elsewhere.ts';
import { Forwarder, introducedCaller, type Peer } from './forward.ts';

const caller: Caller = { address: '203.0.113.7', secure: true, host: 'flows.example.org' };
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

const isKey = (key: string): boolean => key === 'right';

function callerIn(req: IncomingMessage): Caller | null {
  const from = introducedCaller(req, isKey);
  return from === 'astray' ? null : from;
}

/** The replica that leads; says what it has seen. */
async function leader(
  handler?: RequestListener,
  tls = false,
): Promise<Peer & { seen: IncomingMessage[]; server: Server }> {
  const seen: IncomingMessage[] = [];
  const listener: RequestListener = (req, res) => {
    seen.push(req);
    if (handler) handler(req, res);
    else {
      const from = callerIn(req);
      const body: Buffer[] = [];
      req.on('data', (chunk) => body.push(chunk));
      req.on('end', () => {
        res.setHeader('Set-Cookie', ['a=1', 'b=2']);
        res.setHeader('X-From', from?.address ?? 'unknown');
        res.end(Buffer.concat(body));
      });
    }
  };
  if (!tls) {
    const server = http.createServer(listener);
    return { url: `http://127.0.0.1:${await listening(server)}`, fingerprint: null, key: 'right', seen, server };
  }
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'other' }], {
    keyType: 'ec',
    curve: 'P-256',
  });
  const server = https.createServer({ cert, key }, listener);
  const url = `https://127.0.0.1:${await listening(server)}`;
  return { url, fingerprint: new X509Certificate(cert).fingerprint256, key: 'right', seen, server };
}

const newForwarder = (): Forwarder => {
  const forwarder = new Forwarder(pino({ level: 'silent' }));
  open.push(forwarder);
  return forwarder;
};

async function standby(peer: Peer, forwarder = newForwarder()): Promise<string> {
  const server = http.createServer((req, res) => forwarder.request(req, res, peer, caller));
  server.on('upgrade', (req, socket, head) => forwarder.upgrade(req, socket as Socket, head, peer, caller));
  return `http://127.0.0.1:${await listening(server)}`;
}

describe('passing requests on to the replica that leads', () => {
  it.each([false, true])('keeps method, path, headers and body, and says who called (TLS %s)', async (tls) => {
    const to = await leader(undefined, tls);
    const url = await standby(to);
    const body = 'x'.repeat(300_000);
    const stream = new Blob([body]).stream();
    for (const sent of [{ body }, { body: stream, duplex: 'half' as const }]) {
      const answer = await fetch(`${url}/api/a%20b?c=d`, {
        ...sent,
        method: 'POST',
        headers: { 'x-own': 'kept', 'x-redstart-replica': 'forged', 'x-redstart-caller': 'forged' },
      });
      expect([answer.status, await answer.text()]).toEqual([200, body]);
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(answer.headers.get('x-from')).toBe('203.0.113.7');
    }
    const [first] = to.seen;
    expect([first?.method, first?.url, first?.headers['x-own']]).toEqual(['POST', '/api/a%20b?c=d', 'kept']);
    expect(first?.rawHeaders.join().toLowerCase()).not.toMatch(/x-redstart/);
  });

  it('sends nothing to a server with another certificate', async () => {
    const to = await leader(undefined, true);
    const url = await standby({ ...to, fingerprint: 'AA:BB' });
    const answer = await fetch(`${url}/api/x`, { headers: { authorization: 'Basic c2VjcmV0' } });
    expect([answer.status, answer.headers.get('retry-after'), to.seen]).toEqual([503, '5', []]);
  });

  it('says to try again when the leader is gone, and cuts what it had begun to answer', async () => {
    const url = await standby({ url: 'http://127.0.0.1:1', fingerprint: null, key: 'right' });
    expect((await fetch(url)).status).toBe(503);
    const dying = await leader((_req, res) => {
      res.write('half');
      setTimeout(() => res.destroy(), 10);
    });
    await expect(fetch(await standby(dying)).then((answer) => answer.text())).rejects.toThrow();
  });

  it('lets go of the leader when the caller goes', async () => {
    const gone = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    const to = await leader((_req, res) => {
      res.once('close', gone.resolve);
      waiting.resolve();
    });
    const stop = new AbortController();
    const asked = fetch(await standby(to), { signal: stop.signal });
    await waiting.promise;
    stop.abort();
    await expect(asked).rejects.toThrow();
    await gone.promise;
    expect(to.seen).toHaveLength(1);
  });

  it('leaves what is on its way to one replica alone when another is asked, and cuts what one that is gone owes', async () => {
    const waiting = Promise.withResolvers<() => void>();
    const slow = await leader((_req, res) => waiting.resolve(() => res.end('slow')));
    const quick = await leader();
    const hung = Promise.withResolvers<void>();
    const gone = await leader(() => hung.resolve());
    const forwarder = newForwarder();
    const asked = fetch(await standby(slow, forwarder));
    const answer = await waiting.promise;
    const unanswered = fetch(await standby(gone, forwarder));
    await hung.promise;
    expect((await fetch(await standby(quick, forwarder))).status).toBe(200);
    forwarder.keep([slow, quick]);
    expect((await unanswered).status).toBe(503);
    answer();
    expect(await (await asked).text()).toBe('slow');
  });

  it('cuts what waits for TLS with one that stands still', async () => {
    const still = createServer().listen(0, '127.0.0.1');
    open.push(still);
    await once(still, 'listening');
    const url = `https://127.0.0.1:${(still.address() as AddressInfo).port}`;
    const forwarder = newForwarder();
    const asked = fetch(await standby({ url, fingerprint: 'AA', key: 'right' }, forwarder));
    const [socket] = (await once(still, 'connection')) as [Socket];
    forwarder.keep([]);
    expect((await asked).status).toBe(503);
    socket.destroy();
  });

  it('answers a caller of HTTP/1.0, and the next request after a body that nobody read', async () => {
    const to = await leader((req, res) => {
      res.statusCode = req.url === '/large' ? 413 : 200;
      res.setHeader('Content-Length', 0);
      res.end();
    });
    const url = new URL(await standby(to));
    const answersTo = async (request: string, wanted: RegExp): Promise<string> => {
      const socket = connect(Number(url.port), url.hostname);
      let answer = '';
      const whole = Promise.withResolvers<string>();
      socket.on('data', (data) => {
        answer += data;
        if (wanted.test(answer)) whole.resolve(answer);
      });
      socket.write(request);
      return await whole.promise.finally(() => socket.destroy());
    };
    expect(await answersTo('GET / HTTP/1.0\r\n\r\n', /\r\n\r\n/)).toMatch(/^HTTP\/1.1 200/);
    const large = `POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`;
    expect(await answersTo(`${large}GET / HTTP/1.1\r\nHost: a\r\n\r\n`, /200 OK/)).toMatch(/413[\s\S]*200 OK/);
  });

  it('passes on why a websocket was refused, whatever the form of that answer', async () => {
    const to = await leader();
    to.server.on('upgrade', (_req, socket: Socket) =>
      socket.end(
        'HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\nX-Name: \xe9\r\n\r\n5\r\nno, \xe9\r\n0\r\n\r\n',
        'latin1',
      ),
    );
    const asked = http.get(await standby(to), { headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const body: Buffer[] = [];
    for await (const part of answer) body.push(part as Buffer);
    expect([answer.headers['x-name'], Buffer.concat(body).toString('latin1')]).toEqual(['\xe9', 'no, \xe9']);
  });

  it('passes websockets on, and their refusal', async () => {
    const to = await leader();
    const sockets = new WebSocketServer({ noServer: true });
    to.server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      if (req.url !== '/ws') socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      else
        sockets.handleUpgrade(req, socket, head, (ws) =>
          ws.on('message', (data) => ws.send(`${callerIn(req)?.address} ${data}`)),
        );
    });
    const url = (await standby(to)).replace('http', 'ws');
    const socket = new WebSocket(`${url}/ws`);
    await once(socket, 'open');
    socket.send('hello');
    const [data] = await once(socket, 'message');
    expect(String(data)).toBe('203.0.113.7 hello');
    socket.close();
    const refused = new WebSocket(`${url}/other`);
    const [error] = await once(refused, 'error');
    expect(String(error)).toMatch(/403/);
  });
});

describe('who really called', () => {
  const request = (headers: Record<string, string>): IncomingMessage =>
    ({ headers, rawHeaders: Object.entries(headers).flat() }) as unknown as IncomingMessage;

  it('is believed of a replica alone, and the headers are gone in any case', () => {
    const told = Buffer.from(JSON.stringify(caller)).toString('base64url');
    const forged = request({ 'x-redstart-replica': 'guess', 'x-redstart-caller': told, other: '1' });
    expect(introducedCaller(forged, isKey)).toBe('astray');
    expect([forged.headers, forged.rawHeaders]).toEqual([{ other: '1' }, ['other', '1']]);
    const real = request({ 'x-redstart-replica': 'right', 'x-redstart-caller': told });
    expect(introducedCaller(real, isKey)).toEqual(caller);
    expect(introducedCaller(request({}), isKey)).toBeNull();
  });
});
