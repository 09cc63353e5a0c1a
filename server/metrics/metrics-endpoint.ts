import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../auth/client-address.ts';
import type { Refusal } from '../auth/refusal.ts';
import type { Config } from '../config/index.ts';
import type { Metrics } from './metrics.ts';

const NOT_FOUND: Refusal = { status: 404 };
/** What a proxy adds: then the caller is elsewhere, whatever address the connection comes from. */
const PROXIED = ['x-forwarded-for', 'forwarded', 'via'];

/** Whether this request may read the metrics: null, or why not. Who may not does not learn that there are any. */
export function metricsAccess(
  mode: Config['metrics'],
  flowsAuth: (req: IncomingMessage) => Refusal | null | Promise<Refusal | null>,
): (req: IncomingMessage) => Refusal | null | Promise<Refusal | null> {
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

/** `GET /metrics`, for those who may. */
export async function sendMetrics(metrics: Metrics, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const text = await metrics.text();
  res.writeHead(200, {
    'Content-Type': metrics.contentType,
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(text),
  });
  res.end(req.method === 'HEAD' ? undefined : text);
}
