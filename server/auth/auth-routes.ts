import type { ServerResponse } from 'node:http';
import express, { type Request } from 'express';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import { addressOf } from './client-address.ts';
import { type Refusal, refuse } from './refusal.ts';
import { ROLE_RULES } from './roles.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import { bearerToken } from './token-hash.ts';

/** A sign-in form is a few hundred bytes. */
const MAX_LOGIN_BYTES = 16 * 1024;

/** What is below `<editor>/auth/`: none of it reaches Node-RED. `route` is relative to the admin root. */
export type AuthRoutes = (req: Request, res: ServerResponse, route: string) => void;

export interface AuthRoutesOptions {
  readonly signIn: SignIn;
  readonly sessions: Sessions;
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

type Route = (req: Request, res: ServerResponse) => Promise<Refusal | null> | Refusal | null;

/** Signing in and out, in the form that Node-RED's editor knows. Records each attempt, never the password. */
export function authRoutes({ signIn, sessions, logger, audit }: AuthRoutesOptions): AuthRoutes {
  const token = async (req: Request, res: ServerResponse): Promise<Refusal | null> => {
    const unread = await read(req);
    if (unread !== null) return unread;
    const { grant_type: grant, username, password, client_id: client } = fieldsOf(req.body);
    if (grant !== 'password') return NO_PASSWORD;
    if (typeof username !== 'string' || typeof password !== 'string' || username === '' || password === '')
      return INCOMPLETE;
    if (typeof client !== 'string' || !CLIENTS.has(client)) return WRONG_CLIENT;
    const address = addressOf(req);
    const result = await signIn.attempt(username, password, address);
    const name = printable(username);
    const entry = { event: 'auth.login', user: name, address };
    switch (result.outcome) {
      case 'right': {
        const { username: user, role } = result.user;
        const accessToken = sessions.begin({ user, role, by: 'password' });
        logger.info({ ...entry, outcome: 'success', role }, `${user} signed in from ${address}`);
        audit.record({ event: 'sign-in', user, address, role, by: 'password' });
        json(res, {
          access_token: accessToken,
          expires_in: sessions.lifetimeSeconds,
          token_type: 'Bearer',
          // The role decides, whatever scope was asked for.
          scope: [ROLE_RULES[role].permissions].flat().join(' '),
        });
        return null;
      }
      case 'wrong':
        logger.warn({ ...entry, outcome: 'failure' }, `Failed sign-in as ${name} from ${address}`);
        audit.record({ event: 'refused', user: name, address, what: 'sign-in', why: 'wrong name or password' });
        return WRONG;
      case 'wait':
        logger.warn(
          { ...entry, outcome: 'throttled', seconds: result.seconds },
          `Sign-in as ${name} refused: too many failures from ${address}`,
        );
        audit.record({ event: 'refused', user: name, address, what: 'sign-in', why: 'too many failures' });
        return {
          status: 429,
          body: `Too many failed sign-ins. Try again in ${result.seconds} s.`,
          headers: { 'Retry-After': String(result.seconds) },
        };
      case 'busy':
        logger.warn({ ...entry, outcome: 'busy' }, `Sign-in refused: too many at the same time (${address})`);
        return { status: 503, headers: { 'Retry-After': '1' } };
    }
  };

  const revoke = (req: Request, res: ServerResponse): Refusal | null => {
    // The caller's own session, whatever token the body names: knowing another one is no right to end it.
    const bearer = bearerToken(req.headers.authorization);
    const session = bearer === null ? null : sessions.end(bearer);
    if (session === null) return { status: 401 };
    const address = addressOf(req);
    logger.info({ event: 'auth.logout', user: session.user, address }, `${session.user} signed out`);
    audit.record({ event: 'sign-out', user: session.user, address });
    json(res, {});
    return null;
  };

  const login = (_req: Request, res: ServerResponse): null => {
    json(res, { type: 'credentials', prompts: PROMPTS });
    return null;
  };

  const routes: Readonly<Record<string, Route>> = {
    'GET /auth/login': login,
    'HEAD /auth/login': login,
    'POST /auth/token': token,
    'POST /auth/revoke': revoke,
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

const fieldsOf = (body: unknown): Record<string, unknown> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

/** The name as typed, made safe to print: it is the attacker's text. */
const printable = (name: string): string => name.slice(0, 64).replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
