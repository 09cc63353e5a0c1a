import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Appliance } from '../support/appliance.ts';
import { attempted } from '../support/attempts.ts';
import { withEditor } from '../support/editor.ts';
import { node, tab, wire } from '../support/flows.ts';

// What an attacker sends to the port itself. Each kind has its expected refusal; the figures are printed at the end.

const respond = node('http response', { statusCode: '' });
const tell = wire(
  node('function', {
    func: 'msg.payload = { body: msg.payload, polluted: ({}).polluted === undefined ? "no" : "yes" }; return msg;',
    outputs: 1,
  }),
  [respond],
);
const listener = { id: 'listener', type: 'websocket-listener', path: '/ws', wholemsg: 'false' };
const FLOW = tab([
  wire(node('http in', { url: '/echo', method: 'post' }), [tell]),
  wire(node('http in', { url: '/ping', method: 'get' }), [respond]),
  node('websocket in', { server: listener.id }),
  tell,
  respond,
]).concat([listener]);

const count = (kind: string, refused: boolean): void => attempted(kind, refused ? 'refused' : 'let in');

describe('attacks on the port', () => {
  let appliance: Appliance;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    appliance = await Appliance.start({
      flows: { 'attacked.json': FLOW },
      env: { ...withEditor, REDSTART_SIMULATOR: 'true', REDSTART_HTTP_AUTH: 'none' },
    });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await appliance?.[Symbol.asyncDispose]();
  });

  const open = (localAddress = '127.0.0.1'): Socket => {
    const socket = connect({ port: Number(new URL(appliance.url).port), host: '127.0.0.1', localAddress });
    socket.on('error', () => undefined);
    sockets.push(socket);
    return socket;
  };
  /** All that comes back until the server ends the connection, or nothing (more) comes for a while: it may wait for a body. */
  const bytes = async (text: string | Buffer, firstMs = 2000): Promise<string> => {
    const socket = open();
    let answer = '';
    let last = performance.now();
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      last = performance.now();
    });
    const closed = once(socket, 'close').then(() => true);
    socket.write(text);
    while (!(await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 50, false))]))) {
      if (performance.now() - last > (answer === '' ? firstMs : 500)) break;
    }
    socket.destroy();
    return answer;
  };
  const answers = (text: string): string[] =>
    [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status = '']) => status);
  const healthy = async (): Promise<boolean> => (await appliance.fetch('/healthz')).status === 200;

  const SMUGGLED = 'GET /api/ping HTTP/1.1\r\nHost: x\r\n\r\n';
  const post = (headers: string, body: string) => `POST /api/echo HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`;
  it.each([
    ['both lengths', post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${SMUGGLED}`)],
    ['two lengths', post('Content-Length: 0\r\nContent-Length: 40', SMUGGLED)],
    ['a list of lengths', post('Content-Length: 0, 40', SMUGGLED)],
    ['a signed length', post('Content-Length: +0', SMUGGLED)],
    ['a negative length', post('Content-Length: -1', SMUGGLED)],
    ['a length in hex', post('Content-Length: 0x0', SMUGGLED)],
    ['chunked twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${SMUGGLED}`)],
    ['chunked not last', post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${SMUGGLED}`)],
    ['almost chunked', post('Transfer-Encoding: xchunked', `0\r\n\r\n${SMUGGLED}`)],
    ['a space before the colon', post('Transfer-Encoding : chunked', `0\r\n\r\n${SMUGGLED}`)],
    ['a folded header', post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 5', `0\r\n\r\n${SMUGGLED}`)],
    ['a bare line feed in the head', `POST /api/echo HTTP/1.1\nHost: x\nContent-Length: 0\n\n${SMUGGLED}`],
    ['a bare carriage return', post('X: a\rTransfer-Encoding: chunked', `0\r\n\r\n${SMUGGLED}`)],
    ['a NUL in a header', post('X: a\0b\r\nContent-Length: 0', SMUGGLED)],
    ['a chunk size with a sign', post('Transfer-Encoding: chunked', `+0\r\n\r\n${SMUGGLED}`)],
    ['a chunk size that overflows', post('Transfer-Encoding: chunked', `ffffffffffffffff1\r\n${SMUGGLED}`)],
    ['a chunk longer than it says', post('Transfer-Encoding: chunked', `1\r\nabc\r\n0\r\n\r\n${SMUGGLED}`)],
    ['a chunk extension with a line feed', post('Transfer-Encoding: chunked', `0;a\nb\r\n\r\n${SMUGGLED}`)],
    ['a chunk extension with a carriage return', post('Transfer-Encoding: chunked', `0;a\rb\r\n\r\n${SMUGGLED}`)],
    ['a chunk that ends with a line feed alone', post('Transfer-Encoding: chunked', `1\na\n0\n\n${SMUGGLED}`)],
    ['a host twice', `GET /api/ping HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n${SMUGGLED}`],
    ['no version', `GET /api/ping\r\n\r\n${SMUGGLED}`],
    ['another version', `GET /api/ping HTTP/3.7\r\nHost: x\r\n\r\n${SMUGGLED}`],
    ['no host', `GET /api/ping HTTP/1.1\r\n\r\n${SMUGGLED}`],
  ])('smuggling: %s is refused, and nothing behind it is read as a request', async (_name, text) => {
    const got = answers(await bytes(text));
    const refused = got.length <= 1 && (got[0] === undefined || got[0] === '400');
    count('request smuggling', refused);
    expect(got).toEqual(got.length === 0 ? [] : ['400']);
  });

  it('paths in other spellings reach nothing that is not meant to be', async () => {
    for (const path of [
      '/api/../editor/flows',
      '/editor/../api/ping',
      '/editor/%2e%2e/flows',
      '/editor//flows',
      '/EDITOR/flows',
      '//editor/flows',
      '/editor/flows/..;/flows',
      '/editor\\flows',
      '/editor/red/../flows',
      '/editor/red/%2e%2e/%2e%2e/flows',
      '/editor/red/..%2f..%2f..%2fpackage.json',
      '/editor/icons/../../../../etc/passwd',
      '/editor/resources/%40redstart/node-red-seqera/..%2f..%2fpackage.json',
      '/etc/passwd',
      'http://localhost/editor/flows',
      '*',
    ]) {
      const text = await bytes(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const [status = ''] = answers(text);
      const refused = ['400', '401', '403', '404'].includes(status);
      count('path spellings', refused);
      expect([path, status, refused]).toEqual([path, status, true]);
      expect(text).not.toMatch(/root:|"node-red"|"type":"tab"/);
    }
  });

  it('heads and bodies that are too large or malformed are refused', async () => {
    const cases: [string, string | Buffer, string[]][] = [
      ['a head of 20 kB', `GET /api/ping HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, ['431']],
      ['ten thousand headers', `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(10_000)}\r\n`, ['431']],
      ['an address of 20 kB', `GET /api/${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, ['431']],
      ['a body of 6 MB', post(`Content-Length: ${6 * 1024 * 1024}`, ''), ['413']],
      [
        'chunk extensions of 20 kB',
        post('Content-Type: text/plain\r\nTransfer-Encoding: chunked', `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`),
        ['413'],
      ],
      // 500 is what Node-RED's own node says to what its parser refuses.
      ['half of JSON', post('Content-Type: application/json\r\nContent-Length: 5', '{"a":'), ['500']],
      ['JSON in no encoding', post('Content-Type: application/json; charset=x\r\nContent-Length: 2', '{}'), ['500']],
      ['no gzip', post('Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2', '{}'), ['500']],
      ['random bytes', Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256)), ['400']],
    ];
    for (const [name, text, expected] of cases) {
      // Each has an answer, however late on a busy machine.
      const got = answers(await bytes(text, 20_000)).slice(0, 1);
      count('heads and bodies', expected.includes(got[0] ?? ''));
      expect([name, got]).toEqual([name, expected]);
    }
  });

  it('JSON cannot reach the prototype of objects', async () => {
    for (const body of [
      '{"__proto__":{"polluted":1}}',
      '{"constructor":{"prototype":{"polluted":1}}}',
      '[{"__proto__":{"polluted":1}}]',
    ]) {
      const answer = await appliance.fetch('/api/echo?__proto__[polluted]=1&constructor[prototype][polluted]=1', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const { polluted } = (await answer.json()) as { polluted: string };
      count('prototype pollution', polluted === 'no');
      expect(polluted).toBe('no');
    }
  });

  it('a websocket message over the limit ends its connection, others live', async () => {
    const ws = (): WebSocket => new WebSocket(`${appliance.url.replace('http', 'ws')}/api/ws`);
    const [bad, good] = [ws(), ws()];
    await Promise.all([once(bad, 'open'), once(good, 'open')]);
    bad.on('error', () => undefined);
    bad.send(Buffer.alloc(6 * 1024 * 1024));
    const [code] = await once(bad, 'close');
    count('websocket messages', code === 1009 || code === 1006);
    expect([1006, 1009]).toContain(code);
    expect(good.readyState).toBe(WebSocket.OPEN);
    good.close();
  });

  it('broken frames end their connection, and nothing else', async () => {
    const frames = [
      [0x81, 0x04, 0x6e, 0x75, 0x6c, 0x6c], // not masked
      [0xf1, 0x80, 0, 0, 0, 0], // reserved bits
      [0x83, 0x80, 0, 0, 0, 0], // an unknown kind
      [0x80, 0x80, 0, 0, 0, 0], // a continuation of nothing
      [0x09, 0x80, 0, 0, 0, 0], // a ping in pieces
      [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], // no UTF-8
      [0x88, 0x81, 0, 0, 0, 0, 0x01], // half of a code
      [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // 2^64 bytes
    ];
    for (const frame of frames)
      for (const path of ['/api/ws', '/editor/comms']) {
        const socket = open();
        const closed = once(socket, 'close').then(() => true);
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n\r\n`,
        );
        const [head] = await once(socket, 'data');
        expect(String(head)).toMatch(/^HTTP\/1\.1 101/);
        socket.resume();
        socket.write(Buffer.from(frame));
        const refused = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 8000, false))]);
        count('websocket messages', refused === true);
        expect([path, frame, refused]).toEqual([path, frame, true]);
      }
    // A busy machine has moments in which the loop is late, and says so.
    await expect.poll(healthy, { timeout: 10_000 }).toBe(true);
  });

  it('a thousand idle connections of one address leave room for others, and are cut off', async () => {
    // Read from, or the end of the connection would not be seen.
    const idle = Array.from({ length: 1000 }, () => open().resume());
    const gone = idle.map((socket) => once(socket, 'close'));
    await Promise.all(idle.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    const before = performance.now();
    const other = open('127.0.0.2');
    other.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const [answer] = await once(other, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200/);
    expect(performance.now() - before).toBeLessThan(2000);
    await Promise.all(gone);
    for (const socket of idle) count('idle connections', socket.destroyed);
    // A busy machine has moments in which the loop is late, and says so.
    await expect.poll(healthy, { timeout: 10_000 }).toBe(true);
  });

  it('senders that are slow with head or body are cut off', async () => {
    const slow = async (head: string, drip: string, status: string): Promise<number> => {
      const socket = open();
      let answer = '';
      socket.on('data', (chunk) => {
        answer += String(chunk);
      });
      const from = performance.now();
      const closed = once(socket, 'close');
      socket.write(head);
      const timer = setInterval(() => socket.write(drip), 1000);
      await closed;
      clearInterval(timer);
      const refused = answers(answer)[0] === status || answer === '';
      count('slow senders', refused);
      expect(refused).toBe(true);
      return performance.now() - from;
    };
    const [byHead, byBody] = await Promise.all([
      slow('GET /api/ping HTTP/1.1\r\nHost: x\r\n', 'X: y\r\n', '408'),
      slow(post('Content-Length: 1000', 'a'), 'a', '408'),
    ]);
    expect(byHead).toBeLessThan(25_000);
    expect(byBody).toBeLessThan(135_000);
    // A busy machine has moments in which the loop is late, and says so.
    await expect.poll(healthy, { timeout: 10_000 }).toBe(true);
  });
});
