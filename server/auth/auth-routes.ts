import type { ServerResponse } from 'node:http';
import express, { type Request } from 'express';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import { addressOf } from './client-address.ts';
import { cookie, setCookie } from './cookies.ts';
import type { ExchangeCodes } from './exchange-codes.ts';
import { type OidcRoutes, redirect } from './oidc-routes.ts';
import { type Refusal, refuse } from './refusal.ts';
import { ROLE_RULES } from './roles.ts';
import { sameOrigin } from './same-origin.ts';
import type { Session, Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import { signInPage } from './sign-in-page.ts';
import { bearerToken } from './token-hash.ts';

/** A sign-in form is a few hundred bytes. */
const MAX_LOGIN_BYTES = 16 * 1024;

/** What is below `<editor>/auth/`: none of it reaches Node-RED. `route` is relative to the admin root. */
export type AuthRoutes = (req: Request, res: ServerResponse, route: string) => void;

export interface AuthRoutesOptions {
  readonly signIn: SignIn;
  /** There is somebody who signs in with a password. */
  readonly passwords: () => boolean;
  /** Null without single sign-on. */
  readonly oidc: OidcRoutes | null;
  readonly sessions: Sessions;
  readonly codes: ExchangeCodes;
  readonly logger: Logger;
  readonly audit: Audit;
}

const parsers = [
  express.json({ limit: MAX_LOGIN_BYTES }),
  express.urlencoded({ limit: MAX_LOGIN_BYTES, extended: false }),
];

/** As OAuth 2 words it, and as Node-RED does: one text for an unknown name and for a wrong password. */
const oauth = (status: number, error: string, text: string): Refusal => ({
  status,
  body: JSON.stringify({ error, error_description: text }),
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
});
const WRONG = oauth(403, 'invalid_grant', 'Invalid resource owner credentials');
const NO_PASSWORD = oauth(400, 'unsupported_grant_type', 'Sign in with grant_type=password');
const INCOMPLETE = oauth(400, 'invalid_request', 'A username and a password are needed');
const WRONG_CLIENT = oauth(401, 'invalid_client', 'The client is not known');
const NOT_FOUND: Refusal = { status: 404 };

/** The editor, and Node-RED's own command-line tool. */
const CLIENTS = new Set(['node-red-editor', 'node-red-admin']);

const PROMPTS = [
  { id: 'username', type: 'text', label: 'user.username' },
  { id: 'password', type: 'password', label: 'user.password' },
];

type Answer = Refusal | null;
type Route = (req: Request, res: ServerResponse) => Promise<Answer> | Answer;
type Attempt = { readonly session: Omit<Session, 'expires'> } | { readonly refusal: Refusal; readonly told: string };

/** Where the editor's exchange of a code for a token goes with a cookie, which binds it to the browser. */
const EXCHANGE = 'redstart-exchange';
const EXCHANGE_S = 20;

/**
 * Signing in and out. With passwords alone in the form that Node-RED's editor knows; with single sign-on by pages beside
 * it, as the editor's own dialog knows either a form or a button. Records each attempt, never the password.
 */
export function authRoutes({ signIn, passwords, oidc, sessions, codes, logger, audit }: AuthRoutesOptions): AuthRoutes {
  const attempt = async (req: Request, username: string, password: string): Promise<Attempt> => {
    const address = addressOf(req);
    const result = await signIn.attempt(username, password, address);
    const name = printable(username);
    const entry = { event: 'auth.login', user: name, address };
    switch (result.outcome) {
      case 'right': {
        const { username: user, role } = result.user;
        logger.info({ ...entry, outcome: 'success', role }, `${user} signed in from ${address}`);
        audit.record({ event: 'sign-in', user, address, role, by: 'password' });
        return { session: { user, role, by: 'password' } };
      }
      case 'wrong':
        logger.warn({ ...entry, outcome: 'failure' }, `Failed sign-in as ${name} from ${address}`);
        audit.record({ event: 'refused', user: name, address, what: 'sign-in', why: 'wrong name or password' });
        return { refusal: WRONG, told: 'The user name or the password is wrong.' };
      case 'wait': {
        logger.warn(
          { ...entry, outcome: 'throttled', seconds: result.seconds },
          `Sign-in as ${name} refused: too many failures from ${address}`,
        );
        audit.record({ event: 'refused', user: name, address, what: 'sign-in', why: 'too many failures' });
        const told = `Too many failed sign-ins. Try again in ${result.seconds} s.`;
        return { refusal: { status: 429, body: told, headers: { 'Retry-After': String(result.seconds) } }, told };
      }
      case 'busy':
        logger.warn({ ...entry, outcome: 'busy' }, `Sign-in refused: too many at the same time (${address})`);
        return {
          refusal: { status: 503, headers: { 'Retry-After': '1' } },
          told: 'Too many sign-ins at the same time.',
        };
    }
  };

  const token = async (req: Request, res: ServerResponse): Promise<Answer> => {
    const unread = await read(req);
    if (unread !== null) return unread;
    const { grant_type: grant, username, password, client_id: client, code } = fieldsOf(req.body);
    if (oidc !== null && grant === undefined && typeof code === 'string') {
      const session = codes.redeem(code, cookie(req, EXCHANGE));
      setCookie(req, res, EXCHANGE, '', { sameSite: 'Strict', maxAgeSeconds: 0 });
      if (session === null) return WRONG;
      // The editor's name for it, in this case.
      json(res, { accessToken: sessions.begin(session), expires_in: sessions.lifetimeSeconds });
      return null;
    }
    if (grant !== 'password') return NO_PASSWORD;
    if (!isFilled(username) || !isFilled(password)) return INCOMPLETE;
    if (typeof client !== 'string' || !CLIENTS.has(client)) return WRONG_CLIENT;
    const result = await attempt(req, username, password);
    if ('refusal' in result) return result.refusal;
    json(res, {
      access_token: sessions.begin(result.session),
      expires_in: sessions.lifetimeSeconds,
      token_type: 'Bearer',
      // The role decides, whatever scope was asked for.
      scope: [ROLE_RULES[result.session.role].permissions].flat().join(' '),
    });
    return null;
  };

  /** Into the editor, which changes the code for a token. */
  const enter = (req: Request, res: ServerResponse, session: Omit<Session, 'expires'>): null => {
    const { code, browser } = codes.issue(session);
    setCookie(req, res, EXCHANGE, browser, { sameSite: 'Strict', maxAgeSeconds: EXCHANGE_S });
    redirect(res, `../?code=${code}`);
    return null;
  };

  /** The page with both ways, and its form. */
  const form = async (req: Request, res: ServerResponse): Promise<Answer> => {
    // Another site must not sign its visitors in here. A browser says where a form comes from, an old one by its origin.
    const site = req.headers['sec-fetch-site'];
    if (site === undefined ? !sameOrigin(req) : site !== 'same-origin') return { status: 403 };
    const unread = await read(req);
    if (unread !== null) return unread;
    const { username, password } = fieldsOf(req.body);
    if (!isFilled(username) || !isFilled(password)) return INCOMPLETE;
    const result = await attempt(req, username, password);
    if ('session' in result) return enter(req, res, result.session);
    const { status, headers } = result.refusal;
    for (const name of ['Retry-After']) if (headers?.[name]) res.setHeader(name, headers[name]);
    page(res, status, signInPage({ fault: result.told }));
    return null;
  };

  const withOidc = (routes: OidcRoutes): Record<string, Route> => ({
    'GET /auth/oidc': async (req, res) => {
      const shown = await routes.begin(req, res);
      if (shown !== null) page(res, shown.status, shown.html);
      return null;
    },
    'GET /auth/callback': async (req, res) => {
      const result = await routes.finish(req, res);
      if ('session' in result) return enter(req, res, result.session);
      page(res, result.status, result.html);
      return null;
    },
    'GET /auth/sign-in': (_req, res) => {
      page(res, 200, signInPage());
      return null;
    },
    'POST /auth/sign-in': form,
  });

  const revoke = (req: Request, res: ServerResponse): Refusal | null => {
    // The caller's own session, whatever token the body names: knowing another one is no right to end it.
    const bearer = bearerToken(req.headers.authorization);
    const session = bearer === null ? null : sessions.end(bearer);
    if (session === null) return { status: 401 };
    const address = addressOf(req);
    logger.info({ event: 'auth.logout', user: session.user, address }, `${session.user} signed out`);
    audit.record({ event: 'sign-out', user: session.user, address });
    const redirectTo = oidc?.endSessionUrl(req, session) ?? null;
    json(res, redirectTo === null ? {} : { redirect: redirectTo });
    return null;
  };

  const login = (_req: Request, res: ServerResponse): null => {
    // Never by itself: who has no access, or just signed out, would be sent round in a circle.
    const url = passwords() ? 'auth/sign-in' : 'auth/oidc';
    const button = {
      type: 'strategy',
      prompts: [{ type: 'button', label: passwords() ? 'Sign in' : 'Single sign-on', url }],
    };
    json(res, oidc === null ? { type: 'credentials', prompts: PROMPTS } : button);
    return null;
  };

  const routes: Readonly<Record<string, Route>> = {
    'GET /auth/login': login,
    'HEAD /auth/login': login,
    'POST /auth/token': token,
    'POST /auth/revoke': revoke,
    ...(oidc && withOidc(oidc)),
  };

  return (req, res, route) => {
    const name = `${req.method} ${route}`;
    const handler = Object.hasOwn(routes, name) ? routes[name] : undefined;
    Promise.resolve(handler ? handler(req, res) : NOT_FOUND).then(
      (refusal) => {
        if (refusal !== null) refuse(req, res, refusal);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'a sign-in could not be handled');
        refuse(req, res, { status: 500 });
      },
    );
  };
}

/** Reads the form, in either encoding. */
async function read(req: Request): Promise<Refusal | null> {
  const length = Number(req.headers['content-length'] ?? Number.NaN);
  if (Number.isNaN(length)) return { status: 411 };
  if (length > MAX_LOGIN_BYTES) return { status: 413 };
  for (const parser of parsers) {
    const failed = await new Promise((resolve) => parser(req, req.res as NonNullable<typeof req.res>, resolve));
    if (failed !== undefined) return { status: 400 };
  }
  return null;
}

function json(res: ServerResponse, body: object): void {
  const text = JSON.stringify(body);
  res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) });
  res.end(text);
}

function page(res: ServerResponse, status: number, html: string): void {
  // Without a referrer a browser sends its form with the origin "null", which could be anybody's.
  res.setHeader('Referrer-Policy', 'same-origin');
  res.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': Buffer.byteLength(html) });
  res.end(html);
}

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== '';

const fieldsOf = (body: unknown): Record<string, unknown> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

/** The name as typed, made safe to print: it is the attacker's text. */
const printable = (name: string): string => name.slice(0, 64).replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
