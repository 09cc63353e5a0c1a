import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { OpenRequests } from './open-requests.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve() {
  const open = new OpenRequests();
  const seen: ServerResponse[] = [];
  const server = http.createServer((req, res) => {
    open.add(req, res);
    seen.push(res);
    server.emit('seen');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  const client = () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    return socket;
  };
  const arrived = async (count: number) => {
    while (seen.length < count) await once(server, 'seen');
  };
  return { open, seen, client, arrived };
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

it('counts requests of one connection after another, pipelined ones too, and tells when there is none', async () => {
  const { open, seen, client, arrived } = await serve();
  const socket = client();
  let answers = '';
  socket.setEncoding('utf8').on('data', (text) => {
    answers += text;
  });
  await open.none();
  socket.write(REQUEST);
  await arrived(1);
  expect(open.count).toBe(1);
  let none = false;
  const waited = open.none().then(() => {
    none = true;
  });
  socket.write(REQUEST + REQUEST);
  await arrived(3);
  expect(open.count).toBe(3);
  for (const res of seen.slice(0, 2)) {
    res.end('x');
    await once(res, 'close');
  }
  expect([open.count, none]).toEqual([1, false]);
  seen[2]?.end('x');
  await waited;
  expect(open.count).toBe(0);
  socket.write(REQUEST);
  await arrived(4);
  expect(open.count).toBe(1);
  expect(open.refuse()).toBe(1);
  await once(socket, 'close');
  expect(answers).toContain('HTTP/1.1 503');
  expect(open.count).toBe(0);
});

it('forgets what a caller left', async () => {
  const { open, client, arrived } = await serve();
  const socket = client();
  socket.write(REQUEST + REQUEST);
  await arrived(2);
  socket.destroy();
  await open.none();
  expect([open.count, open.refuse()]).toEqual([0, 0]);
});
