import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import basicAuth from 'basic-auth';
import type { Logger } from 'pino';
import { type Audit, NO_AUDIT } from '../audit/audit-event.ts';
import type { HttpAuthConfig } from '../config/index.ts';
import { FailureLimiter, type FailureLimits } from './failure-limiter.ts';
import { callerOf, setCaller } from './flow-caller.ts';
import { type FlowCallers, type FlowToken, flowCallers } from './flow-callers.ts';
import type { Refusal } from './refusal.ts';
import { bearerToken, hashToken } from './token-hash.ts';

/** Who may call the flows' endpoints. */
export interface FlowsAuth {
  /**
   * null lets the call pass. At once where nothing must be hashed.
   * @param path below the root of the endpoints, as it was sent; begins with `/`
   */
  check(req: IncomingMessage, path: string, address: () => string): Refusal | null | Promise<Refusal | null>;
  /** Of a call that was let in and lasts, a websocket: what tells whether its caller would be let in still. */
  standing(req: IncomingMessage, path: string): () => boolean;
  /** Looks at the files now. */
  refresh(): Promise<void>;
  close(): void;
}

export interface FlowsAuthOptions {
  readonly logger: Logger;
  readonly audit?: Audit;
  readonly limits?: FailureLimits;
  /** Seconds that a caller has to wait because of its own calls; 0: none. */
  readonly takeCall?: (caller: string) => number;
  readonly now?: () => number;
}

export const FLOWS_AUTH_LIMITS: FailureLimits = { max: 10, windowMs: 60_000 };

const HINT_EVERY_MS = 60_000;
const MAX_REMEMBERED = 256;
/** A token that is in use is told to the audit trail once in this time for each address that it comes from. */
const TOLD_EVERY_MS = 3_600_000;
const MAX_TOLD = 1000;

const CLOSED: Refusal = { status: 403 };
const NOT_YOURS: Refusal = { status: 403 };
const BUSY: Refusal = { status: 503, headers: { 'Retry-After': '1' } };
const UNAUTHORIZED = {
  basic: { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="flows", charset="UTF-8"' } },
  token: { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="flows"' } },
} satisfies Record<string, Refusal>;

const tooMany = (seconds: number): Refusal => ({ status: 429, headers: { 'Retry-After': String(seconds) } });

export function flowsAuth(config: HttpAuthConfig, options: FlowsAuthOptions): FlowsAuth {
  if (config.mode === 'none')
    return { check: () => null, standing: () => () => true, refresh: async () => {}, close() {} };
  if (config.mode === 'closed') return closed(options.logger);
  const callers = flowCallers(config, options.logger);
  const gate = new Gate(config.mode, options);
  const check = config.mode === 'basic' ? basic(callers, gate) : token(callers, gate);
  const standing: FlowsAuth['standing'] = (req, path) => {
    const name = callerOf(req)?.name ?? '';
    const proof = callers.named(name)?.proof;
    return () => {
      const now = callers.named(name);
      if (now === undefined || now.proof !== proof) return false;
      const { expires, covers } = now.caller;
      return (expires === null || expires > gate.now()) && covers(path);
    };
  };
  return { check, standing, refresh: callers.refresh, close: callers.close };
}

/** The caller learns nothing; the operator learns, once a minute, why a flow is never triggered. */
function closed(logger: Logger): FlowsAuth {
  let hinted = Number.NEGATIVE_INFINITY;
  return {
    check() {
      const now = Date.now();
      if (now - hinted >= HINT_EVERY_MS) {
        hinted = now;
        logger.warn(
          { event: 'flows.closed' },
          "A call of the flows' endpoints was refused: they are closed. Set REDSTART_HTTP_USER and REDSTART_HTTP_PASSWORD, or REDSTART_HTTP_TOKENS_FILE, or REDSTART_HTTP_AUTH=none to leave them open.",
        );
      }
      return CLOSED;
    },
    standing: () => () => false,
    refresh: async () => {},
    close() {},
  };
}

interface Known {
  readonly name: string;
  readonly expires: number | null;
  covers(path: string): boolean;
}

/** What basic credentials and tokens have in common. */
class Gate {
  readonly unauthorized: Refusal;
  readonly now: () => number;
  readonly #by: 'password' | 'token';
  readonly #options: FlowsAuthOptions;
  readonly #audit: Audit;
  readonly #failures: FailureLimiter;
  readonly #told = new Map<string, number>();
  /** What was told of the caller before, who is mostly the next one too. */
  #last = { token: '', address: '', at: Number.NEGATIVE_INFINITY };

  constructor(mode: 'basic' | 'token', options: FlowsAuthOptions) {
    this.unauthorized = UNAUTHORIZED[mode];
    this.now = options.now ?? Date.now;
    this.#by = mode === 'basic' ? 'password' : 'token';
    this.#options = options;
    this.#audit = options.audit ?? NO_AUDIT;
    this.#failures = new FailureLimiter(options.limits ?? FLOWS_AUTH_LIMITS);
  }

  /** A caller that is known to be right may still not call this, or not now. */
  admit(req: IncomingMessage, known: Known, path: string, address: () => string): Refusal | null {
    if (known.expires !== null && known.expires <= this.now()) return this.refuse(address(), 'expired', known.name);
    if (!known.covers(path)) {
      this.#record(address(), 'path not allowed', known.name, path);
      return NOT_YOURS;
    }
    const wait = this.#options.takeCall?.(known.name) ?? 0;
    if (wait > 0) return tooMany(wait);
    forget(req);
    setCaller(req, { name: known.name, by: this.#by });
    if (this.#by === 'token' && this.#audit !== NO_AUDIT) this.#tell(known.name, address());
    return null;
  }

  blocked(address: string): Refusal | null {
    const seconds = this.#failures.blockedFor(address);
    return seconds > 0 ? tooMany(seconds) : null;
  }

  refuse(address: string, reason: string, user?: string): Refusal {
    this.#failures.failed(address);
    this.#record(address, reason, user);
    return this.unauthorized;
  }

  #record(address: string, reason: string, user?: string, path?: string): void {
    const who = { address, ...(user !== undefined && { user }), ...(path !== undefined && { path }) };
    this.#options.logger.warn(
      { event: 'flows.auth', outcome: 'failure', reason, ...who },
      `A call of the flows' endpoints from ${address} was refused: ${reason}`,
    );
    this.#audit.record({ event: 'refused', area: 'flows', reason, ...who });
  }

  #tell(token: string, address: string): void {
    const now = this.now();
    const last = this.#last;
    if (last.token === token && last.address === address && now - last.at < TOLD_EVERY_MS) return;
    const key = `${token} ${address}`;
    let at = this.#told.get(key);
    if (at === undefined || now - at >= TOLD_EVERY_MS) {
      at = now;
      if (this.#told.size >= MAX_TOLD) this.#told.clear();
      this.#told.set(key, at);
      this.#audit.record({ event: 'token-used', area: 'flows', user: token, address });
    }
    this.#last = { token, address, at };
  }
}

function basic(callers: FlowCallers, gate: Gate): FlowsAuth['check'] {
  // Headers that were right, as hashes under a key of this process: a call costs a hash instead of a bcrypt run. The one-shot
  // function, as an HMAC takes thirty times as long: half of what an endpoint does otherwise.
  const key = randomBytes(32).toString('base64');
  const remembered = new Map<string, Known>();
  callers.onChange(() => remembered.clear());

  const verify = async (
    req: IncomingMessage,
    path: string,
    address: () => string,
    id: string,
  ): Promise<Refusal | null> => {
    const from = address();
    const blocked = gate.blocked(from);
    if (blocked !== null) return blocked;
    const given = basicAuth(req);
    if (given === undefined) return gate.refuse(from, 'no basic credentials');
    const found = await callers.verify(given.name, given.pass);
    if (found === 'busy') return BUSY;
    if (found === 'wrong') return gate.refuse(from, 'wrong credentials', given.name.slice(0, 64));
    // Failures stay counted: a right password of one's own must not buy guesses at those of others.
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(id, found);
    return gate.admit(req, found, path, address);
  };

  return (req, path, address) => {
    const header = req.headers.authorization;
    if (header === undefined) return gate.unauthorized;
    const id = hash('sha256', key + header, 'base64');
    // Before the limit by address: a caller that is known to be right is not locked out by its neighbour's guesses.
    const known = remembered.get(id);
    return known === undefined ? verify(req, path, address, id) : gate.admit(req, known, path, address);
  };
}

function token(callers: FlowCallers, gate: Gate): FlowsAuth['check'] {
  return (req, path, address) => {
    const header = req.headers.authorization;
    if (header === undefined) return gate.unauthorized;
    const given = bearerToken(header);
    // Looking up by a hash tells by its time nothing of a token that somebody is guessing at.
    const known: FlowToken | undefined = given === null ? undefined : callers.token(hashToken(given));
    if (known !== undefined) return gate.admit(req, known, path, address);
    return gate.blocked(address()) ?? gate.refuse(address(), given === null ? 'no bearer token' : 'unknown token');
  };
}

/** The password has done its work here; left in the request it would show in every debug of `msg.req`. */
function forget(req: IncomingMessage): void {
  // Not deleted: an object that lost a property is slow to read from there on, and everything behind this reads headers.
  req.headers.authorization = undefined;
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i];
    // By its length first: it is one of many.
    if (name?.length === 13 && name.toLowerCase() === 'authorization') req.rawHeaders[i + 1] = '[removed]';
  }
}
