import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { aTick, keepShapes } from './kept-shapes.ts';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

it('the last request is kept, and only that one; a flow that goes on after its answer has all of it', async () => {
  const keep = keepShapes();
  let held: IncomingMessage | null = null;
  const seen: WeakRef<IncomingMessage>[] = [];
  const server = createServer((req, res) => {
    Object.assign(req, { body: 'body', query: { name: 'value' } });
    keep(req, res);
    held ??= req;
    seen.push(new WeakRef(req));
    res.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?name=value`;
  for (let i = 0; i < 3; i++) await (await fetch(url, { headers: { 'x-event': 'push', connection: 'close' } })).text();
  server.close();
  await once(server, 'close');
  expect(held).toMatchObject({ url: '/a?name=value', body: 'body', query: { name: 'value' } });
  expect((held as unknown as IncomingMessage).headers['x-event']).toBe('push');
  await expect
    .poll(() => {
      gc();
      return seen.map((each) => each.deref() !== undefined);
    })
    .toEqual([true, false, true]);
});

it('one of what waits for its turn is found, as this Node.js makes it', () => {
  expect(aTick()).toMatchObject({ callback: expect.any(Function) });
});
