import type { IncomingMessage, ServerResponse } from 'node:http';
import type express from 'express';
import type { Request } from 'express';
import type { Logger } from 'pino';
import type { AuthRoutes } from '../auth/auth-routes.ts';
import { addressOf, adopt } from '../auth/client-address.ts';
import { setCaller } from '../auth/flow-caller.ts';
import type { FlowsAuth } from '../auth/flows-auth.ts';
import { publicRoute } from '../auth/public-admin-routes.ts';
import { type Refusal, refuse } from '../auth/refusal.ts';
import { type Area, areaOf, type Roots, rawPath, rawQuery } from './areas.ts';
import { withinBodyLimit } from './body-limit.ts';
import type { ClientCertificates } from './client-certificates.ts';
import { keepShapes } from './kept-shapes.ts';
import { namesOneHost } from './one-host.ts';
import { favicon, type Handler, landing } from './probes.ts';
import type { RequestLimits } from './request-limits.ts';
import type { SecurityHeaders } from './security-headers.ts';
import { namesToken } from './token-in-url.ts';
import type { WebhookRoutes } from './webhook-routes.ts';

export interface Mounted {
  readonly editor: boolean;
  /** Node-RED's app of the flows' endpoints, called straight: a routing of our own before it is a fifth of a short endpoint. */
  readonly nodeApp: express.Application;
}

export interface FrontOptions {
  /** Where Node-RED's admin app is mounted. */
  readonly app: express.Application;
  readonly roots: Roots;
  readonly logger: Logger;
  readonly headers: SecurityHeaders;
  readonly healthz: Handler;
  readonly readyz: Handler;
  readonly flowsAuth: FlowsAuth;
  /** Null when nobody signs in. */
  readonly authRoutes: AuthRoutes | null;
  readonly secureLogin: (req: Request) => Refusal | null;
  readonly limits: RequestLimits;
  readonly certificates: ClientCertificates;
  readonly webhooks: WebhookRoutes;
  /** Callers of the flows may be browsers that say who they are by themselves, whatever page asks them to. */
  readonly sameOriginFlows: boolean;
  /** The operations page; null when nobody signs in. */
  readonly status: ((req: Request, res: ServerResponse, path: string) => Refusal | null) | null;
  /** Further requests of the appliance itself, by path. */
  readonly own: ReadonlyMap<string, (req: Request, res: express.Response) => void>;
  /** Node-RED is mounted, with or without the editor. */
  readonly mounted: () => Mounted | null;
  /** Its flows are not there yet: a caller must hear "try again", not "not found". */
  readonly starting: () => boolean;
}

const STARTING: Refusal = { status: 503, body: 'Starting', headers: { 'Retry-After': '1' } };
/** Signing in and out is answered here. Node-RED's routing takes any case of it: none gets past to its own. */
const AUTH = /^\/auth(?:\/|$)/i;
const NOT_FOUND: Refusal = { status: 404 };
const OTHER_SITE: Refusal = { status: 403, body: 'A page of another site may not call this' };
const TOKEN_IN_URL: Refusal = { status: 400, body: 'An access token does not belong in a URL; send it as a header' };

/**
 * Every request comes through here before any Express app. Not as middleware of the app: the http-in node puts a
 * body reader of its own at the very top of the app that Node-RED is mounted on, which must not run for the refused.
 */
export function front(options: FrontOptions): Handler {
  const { app, roots, logger, headers, limits, certificates, webhooks } = options;
  const flowsRoot = roots.httpPath.length;
  const keep = keepShapes();

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

  /** As Express hands a request to an app that is mounted: what it sees is below its root. */
  const below = (req: IncomingMessage): void => {
    const url = req.url ?? '';
    const request = req as Request;
    request.originalUrl = url;
    request.baseUrl = roots.httpPath;
    const rest = url.slice(flowsRoot);
    req.url = rest.startsWith('/') ? rest : `/${rest}`;
  };

  const toFlows = (req: IncomingMessage, res: ServerResponse, mounted: Mounted): void => {
    below(req);
    mounted.nodeApp(req as Request, res as express.Response, (error?: unknown) => finish(req, res, error));
    // With the prototype that they have got.
    keep(req, res);
  };

  const admit = (
    req: IncomingMessage,
    res: ServerResponse,
    refusal: Refusal | null,
    mounted: Mounted,
    path: string,
  ): void => {
    if (refusal !== null) refuse(req, res, webhooks.awaited(req.method, path) ? STARTING : refusal);
    else if (withinBodyLimit(req, res)) toFlows(req, res, mounted);
  };

  /** Without a promise where nothing has to be waited for: this is the way of every call of an endpoint. */
  const flows = (req: IncomingMessage, res: ServerResponse, whole: string): void => {
    headers.flows(req, res);
    const mounted = options.mounted();
    if (mounted === null || options.starting()) {
      refuse(req, res, STARTING);
      return;
    }
    const limited = limits.flows(req) ?? certificates.flows(req);
    if (limited !== null) {
      refuse(req, res, limited);
      return;
    }
    const path = whole.slice(flowsRoot) || '/';
    if (webhooks.serves(req.method, path)) {
      below(req);
      webhooks.handle(req, res, (error) => finish(req, res, error));
      return;
    }
    if (options.sameOriginFlows && fromOtherSite(req)) {
      refuse(req, res, OTHER_SITE);
      return;
    }
    const certified = certificates.caller(req);
    if (certified !== null) setCaller(req, certified);
    const decision = options.flowsAuth.check(req, path, () => limits.address(req));
    if (!(decision instanceof Promise)) admit(req, res, decision, mounted, path);
    else
      decision
        .then((refusal) => admit(req, res, refusal, mounted, path))
        .catch((error: unknown) => finish(req, res, error ?? UNKNOWN));
  };

  const editor = (req: Request, res: ServerResponse, path: string): Refusal | null => {
    const mounted = options.mounted();
    if (mounted === null || !mounted.editor) {
      headers.plain(req, res);
      return mounted === null ? STARTING : NOT_FOUND;
    }
    headers.editor(req, res);
    const limited = limits.editor(req) ?? certificates.editor(req);
    if (limited !== null) return limited;
    if (options.starting()) return STARTING;
    // Express takes one slash more than the prefix away with it: Node-RED would see another path than is looked at here.
    if (path.startsWith(`${roots.editorPath}//`)) return NOT_FOUND;
    const insecure = options.secureLogin(req);
    if (insecure !== null) return insecure;
    if (namesToken(rawQuery(req.url))) return TOKEN_IN_URL;
    // Node-RED's audit takes the caller's address from this header as it comes.
    req.headers['x-forwarded-for'] = addressOf(req);
    const route = path.slice(roots.editorPath.length);
    if (publicRoute(req.method, route)?.cacheable !== true) res.setHeader('Cache-Control', 'no-store');
    if (!withinBodyLimit(req, res)) return null;
    if (!AUTH.test(route)) toNodeRed(req, res);
    else if (options.authRoutes === null) return NOT_FOUND;
    else options.authRoutes(req, res, route);
    return null;
  };

  /** Whoever may not sign in here may not look either: the same rules, and the same token. */
  const status = (req: Request, res: ServerResponse, path: string): Refusal | null => {
    headers.plain(req, res);
    const limited = limits.editor(req) ?? certificates.editor(req);
    if (limited !== null) return limited;
    if (options.status === null) return NOT_FOUND;
    const insecure = options.secureLogin(req);
    if (insecure !== null) return insecure;
    if (namesToken(rawQuery(req.url))) return TOKEN_IN_URL;
    return options.status(req, res, path);
  };

  const fixed: Partial<Record<Area, Handler>> = { landing, favicon, healthz: options.healthz, readyz: options.readyz };

  const dispatch = (req: IncomingMessage, res: ServerResponse, area: Area | null, path: string): Refusal | null => {
    if (area === 'editor') return editor(adopt(app, req, res), res, path);
    if (area === 'status') return status(adopt(app, req, res), res, path);
    headers.plain(req, res);
    const limited = area === 'healthz' || area === 'readyz' ? limits.probe(req) : limits.plain(req);
    if (limited !== null) return limited;
    if (area === null) return { status: 400 };
    const handler = fixed[area];
    if (handler !== undefined) {
      handler(req, res);
      return null;
    }
    const own = options.own.get(path);
    if (own === undefined) return NOT_FOUND;
    own(adopt(app, req, res), res as express.Response);
    return null;
  };

  return (req: IncomingMessage, res: ServerResponse): void => {
    const ambiguous = !namesOneHost(req);
    // Nor is what comes behind it worth reading.
    if (ambiguous) res.shouldKeepAlive = false;
    const path = ambiguous ? null : rawPath(req.url);
    const area = path === null ? null : areaOf(path, roots);
    try {
      if (area === 'flows') {
        flows(req, res, path ?? '');
        return;
      }
      const refusal = dispatch(req, res, area, path ?? '');
      if (refusal !== null) refuse(req, res, refusal);
    } catch (error) {
      finish(req, res, error ?? UNKNOWN);
    }
  };
}

/** As browsers tell it, and nothing else does. To follow a link to here is the user's own doing. */
function fromOtherSite({ method, headers }: IncomingMessage): boolean {
  if (headers['sec-fetch-site'] !== 'cross-site') return false;
  return headers['sec-fetch-mode'] !== 'navigate' || (method !== 'GET' && method !== 'HEAD');
}

const UNKNOWN = new Error('something that is no error was thrown');

/** Errors of body parsers and of Express bear the status to answer with; only those of the caller's making count. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 500 ? status : 500;
}
