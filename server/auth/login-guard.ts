import type { ServerResponse } from 'node:http';
import express, { type Request } from 'express';
import type { Logger } from 'pino';
import { addressOf } from './client-address.ts';
import { type Refusal, refuse } from './refusal.ts';
import type { SignIn } from './sign-in.ts';

/** A sign-in form is a few hundred bytes; Node-RED would read 5 MB of it before it looks at the name. */
const MAX_LOGIN_BYTES = 16 * 1024;

export type LoginGuard = (req: Request, res: ServerResponse, next: () => void) => void;

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

/**
 * Answers `POST <editor>/auth/token`: reads the form, has the password checked, and hands on to Node-RED, which makes
 * the session, only what was right. Records each attempt, never the password. Null without anyone to sign in.
 */
export function loginGuard(signIn: SignIn | null, logger: Logger): LoginGuard {
  const check = async (req: Request): Promise<Refusal | null> => {
    const { grant_type: grant, username, password, client_id: client, client_secret, scope } = fieldsOf(req.body);
    if (grant !== 'password') return NO_PASSWORD;
    if (typeof username !== 'string' || typeof password !== 'string' || username === '' || password === '')
      return INCOMPLETE;
    if (signIn === null) return { status: 404 };
    const address = addressOf(req);
    const result = await signIn.attempt(username, password, address);
    const entry = { event: 'auth.login', user: printable(username), address };
    switch (result.outcome) {
      case 'right':
        // A body that is marked as read is not read again. Only what a sign-in consists of goes on.
        req.body = { grant_type: grant, client_id: client, client_secret, scope, username, password: result.ticket };
        return null;
      case 'wrong':
        logger.warn({ ...entry, outcome: 'failure' }, `Failed sign-in as ${entry.user} from ${address}`);
        return WRONG;
      case 'wait':
        logger.warn(
          { ...entry, outcome: 'throttled', seconds: result.seconds },
          `Sign-in as ${entry.user} refused: too many failures from ${address}`,
        );
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

  const answer = async (req: Request, res: ServerResponse, next: () => void): Promise<void> => {
    const refusal = await check(req);
    if (refusal !== null) {
      refuse(req, res, refusal);
      return;
    }
    const { username } = fieldsOf(req.body);
    const user = printable(String(username));
    const address = addressOf(req);
    res.once('finish', () => {
      // Node-RED may still say no, for a client or a scope that it does not know.
      const entry = { event: 'auth.login', outcome: res.statusCode === 200 ? 'success' : 'failure', user, address };
      if (res.statusCode === 200) logger.info(entry, `${user} signed in from ${address}`);
      else logger.warn({ ...entry, status: res.statusCode }, `Failed sign-in as ${user} from ${address}`);
    });
    next();
  };

  return (req, res, next) => {
    const length = Number(req.headers['content-length'] ?? Number.NaN);
    if (Number.isNaN(length) || length > MAX_LOGIN_BYTES) {
      refuse(req, res, { status: Number.isNaN(length) ? 411 : 413 });
      return;
    }
    read(req, (failed) => {
      if (failed) refuse(req, res, { status: 400 });
      else void answer(req, res, next);
    });
  };
}

/** Reads the form, in either encoding. */
function read(req: Request, done: (failed: boolean) => void): void {
  const step = (index: number): void => {
    const parser = parsers[index];
    if (parser === undefined) done(false);
    else
      parser(req, req.res as NonNullable<typeof req.res>, (error?: unknown) => {
        if (error === undefined) step(index + 1);
        else done(true);
      });
  };
  step(0);
}

const fieldsOf = (body: unknown): Record<string, unknown> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

/** The name as typed, made safe to print: it is the attacker's text. */
const printable = (name: string): string => name.slice(0, 64).replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
