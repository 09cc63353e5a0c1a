import { createHash } from 'node:crypto';
import { PlatformClient } from './client.ts';
import { systemClock } from './clock.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { RateLimiter } from './rate-limiter.ts';
import { normaliseBaseUrl } from './urls.ts';

/** Pacing of all clients, from `seqeraClient` in Node-RED's settings. */
export type ClientSettings = Omit<HttpClientOptions, 'baseUrl' | 'token' | 'limiterFor'>;

export interface ClientSource {
  baseUrl: string;
  token: () => string;
  /** Names the source of the token: who gives the same base URL and key shares one client. */
  key: string;
  settings?: ClientSettings | undefined;
}

/** Old ones are dropped, so that a token tried in a dialog a thousand times does not stay a thousand times. */
const MOST_KEPT = 200;
const clients = new Map<string, PlatformClient>();
const limiters = new Map<string, RateLimiter>();

/** The key of a token that is a value and not a changing source. A hash: keys may be printed. */
export const tokenKey = (token: string): string => createHash('sha256').update(token).digest('hex');

/** One client, so one set of sockets and of watches, per (base URL, source of the token). */
export function clientFor({ baseUrl, token, key, settings }: ClientSource): PlatformClient {
  const base = normaliseBaseUrl(baseUrl);
  const { origin } = new URL(base);
  // The Platform counts by token, and two connections (of two workspaces, say) can have the same one.
  const limiterFor = (value: string) =>
    recent(limiters, `${origin} ${tokenKey(value)}`, () => {
      const { clock = systemClock, callsPerSecond: calls } = settings ?? {};
      return new RateLimiter({ clock, calls });
    });
  return recent(
    clients,
    `${base} ${key}`,
    () => new PlatformClient(new HttpClient({ ...settings, baseUrl, token, limiterFor })),
  );
}

/** What is kept under a name, or made now; what was asked for longest ago goes first. */
function recent<T>(kept: Map<string, T>, name: string, make: () => T): T {
  const found = kept.get(name) ?? make();
  kept.delete(name);
  kept.set(name, found);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return found;
}
