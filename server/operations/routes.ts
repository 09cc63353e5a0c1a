import type { ServerResponse } from 'node:http';
import type { Request } from 'express';
import { addressOf } from '../auth/client-address.ts';
import type { Bearers, Identity } from '../auth/identities.ts';
import type { Refusal } from '../auth/refusal.ts';
import { bearerToken } from '../auth/token-hash.ts';
import { Live, type Source } from './live.ts';
import { PAGE_POLICY, type PageFile, pageFiles } from './page-files.ts';
import type { RunDetail } from './status-schema.ts';

export interface StatusRoutesOptions {
  operations: Source & { detail(key: string): RunDetail | null };
  bearers: Bearers;
  editorPath: string;
  /** A token of a program was used. */
  tokenUsed(identity: Identity, address: string): void;
}

export interface StatusRoutes {
  /** What is at `/status` and below. */
  handle(req: Request, res: ServerResponse, path: string): Refusal | null;
  /** Ends the pages that follow, and takes no more. */
  stop(): void;
}

const READ_ONLY: Refusal = { status: 405, headers: { Allow: 'GET, HEAD' } };
const UNAUTHORIZED: Refusal = { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };
const NOT_FOUND: Refusal = { status: 404 };
const CROWDED: Refusal = { status: 503, body: 'Too many pages follow already', headers: { 'Retry-After': '10' } };

/**
 * The page itself has nothing in it, and is for everybody; what it shows is for who bears a session of the editor or an API
 * token, of any role. By header alone: a browser sends none by itself, so that no other site can ask in somebody's name.
 */
export function statusRoutes({ operations, bearers, editorPath, tokenUsed }: StatusRoutesOptions): StatusRoutes {
  const live = new Live(operations, bearers);
  let files: Map<string, PageFile> | null = null;
  let last: { text: string; at: number } | null = null;

  const file = (req: Request, res: ServerResponse, path: string): Refusal | null => {
    files ??= pageFiles(editorPath);
    const found = files.get(path);
    if (!found) return NOT_FOUND;
    res.setHeader('Content-Security-Policy', PAGE_POLICY);
    res.setHeader('Cache-Control', 'no-cache');
    res.setHeader('ETag', found.tag);
    if (req.headers['if-none-match'] === found.tag) res.writeHead(304).end();
    else send(req, res, found.type, found.text);
    return null;
  };

  const data = (req: Request, res: ServerResponse, path: string): Refusal | null => {
    const token = bearerToken(req.headers.authorization);
    const identity = token === null ? null : bearers.find(token);
    if (token === null || identity === null) return UNAUTHORIZED;
    if (identity.by === 'token') tokenUsed(identity, addressOf(req));
    res.setHeader('Cache-Control', 'no-store');
    if (path === '/status/events') {
      if (req.method === 'HEAD') return READ_ONLY;
      return live.join(res, token) ? null : CROWDED;
    }
    if (path === '/status.json') {
      if (last === null || performance.now() - last.at > FRESH_MS)
        last = { text: `${JSON.stringify(operations.report())}\n`, at: performance.now() };
      send(req, res, JSON_TYPE, last.text);
      return null;
    }
    const key = new URLSearchParams(req.url.split('?')[1]).get('key');
    const detail = key === null ? null : operations.detail(key);
    if (detail === null) return NOT_FOUND;
    json(req, res, detail);
    return null;
  };

  return {
    handle(req, res, path) {
      if (req.method !== 'GET' && req.method !== 'HEAD') return READ_ONLY;
      return DATA.has(path) ? data(req, res, path) : file(req, res, path);
    },
    stop: () => live.stop(),
  };
}

const DATA = new Set(['/status.json', '/status/events', '/status/runs']);

const JSON_TYPE = 'application/json; charset=utf-8';
/** Asked more often it is the same text: of some thousand runs it takes a while to make. */
const FRESH_MS = 250;

const json = (req: Request, res: ServerResponse, body: object): void =>
  send(req, res, JSON_TYPE, `${JSON.stringify(body)}\n`);

function send(req: Request, res: ServerResponse, type: string, text: string): void {
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  res.end(req.method === 'HEAD' ? undefined : text);
}
