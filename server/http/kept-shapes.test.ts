import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { keepShapes } from './kept-shapes.ts';

it('what is kept of the first request tells nothing of it, and other requests are let alone', async () => {
  const keep = keepShapes();
  const seen: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    Object.assign(req, { body: 'secret', query: { token: 'secret' } });
    keep(req, res);
    seen.push(req);
    res.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?token=secret`;
  for (let i = 0; i < 2; i++) await (await fetch(url, { headers: { authorization: 'secret' } })).text();
  await expect.poll(() => seen[0]?.url).toBeUndefined();
  const [first, second] = seen.map((req) => JSON.stringify({ ...req.headers, raw: req.rawHeaders, ...plain(req) }));
  expect(first).not.toContain('secret');
  expect(Object.hasOwn(seen[0] ?? {}, 'body')).toBe(true);
  expect(second).toContain('secret');
  server.close();
});

const plain = (req: IncomingMessage): object =>
  Object.fromEntries(Object.entries(req).filter(([, value]) => typeof value === 'string'));
