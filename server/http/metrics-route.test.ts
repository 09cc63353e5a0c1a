import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { metricsAccess } from './metrics-route.ts';

describe('who may read the metrics', () => {
  const from = (remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage =>
    ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage;
  const refused = { status: 401 };

  it.each([
    ['off', from('127.0.0.1'), { status: 404 }],
    ['open', from('203.0.113.9'), null],
    ['local', from('::1'), null],
    ['local', from('::ffff:127.0.0.1'), null],
    ['local', from('203.0.113.9'), { status: 404 }],
    ['local', from('127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }), { status: 404 }],
    ['basic', from('127.0.0.1'), refused],
  ] as const)('%s', (mode, req, expected) => {
    expect(metricsAccess(mode, () => refused)(req)).toEqual(expected);
  });
});
