import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** What a request is answered with when it goes no further. The body never tells version, flow, path or stack. */
export interface Refusal {
  readonly status: number;
  /** One line of text; the standard phrase of the status when absent. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const textOf = (refusal: Refusal): string => `${refusal.body ?? STATUS_CODES[refusal.status] ?? 'Error'}\n`;

const announcesBody = (req: IncomingMessage): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;

/** Answers with plain text unless a header says otherwise. A body still to come is not waited for: reading it would let the refused hold the socket. */
export function refuse(req: IncomingMessage, res: ServerResponse, refusal: Refusal): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const text = textOf(refusal);
  res.statusCode = refusal.status;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  for (const [name, value] of Object.entries(refusal.headers ?? {})) res.setHeader(name, value);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store');
  if (announcesBody(req) && !req.complete) {
    res.setHeader('Connection', 'close');
    res.shouldKeepAlive = false;
  }
  res.end(req.method === 'HEAD' ? undefined : text);
}

/** The same for a request to upgrade, which has no response object. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const text = textOf(refusal);
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Error'}`,
    'Connection: close',
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ].join('\r\n');
  // Ends once it is written; a peer that reads nothing is cut by the timer instead of holding the socket.
  socket.end(`${head}\r\n\r\n${text}`);
  const timer = setTimeout(() => socket.destroy(), 2000);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  socket.once('finish', () => socket.destroy());
}
