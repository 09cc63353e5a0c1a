import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { registerSecret } from '../config/index.ts';
import { ownFetch } from '../sandbox/own-fetch.ts';
import { deliver, retryAfter } from './delivery.ts';
import { receiver } from './testing/receiver.ts';

const NOW = Date.UTC(2026, 0, 15, 12);
const direct = ownFetch({ https: null, http: null, noProxy: null });
const never = new AbortController().signal;

const send = (url: string, fetch = direct, signal = never) =>
  deliver({ url: () => url, fetch, now: () => NOW }, '{"a":1}', { 'x-sig': 's' }, signal);

describe('a delivery', () => {
  it('is one POST of JSON', async () => {
    await using target = await receiver();
    expect(await send(`${target.url}/hook?sig=1`)).toEqual({ outcome: 'delivered' });
    expect(target.received).toMatchObject([
      {
        method: 'POST',
        path: '/hook?sig=1',
        body: '{"a":1}',
        headers: { 'content-type': 'application/json', 'x-sig': 's' },
      },
    ]);
  });

  it('is to be tried again when the receiver is busy, broken or not known by this address', async () => {
    await using target = await receiver();
    target.answers.push(
      { status: 429, headers: { 'retry-after': '30' } },
      { status: 503 },
      { status: 404, body: 'no_service' },
      { status: 302, headers: { location: 'https://elsewhere.example.org/' } },
    );
    expect(await send(target.url)).toEqual({ outcome: 'failed', reason: 'the receiver answers 429', waitMs: 30_000 });
    expect(await send(target.url)).toMatchObject({ outcome: 'failed', waitMs: null });
    expect(await send(target.url)).toMatchObject({ outcome: 'failed', reason: 'the receiver answers 404: no_service' });
    // The address is a secret of that host: no redirect is followed.
    expect(await send(target.url)).toMatchObject({ outcome: 'failed', reason: 'the receiver answers 302' });
    expect(target.received).toHaveLength(4);
  });

  it('is refused when this message will never be taken', async () => {
    await using target = await receiver();
    target.answers.push({ status: 400, body: 'invalid_blocks' });
    expect(await send(target.url)).toEqual({ outcome: 'refused', reason: 'the receiver answers 400: invalid_blocks' });
  });

  it('says nothing of the address, whatever the receiver says, and reads little of it', async () => {
    await using target = await receiver();
    const path = '/services/planted-0123456789';
    registerSecret(path);
    target.answers.push({ status: 500, body: `no such hook: ${path} ${'x'.repeat(3_000_000)}` });
    const result = await send(`${target.url}${path}`);
    expect(result).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('[redacted]') });
    expect(JSON.stringify(result)).not.toContain('planted');
    expect(JSON.stringify(result).length).toBeLessThan(400);
  });

  it('fails in words when nobody listens, and when it is given up', async () => {
    const gone = await receiver();
    await gone[Symbol.asyncDispose]();
    expect(await send(gone.url)).toEqual({ outcome: 'failed', reason: 'ECONNREFUSED', waitMs: null });
    await using slow = await receiver();
    slow.answers.push({ status: 200, hang: true });
    const stop = new AbortController();
    const sending = send(slow.url, direct, stop.signal);
    await expect.poll(() => slow.received.length).toBe(1);
    stop.abort();
    expect(await sending).toMatchObject({ outcome: 'failed' });
  });

  it('goes by the proxy, but for this machine', async () => {
    await using target = await receiver();
    await using proxy = await receiver();
    const asked: string[] = [];
    proxy.server.on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const { hostname, port } = new URL(target.url);
      const through = connect(Number(port), hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        through.pipe(socket).pipe(through);
      });
    });
    const proxied = ownFetch({ https: null, http: proxy.url, noProxy: 'other.example.org' });
    expect(await send('http://alerts.example.org/hook', proxied)).toEqual({ outcome: 'delivered' });
    expect(asked).toEqual(['alerts.example.org:80']);
    expect(target.received).toMatchObject([{ path: '/hook', headers: { host: 'alerts.example.org' } }]);
    expect(await send(`${target.url}/direct`, proxied)).toEqual({ outcome: 'delivered' });
    expect(asked).toHaveLength(1);
  });
});

it('waits as the receiver asks, in seconds or until a time, an hour at most', () => {
  expect(retryAfter('5', NOW)).toBe(5000);
  expect(retryAfter(new Date(NOW + 60_000).toUTCString(), NOW)).toBe(60_000);
  expect(retryAfter('999999', NOW)).toBe(3_600_000);
  expect(retryAfter('-1', NOW)).toBe(0);
  expect([retryAfter(null, NOW), retryAfter('soon', NOW)]).toEqual([null, null]);
});
