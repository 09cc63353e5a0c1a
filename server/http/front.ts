import type { IncomingMessage, ServerResponse } from 'node:http';
import type express from 'express';
import type { Request } from 'express';
import type { Logger } from 'pino';
import { addressOf, adopt } from '../auth/client-address.ts';
import type { FlowsAuth } from '../auth/flows-auth.ts';
import type { LoginGuard } from '../auth/login-guard.ts';
import { publicRoute } from '../auth/public-admin-routes.ts';
import { type Refusal, refuse } from '../auth/refusal.ts';
import { type Area, areaOf, type Roots, rawPath, rawQuery } from './areas.ts';
import { withinBodyLimit } from './body-limit.ts';
import { favicon, type Handler, landing } from './probes.ts';
import type { SecurityHeaders } from './security-headers.ts';
import { namesToken } from './token-in-url.ts';

export interface FrontOptions {
  /** Where Node-RED's apps are mounted. */
  readonly app: express.Application;
  readonly roots: Roots;
  readonly logger: Logger;
  readonly headers: SecurityHeaders;
  readonly healthz: Handler;
  readonly readyz: Handler;
  readonly flowsAuth: FlowsAuth;
  readonly loginGuard: LoginGuard;
  readonly secureLogin: (req: Request) => Refusal | null;
  /** Node-RED is mounted, with or without the editor. */
  readonly mounted: () => { readonly editor: boolean } | null;
}

const STARTING: Refusal = { status: 503, body: 'Starting', headers: { 'Retry-After': '1' } };
const SIGN_IN = '/auth/token';
/** Node-RED's routing takes it in any case and with a slash; there is one spelling here, so that nothing gets past its guard. */
const LIKE_SIGN_IN = /auth\/token/i;
const NOT_FOUND: Refusal = { status: 404 };
const TOKEN_IN_URL: Refusal = { status: 400, body: 'An access token does not belong in a URL; send it as a header' };

/**
 * Every request comes through here before any Express app. Not as middleware of the app: the http-in node puts a
 * body reader of its own at the very top of the app that Node-RED is mounted on, which must not run for the refused.
 */
export function front(options: FrontOptions): Handler {
  const { app, roots, logger, headers } = options;

  const toNodeRed = (req: IncomingMessage, res: ServerResponse): void => {
    app(req as Request, res as express.Response, (error?: unknown) => finish(req, res, error));
  };

  const finish = (req: IncomingMessage, res: ServerResponse, error: unknown): void => {
    if (error === undefined || error === null) {
      refuse(req, res, NOT_FOUND);
      return;
    }
    const status = statusOf(error);
    if (status >= 500) logger.error({ err: error, method: req.method, path: rawPath(req.url) }, 'A request failed');
    refuse(req, res, { status });
  };

  const admit = (req: IncomingMessage, res: ServerResponse, refusal: Refusal | null): void => {
    if (refusal !== null) refuse(req, res, refusal);
    else if (withinBodyLimit(req, res)) toNodeRed(req, res);
  };

  /** Without a promise where nothing has to be waited for: this is the way of every call of an endpoint. */
  const flows = (req: IncomingMessage, res: ServerResponse): void => {
    headers.flows(req, res);
    if (options.mounted() === null) {
      refuse(req, res, STARTING);
      return;
    }
    // The address only when it is asked for: adopting the request twice is a tenth of what a short endpoint costs.
    const decision = options.flowsAuth(req, () => addressOf(adopt(app, req, res)));
    if (!(decision instanceof Promise)) admit(req, res, decision);
    else
      decision
        .then((refusal) => admit(req, res, refusal))
        .catch((error: unknown) => finish(req, res, error ?? UNKNOWN));
  };

  const editor = (req: Request, res: ServerResponse, path: string): Refusal | null => {
    const mounted = options.mounted();
    if (mounted === null || !mounted.editor) {
      headers.plain(req, res);
      return mounted === null ? STARTING : NOT_FOUND;
    }
    headers.editor(req, res);
    // Express takes one slash more than the prefix away with it: Node-RED would see another path than is looked at here.
    if (path.startsWith(`${roots.editorPath}//`)) return NOT_FOUND;
    const insecure = options.secureLogin(req);
    if (insecure !== null) return insecure;
    if (namesToken(rawQuery(req.url))) return TOKEN_IN_URL;
    // Node-RED's audit takes the caller's address from this header as it comes.
    req.headers['x-forwarded-for'] = addressOf(req);
    const route = path.slice(roots.editorPath.length);
    if (publicRoute(req.method, route)?.cacheable !== true) res.setHeader('Cache-Control', 'no-store');
    if (route !== SIGN_IN && LIKE_SIGN_IN.test(route)) return NOT_FOUND;
    if (!withinBodyLimit(req, res)) return null;
    if (req.method === 'POST' && route === SIGN_IN) options.loginGuard(req, res, () => toNodeRed(req, res));
    else toNodeRed(req, res);
    return null;
  };

  const fixed: Partial<Record<Area, Handler>> = { landing, favicon, healthz: options.healthz, readyz: options.readyz };

  const dispatch = (req: IncomingMessage, res: ServerResponse, area: Area | null, path: string): Refusal | null => {
    if (area === 'editor') return editor(adopt(app, req, res), res, path);
    headers.plain(req, res);
    if (area === null) return { status: 400 };
    const handler = fixed[area];
    if (handler === undefined) return NOT_FOUND;
    handler(req, res);
    return null;
  };

  return (req: IncomingMessage, res: ServerResponse): void => {
    const path = rawPath(req.url);
    const area = path === null ? null : areaOf(path, roots);
    try {
      if (area === 'flows') {
        flows(req, res);
        return;
      }
      const refusal = dispatch(req, res, area, path ?? '');
      if (refusal !== null) refuse(req, res, refusal);
    } catch (error) {
      finish(req, res, error ?? UNKNOWN);
    }
  };
}

const UNKNOWN = new Error('something that is no error was thrown');

/** Errors of body parsers and of Express bear the status to answer with; only those of the caller's making count. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 500 ? status : 500;
}
