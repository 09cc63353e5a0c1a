import type { IncomingMessage } from 'node:http';
import type express from 'express';
import { addressOf, adopt } from '../auth/client-address.ts';
import { networkKey } from '../auth/network-key.ts';
import type { Refusal } from '../auth/refusal.ts';
import { type RateLimit, RateLimiter } from './rate-limiter.ts';

export interface RequestLimits {
  /** The caller's address, as trusted proxies say. */
  address(req: IncomingMessage): string;
  /** Calls of the flows' endpoints, by address. */
  flows(req: IncomingMessage): Refusal | null;
  /** Those of a caller who is known, whatever the address. @returns seconds to wait, 0: none */
  caller(name: string): number;
  /** The editor, its files and sign-in. Opening it takes some 250 requests. */
  editor(req: IncomingMessage): Refusal | null;
  /** `/healthz` and `/readyz`. Apart from all else: who floods the landing page must not silence the probes of its address. */
  probe(req: IncomingMessage): Refusal | null;
  /** Everything else, what is not found included. */
  plain(req: IncomingMessage): Refusal | null;
}

const EDITOR: RateLimit = { perMinute: 6000, burst: 3000 };
const PROBE: RateLimit = { perMinute: 1200 };
const PLAIN: RateLimit = { perMinute: 600 };

export interface RequestLimitsOptions {
  readonly app: express.Application;
  /** Proxies are believed: the address may be in a header. */
  readonly proxied: boolean;
  /** Calls a minute of the flows' endpoints; null: no limit. */
  readonly flowsPerMinute: number | null;
  readonly now?: () => number;
}

/** All by address and in memory, so that nobody can lock others out; behind a proxy that is not named all have its address. */
export function requestLimits({ app, proxied, flowsPerMinute, now }: RequestLimitsOptions): RequestLimits {
  const limiter = (limit: RateLimit): RateLimiter => new RateLimiter(limit, now);
  // Without a header to be read, the address is that of the connection: no need to lend the request Express's getters.
  const address = (req: IncomingMessage): string => {
    if (proxied && req.headers['x-forwarded-for'] !== undefined) return addressOf(adopt(app, req));
    const remote = req.socket.remoteAddress ?? 'unknown';
    return remote.startsWith('::ffff:') && remote.includes('.') ? remote.slice(7) : remote;
  };
  const by = (limit: RateLimiter) => (req: IncomingMessage) => refusalFor(limit.take(networkKey(address(req))));
  const callers = flowsPerMinute === null ? null : limiter({ perMinute: flowsPerMinute });
  return {
    address,
    flows: flowsPerMinute === null ? () => null : by(limiter({ perMinute: flowsPerMinute })),
    caller: (name) => callers?.take(name) ?? 0,
    editor: by(limiter(EDITOR)),
    probe: by(limiter(PROBE)),
    plain: by(limiter(PLAIN)),
  };
}

const refusalFor = (seconds: number): Refusal | null =>
  seconds === 0 ? null : { status: 429, headers: { 'Retry-After': String(seconds) } };
