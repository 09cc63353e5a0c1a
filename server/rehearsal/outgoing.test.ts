import dgram from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http, { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Outgoing } from './outgoing.ts';

// It changes what sockets of this process do, for good: so these tests have a file of their own.
describe('what leaves a rehearsal', () => {
  const refused: string[] = [];
  const asked: string[] = [];
  const outgoing = new Outgoing({
    onRequest: ({ method, url }) => void asked.push(`${method} ${url}`),
    onRefused: (address) => void refused.push(address),
  });
  beforeAll(() => outgoing.listen());
  beforeEach(() => {
    refused.length = 0;
    asked.length = 0;
  });

  it.each<[string, () => net.Socket, string]>([
    ['TCP', () => net.connect(25, '198.51.100.1'), '198.51.100.1:25'],
    ['TLS', () => tls.connect(443, '198.51.100.1'), '198.51.100.1:443'],
    ['this machine', () => net.connect(22), 'localhost:22'],
  ])('is no connection: %s', async (_what, connect, address) => {
    const [error] = await once(connect(), 'error');
    expect([error.code, refused]).toEqual(['ECONNREFUSED', [address]]);
  });

  it('is no connection to a socket of this machine, though it also names a port that may be used', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'redstart-outgoing-'));
    const path = join(dir, 'real.sock');
    const real = net.createServer((socket) => socket.destroy()).listen(path);
    await once(real, 'listening');
    outgoing.allow(12_345);
    const [error] = await once(
      net.connect({ path, port: 12_345, host: 'localhost' } as net.IpcNetConnectOpts),
      'error',
    );
    expect([error.code, refused]).toEqual(['ECONNREFUSED', [path]]);
    outgoing.forbid(12_345);
    real.close();
    rmSync(dir, { recursive: true });
  });

  it('is no datagram, sent or on a connection', async () => {
    const real = dgram.createSocket('udp4');
    real.bind(0, '127.0.0.1');
    await once(real, 'listening');
    const { port } = real.address();
    const heard: string[] = [];
    real.on('message', (message) => void heard.push(String(message)));
    const socket = dgram.createSocket('udp4');
    const sent = (...given: unknown[]): Promise<unknown> =>
      new Promise((resolve) => Reflect.apply(socket.send, socket, [...given, resolve]));
    expect(await sent('a', port, '127.0.0.1')).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await sent(Buffer.from('abc'), 0, 3, port, '127.0.0.1')).toMatchObject({ code: 'ECONNREFUSED' });
    socket.send('b', port, '127.0.0.1');
    expect((await once(socket, 'error'))[0].code).toBe('ECONNREFUSED');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'error');
    expect([refused, heard]).toEqual([new Array(4).fill(`udp://127.0.0.1:${port}`), []]);
    socket.close();
    real.close();
  });

  it('is a request that is answered here, or not at all', async () => {
    const real = createServer((_req, res) => void res.end('real')).listen(0, '127.0.0.1');
    await once(real, 'listening');
    const { port } = real.address() as AddressInfo;
    const [answer] = await once(http.get(`http://127.0.0.1:${port}/x`), 'response');
    expect([answer.statusCode, asked]).toEqual([502, [`GET http://127.0.0.1:${port}/x`]]);
    await expect(fetch(`http://127.0.0.1:${port}/y`)).rejects.toThrow();
    expect(refused).toEqual([`127.0.0.1:${port}`]);
    real.close();
  });
});
