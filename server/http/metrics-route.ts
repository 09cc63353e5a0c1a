import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request } from 'express';
import { isLoopback } from '../auth/client-address.ts';
import { type Refusal, refuse } from '../auth/refusal.ts';
import type { Config } from '../config/index.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { areaOf, type Roots, rawPath } from './areas.ts';
import type { OnEnd } from './open-requests.ts';

export const METRICS_PATH = '/metrics';

type Access = (req: IncomingMessage) => Refusal | null | Promise<Refusal | null>;

const NOT_FOUND: Refusal = { status: 404 };
const READ_ONLY: Refusal = { status: 405, headers: { Allow: 'GET, HEAD' } };
const BROKEN: Refusal = { status: 500 };
/** What a proxy adds: then the caller is elsewhere, whatever address the connection comes from. */
const PROXIED = ['x-forwarded-for', 'forwarded', 'via'];

/** Whether a request may read the metrics: null, or why not. Who may not does not learn that there are any. */
export function metricsAccess(mode: Config['metrics'], flowsAuth: Access): Access {
  switch (mode) {
    case 'off':
      return () => NOT_FOUND;
    case 'open':
      return () => null;
    case 'basic':
      return flowsAuth;
    case 'local':
      return (req) => {
        const direct = PROXIED.every((header) => req.headers[header] === undefined);
        return direct && isLoopback(req.socket.remoteAddress) ? null : NOT_FOUND;
      };
  }
}

export function metricsRoute(
  metrics: Metrics,
  mode: Config['metrics'],
  flowsAuth: Access,
): [string, (req: Request, res: ServerResponse) => void] {
  const access = metricsAccess(mode, flowsAuth);
  const answer = async (req: Request, res: ServerResponse): Promise<void> => {
    const refusal = (await access(req)) ?? (req.method === 'GET' || req.method === 'HEAD' ? null : READ_ONLY);
    if (refusal !== null) return refuse(req, res, refusal);
    const text = await metrics.text();
    res.writeHead(200, {
      'Content-Type': metrics.contentType,
      'Cache-Control': 'no-store',
      'Content-Length': Buffer.byteLength(text),
    });
    res.end(req.method === 'HEAD' ? undefined : text);
  };
  return [METRICS_PATH, (req, res) => void answer(req, res).catch(() => refuse(req, res, BROKEN))];
}

/** Counts each request by its area and, of the flows', by the route of the node that answered it: these are few. */
export function countedIn(metrics: Metrics, roots: Roots): OnEnd {
  return (res, seconds) => {
    const req = res.req as Request;
    const path = rawPath(req.originalUrl ?? req.url);
    const area = path === null ? 'none' : areaOf(path, roots);
    const route: unknown = area === 'flows' ? req.route?.path : undefined;
    metrics.request(area, typeof route === 'string' ? route : '', req.method, res.statusCode, seconds);
  };
}
