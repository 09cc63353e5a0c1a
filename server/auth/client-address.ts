import type { IncomingMessage, ServerResponse } from 'node:http';
import type express from 'express';

/**
 * Gives a bare request the getters of Express (`ip`, `secure`, `hostname`), which follow `trust proxy`, before any
 * Express app sees it: the checks must come first, and requests to upgrade never pass through an app.
 */
export function adopt(app: express.Application, req: IncomingMessage, res?: ServerResponse): express.Request {
  const { request, response } = app as unknown as { request: object; response: object };
  Object.setPrototypeOf(req, request);
  if (res !== undefined) {
    Object.setPrototypeOf(res, response);
    Object.assign(req, { res });
    Object.assign(res, { req });
  }
  return req as express.Request;
}

const IPV4_MAPPED = /^::ffff:(?=\d+\.)/i;

/** The caller's address as text: IPv4 in its own form even on a dual-stack socket. */
export const addressOf = (req: express.Request): string => (req.ip ?? '').replace(IPV4_MAPPED, '') || 'unknown';

export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(IPV4_MAPPED, '');
  return plain === '::1' || plain === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(plain);
}
