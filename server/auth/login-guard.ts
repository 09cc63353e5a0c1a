import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import type { Logger } from 'pino';
import { addressOf } from './client-address.ts';
import { refuse } from './refusal.ts';

/** A sign-in form is a few hundred bytes; Node-RED would read 5 MB of it before it looks at the name. */
const MAX_LOGIN_BYTES = 16 * 1024;

export interface LoginLimits {
  readonly max: number;
  readonly windowMs: number;
}

/** Failed sign-ins of one address. Node-RED adds its own: five of one user name in ten minutes. */
export const LOGIN_LIMITS: LoginLimits = { max: 10, windowMs: 10 * 60_000 };

export type LoginGuard = (req: Request, res: ServerResponse, next: () => void) => void;

/** Stands before `POST <editor>/auth/token`: limits failures by address and records each attempt, never the password. */
export function loginGuard(logger: Logger, limits: LoginLimits = LOGIN_LIMITS): LoginGuard {
  const limiter = rateLimit({
    windowMs: limits.windowMs,
    limit: limits.max,
    skipSuccessfulRequests: true,
    standardHeaders: false,
    legacyHeaders: false,
    // `req.ip` is what `trust proxy` says it is, and a forged X-Forwarded-For has no part in it.
    validate: false,
    keyGenerator: (req) => ipKeyGenerator(addressOf(req), 56),
    handler: (req, res) => {
      const address = addressOf(req);
      logger.warn(
        { event: 'auth.login', outcome: 'throttled', address },
        `Sign-in refused: too many failures from ${address}`,
      );
      const seconds = String(Math.ceil(limits.windowMs / 1000));
      refuse(req, res, {
        status: 429,
        body: 'Too many failed sign-ins from this address',
        headers: { 'Retry-After': seconds },
      });
    },
  });
  return (req, res, next) => {
    const length = Number(req.headers['content-length'] ?? Number.NaN);
    if (Number.isNaN(length)) {
      refuse(req, res, { status: 411 });
      return;
    }
    if (length > MAX_LOGIN_BYTES) {
      refuse(req, res, { status: 413 });
      return;
    }
    const reply = (error?: unknown): void => {
      if (error !== undefined) {
        refuse(req, res, { status: 500 });
        return;
      }
      const address = addressOf(req);
      res.once('finish', () => record(logger, req, res.statusCode, address));
      next();
    };
    void limiter(req, req.res as NonNullable<typeof req.res>, reply);
  };
}

function record(logger: Logger, req: IncomingMessage & { body?: unknown }, status: number, address: string): void {
  const user = nameIn(req.body);
  const outcome = status === 200 ? 'success' : 'failure';
  const entry = { event: 'auth.login', outcome, user, address, status };
  if (outcome === 'success') logger.info(entry, `${user} signed in from ${address}`);
  else logger.warn(entry, `Failed sign-in as ${user} from ${address}`);
}

/** The name as typed, made safe to print: it is the attacker's text. */
function nameIn(body: unknown): string {
  const name = typeof body === 'object' && body !== null && 'username' in body ? body.username : undefined;
  if (typeof name !== 'string' || name === '') return '(no name)';
  return name.slice(0, 64).replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
}
