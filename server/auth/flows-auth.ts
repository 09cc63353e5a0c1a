import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import basicAuth from 'basic-auth';
import type { Logger } from 'pino';
import type { HttpAuthConfig } from '../config/index.ts';
import { FailureLimiter, type FailureLimits } from './failure-limiter.ts';
import { PasswordGate } from './password-gate.ts';
import type { Refusal } from './refusal.ts';

/** Who may call the flows' endpoints. null lets the call pass. At once where nothing must be hashed. */
export type FlowsAuth = (req: IncomingMessage, address: () => string) => Refusal | null | Promise<Refusal | null>;

export const FLOWS_AUTH_LIMITS: FailureLimits = { max: 10, windowMs: 60_000 };

const HINT_EVERY_MS = 60_000;
const MAX_REMEMBERED = 16;

const CLOSED: Refusal = { status: 403 };
const UNAUTHORIZED: Refusal = {
  status: 401,
  headers: { 'WWW-Authenticate': 'Basic realm="flows", charset="UTF-8"' },
};

export function flowsAuth(
  config: HttpAuthConfig,
  logger: Logger,
  limits: FailureLimits = FLOWS_AUTH_LIMITS,
): FlowsAuth {
  if (config.mode === 'none') return () => null;
  if (config.mode === 'basic' && config.user !== null) return basic(config.user, config, logger, limits);
  return closed(logger);
}

/** The caller learns nothing; the operator learns, once a minute, why a flow is never triggered. */
function closed(logger: Logger): FlowsAuth {
  let hinted = Number.NEGATIVE_INFINITY;
  return () => {
    const now = Date.now();
    if (now - hinted >= HINT_EVERY_MS) {
      hinted = now;
      logger.warn(
        { event: 'flows.closed' },
        "A call of the flows' endpoints was refused: they are closed. Set REDSTART_HTTP_USER and REDSTART_HTTP_PASSWORD, or REDSTART_HTTP_AUTH=none to leave them open.",
      );
    }
    return CLOSED;
  };
}

function basic(user: string, config: HttpAuthConfig, logger: Logger, limits: FailureLimits): FlowsAuth {
  const gate = new PasswordGate(user, config);
  const failures = new FailureLimiter(limits);
  // Headers that were right, as hashes under a key of this process: a call costs a hash instead of a bcrypt run. The one-shot
  // function, as an HMAC takes thirty times as long: half of what an endpoint does otherwise.
  const key = randomBytes(32).toString('base64');
  const remembered = new Set<string>();

  const verify = async (req: IncomingMessage, address: string, id: string): Promise<Refusal | null> => {
    const blocked = failures.blockedFor(address);
    if (blocked > 0) return { status: 429, headers: { 'Retry-After': String(blocked) } };
    const given = basicAuth(req);
    if (given === undefined) {
      failures.failed(address);
      return UNAUTHORIZED;
    }
    const verdict = await gate.verify(given.name, given.pass);
    if (verdict === 'busy') return { status: 503, headers: { 'Retry-After': '1' } };
    if (verdict === 'wrong') {
      failures.failed(address);
      logger.warn(
        { event: 'flows.auth', outcome: 'failure', address },
        `Wrong credentials for the flows' endpoints from ${address}`,
      );
      return UNAUTHORIZED;
    }
    failures.succeeded(address);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.add(id);
    forget(req);
    return null;
  };

  return (req, address) => {
    const header = req.headers.authorization;
    if (header === undefined) return UNAUTHORIZED;
    const id = hash('sha256', key + header, 'base64');
    // Before the limit by address: a caller that is known to be right is not locked out by its neighbour's guesses.
    if (remembered.has(id)) {
      forget(req);
      return null;
    }
    return verify(req, address(), id);
  };
}

/** The password has done its work here; left in the request it would show in every debug of `msg.req`. */
function forget(req: IncomingMessage): void {
  delete req.headers.authorization;
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    if (req.rawHeaders[i]?.toLowerCase() === 'authorization') req.rawHeaders[i + 1] = '[removed]';
  }
}
