import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type express from 'express';
import { addressOf, adopt } from '../auth/client-address.ts';
import { areaOf, type Roots, rawPath } from './areas.ts';

/** What a request is for, as far as it matters where that runs. */
export type Wanted = { area: 'flows'; path: string; method: string } | { area: 'editor' };

/** What the caller looked like where the request arrived. */
export interface Caller {
  address: string;
  secure: boolean;
  host: string | undefined;
}

/** Requests for what another replica runs. Each is looked at before anything else; true: it was dealt with. */
export interface Elsewhere {
  arrive(req: IncomingMessage, res: ServerResponse, wanted: Wanted | null, caller: () => Caller): boolean;
  arriveUpgrade(
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    wanted: Wanted | null,
    caller: () => Caller,
  ): boolean;
  /** Its connections carry many callers. */
  isReplica(address: string): boolean;
}

/** Probes, and whatever else is no work of the flows, are answered by every replica itself: null. */
export function wantedBy(req: IncomingMessage, roots: Roots): Wanted | null {
  const path = rawPath(req.url);
  const area = path === null ? null : areaOf(path, roots);
  // Who looks at the page looks at what the editor shows.
  if (area === 'editor' || area === 'status') return { area: 'editor' };
  if (area !== 'flows' || path === null) return null;
  return { area, path: path.slice(roots.httpPath.length) || '/', method: req.method ?? 'GET' };
}

export function callerOf(app: express.Application, req: IncomingMessage): Caller {
  const adopted = adopt(app, req);
  const forwarded = trustsHopOf(app, req) ? req.headers['x-forwarded-host'] : undefined;
  const host = typeof forwarded === 'string' ? forwarded.split(',')[0]?.trim() : req.headers.host;
  return { address: addressOf(adopted), secure: adopted.secure, host };
}

const trustsHopOf = (app: express.Application, req: IncomingMessage): boolean =>
  (app.get('trust proxy fn') as (address: string, hop: number) => boolean)(req.socket.remoteAddress ?? '', 0);
