import { createHash } from 'node:crypto';
import { PlatformClient } from './client.ts';
import { HttpClient, type HttpClientOptions } from './http-client.ts';
import { normaliseBaseUrl } from './urls.ts';

/** Pacing of all clients, from `seqeraClient` in Node-RED's settings. */
export type ClientSettings = Omit<HttpClientOptions, 'baseUrl' | 'token' | 'limiter'>;

export interface ClientSource {
  baseUrl: string;
  token: () => string;
  /** Names the source of the token: who gives the same base URL and key shares one client. */
  key: string;
  settings?: ClientSettings | undefined;
}

/** Old ones are dropped, so that a token tried in a dialog a thousand times does not stay a thousand times. */
const MOST_CLIENTS = 200;
const clients = new Map<string, PlatformClient>();

/** The key of a token that is a value and not a changing source. A hash: keys may be printed. */
export const tokenKey = (token: string): string => createHash('sha256').update(token).digest('hex');

/** One client, so one rate limit and one set of sockets, per (base URL, source of the token). */
export function clientFor({ baseUrl, token, key, settings }: ClientSource): PlatformClient {
  const name = `${normaliseBaseUrl(baseUrl)} ${key}`;
  const known = clients.get(name);
  const client = known ?? new PlatformClient(new HttpClient({ ...settings, baseUrl, token }));
  clients.delete(name);
  clients.set(name, client);
  for (const oldest of clients.keys()) {
    if (clients.size <= MOST_CLIENTS) break;
    clients.delete(oldest);
  }
  return client;
}
