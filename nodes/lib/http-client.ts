import { type BackoffOptions, backoffMs, DEFAULT_BACKOFF, parseRetryAfter } from './backoff.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { aboutRun, SeqeraError } from './errors.ts';
import { errorOfAnswer, errorOfTransport } from './http-errors.ts';
import { jsonText } from './json-text.ts';
import { type CallReport, endpointOf, runOf } from './observer.ts';
import { RateLimiter } from './rate-limiter.ts';
import { createTransport, type Transport, type TransportAnswer, TransportError } from './transport.ts';
import { joinUrl, normaliseBaseUrl, type Query } from './urls.ts';
import { VERSION } from './version.ts';

export interface RetryNotice {
  attempt: number;
  delayMs: number;
  error: SeqeraError;
}

export interface HttpCall {
  method?: string;
  /** Below the base URL; each segment already encoded. */
  path: string;
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  content?: { type: string; data: string | Uint8Array } | undefined;
  /** What is being done, to begin an error message with: `Reading the run 5x9`. */
  what?: string;
  /** The role that it takes, for the message of a 403. */
  needs?: string;
  /** May be repeated after a failure of unknown effect. Default: only GET and HEAD. */
  idempotent?: boolean;
  /** Tries in all; default that of the client. */
  attempts?: number;
  answerTimeoutMs?: number;
  maxBytes?: number;
  /** Default `json`. */
  read?: 'json' | 'text' | 'bytes';
  /** Follow a redirect to another origin, without the token: for pre-signed downloads. */
  followAway?: boolean;
  /** Who asks: callers are served in turn. */
  caller?: string;
  signal?: AbortSignal;
  onRetry?: (notice: RetryNotice) => void;
}

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

export interface HttpClientOptions {
  baseUrl: string;
  /** Asked for each call, so that a rotated token is used at once. */
  token: () => string;
  clock?: Clock;
  random?: () => number;
  transport?: Transport;
  /** The limit is the token's: who has the same token shares it. Default: one of the client's own. */
  limiterFor?: (token: string) => RateLimiter;
  callsPerSecond?: number;
  connectTimeoutMs?: number;
  answerTimeoutMs?: number;
  /** Default 32 MiB. */
  maxBytes?: number;
  retry?: Partial<BackoffOptions>;
  /** Told of each try. */
  onCall?: (call: CallReport) => void;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 5;

let sharedTransport: Transport | undefined;

/**
 * Calls under one base URL with one token: spaced to the Platform's limit, bounded in time and size, repeated where
 * that is safe. What holds the token is private to the object, so that no inspection of it prints the token.
 */
export class HttpClient {
  readonly baseUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly #token: () => string;
  readonly #transport: Transport;
  readonly #limiterFor: (token: string) => RateLimiter;
  readonly #connectTimeoutMs: number;
  readonly #answerTimeoutMs: number;
  readonly #maxBytes: number;
  readonly #retry: BackoffOptions;
  readonly #onCall: ((call: CallReport) => void) | undefined;

  constructor(options: HttpClientOptions) {
    this.baseUrl = normaliseBaseUrl(options.baseUrl);
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? Math.random;
    this.#token = options.token;
    sharedTransport ??= createTransport();
    this.#transport = options.transport ?? sharedTransport;
    const own = new RateLimiter({ clock: this.clock, calls: options.callsPerSecond });
    this.#limiterFor = options.limiterFor ?? (() => own);
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
    this.#answerTimeoutMs = options.answerTimeoutMs ?? 60_000;
    this.#maxBytes = options.maxBytes ?? 32 * 1024 * 1024;
    this.#retry = { ...DEFAULT_BACKOFF, ...options.retry };
    this.#onCall = options.onCall;
  }

  /** @throws SeqeraError, never anything else. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const method = (call.method ?? 'GET').toUpperCase();
    const url = joinUrl(this.baseUrl, call.path, call.query);
    const content = contentOf(call, method);
    const repeatable = call.idempotent ?? (method === 'GET' || method === 'HEAD');
    const attempts = call.attempts ?? this.#retry.attempts;
    for (let attempt = 1; ; attempt += 1) {
      const limiter = this.#limiterFor(this.#token());
      const asked = this.clock.monotonic();
      await limiter.take(call.caller ?? '', call.signal);
      const sent = this.clock.monotonic();
      const result = await this.#once(method, url, { ...call, content });
      const run = runOf(call.path);
      this.#onCall?.({
        platform: new URL(this.baseUrl).host,
        method,
        endpoint: endpointOf(call.path),
        status: result instanceof Failure ? result.error.status : result.status,
        error: result instanceof Failure ? result.error.code : undefined,
        attempt,
        durationMs: this.clock.monotonic() - sent,
        waitedMs: sent - asked,
        ...(run !== undefined && { run }),
      });
      if (!(result instanceof Failure)) return result;
      const { error, retryAfterMs } = result;
      const delayMs = backoffMs(this.#retry, attempt, this.random, retryAfterMs);
      // The limit is the token's: others that wait would only be refused as well.
      if (error.status === 429) limiter.pause(delayMs);
      const safe = repeatable || error.outcome === 'none';
      if (!error.transient || !safe || attempt >= attempts || retryAfterMs > this.#retry.longestRetryAfterMs) {
        throw aboutRun(error, run);
      }
      call.onRetry?.({ attempt, delayMs, error });
      await sleep(this.clock, delayMs, call.signal);
    }
  }

  async #once(method: string, url: string, call: HttpCall): Promise<HttpAnswer | Failure> {
    const token = this.#checkedToken();
    const what = call.what ?? `${method} ${call.path}`;
    const hide = hider(token);
    let answer: TransportAnswer;
    try {
      answer = await this.#exchange(method, url, call, token, what);
    } catch (error) {
      if (error instanceof SeqeraError) return new Failure(error);
      if (error instanceof TransportError) {
        if (error.failure === 'aborted') {
          throw new SeqeraError('SEQERA_STOPPED', `${what}: the node was stopped before the answer came`, {
            outcome: 'unknown',
          });
        }
        return new Failure(errorOfTransport(error, what, new URL(url).origin));
      }
      throw new SeqeraError('SEQERA_INTERNAL', `${what} failed: ${hide(String(error))}`, { outcome: 'unknown' });
    }
    const { status, headers } = answer;
    if (status < 200 || status > 299) {
      const retryAfterMs = parseRetryAfter(headers['retry-after'], this.clock.now());
      return new Failure(
        errorOfAnswer({ answer, what, hide, ...(call.needs === undefined ? {} : { needs: call.needs }) }),
        retryAfterMs ?? 0,
      );
    }
    if (call.read === 'bytes') return { status, headers, body: answer.body };
    const text = hide(answer.body.toString('utf8'));
    if (call.read === 'text') return { status, headers, body: text };
    if (text.trim() === '') return { status, headers, body: undefined };
    try {
      return { status, headers, body: JSON.parse(text) as unknown };
    } catch {
      return new Failure(errorOfAnswer({ answer, what, hide, notJson: true }));
    }
  }

  /** One answer, redirects followed by hand: the token goes to the origin of the base URL and to no other. */
  async #exchange(
    method: string,
    first: string,
    call: HttpCall,
    token: string,
    what: string,
  ): Promise<TransportAnswer> {
    const home = new URL(first).origin;
    let url = first;
    for (let hop = 0; ; hop += 1) {
      const atHome = new URL(url).origin === home;
      const answer = await this.#transport({
        method,
        url,
        headers: {
          'user-agent': `node-red-seqera/${VERSION}`,
          ...(call.read === undefined || call.read === 'json' ? { accept: 'application/json' } : { accept: '*/*' }),
          ...(call.content === undefined ? {} : { 'content-type': call.content.type }),
          ...(atHome ? { authorization: `Bearer ${token}` } : {}),
        },
        ...(call.content === undefined ? {} : { body: call.content.data }),
        connectTimeoutMs: this.#connectTimeoutMs,
        answerTimeoutMs: call.answerTimeoutMs ?? this.#answerTimeoutMs,
        maxBytes: call.maxBytes ?? this.#maxBytes,
        ...(call.signal === undefined ? {} : { signal: call.signal }),
      });
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
      const target = URL.canParse(location, url) ? new URL(location, url) : undefined;
      const followed = method === 'GET' || method === 'HEAD' || answer.status === 307 || answer.status === 308;
      if (target && followed && hop < MOST_REDIRECTS && (target.origin === home || call.followAway)) {
        url = target.href;
        continue;
      }
      const where = target ? target.origin : 'an address that is none';
      const reason = target?.origin === home ? 'and that cannot be followed' : 'where the token is not sent';
      throw new SeqeraError(
        'SEQERA_REDIRECTED',
        `${what} failed: the server redirects to ${where}, ${reason}. Set the base URL of the connection to the address of the API itself.`,
        { status: answer.status },
      );
    }
  }

  #checkedToken(): string {
    const token = this.#token();
    if (token === '') {
      throw new SeqeraError('SEQERA_NO_CONNECTION', 'The connection has no token: set one in the connection.');
    }
    const variable = /^\$[{(]([^})]+)[})]$/.exec(token)?.[1];
    if (variable !== undefined) {
      throw new SeqeraError(
        'SEQERA_NO_CONNECTION',
        `The token of the connection is the variable ${variable}, which is not set.`,
      );
    }
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new SeqeraError(
        'SEQERA_NO_CONNECTION',
        'The token of the connection holds a space, a line break or another character that no token has: copy it again.',
      );
    }
    return token;
  }
}

/** Made once, before anything is sent. @throws SEQERA_INVALID_INPUT for a body that is no JSON */
function contentOf({ body, content, what, path }: HttpCall, method: string): HttpCall['content'] {
  if (body === undefined) return content;
  return { type: 'application/json', data: jsonText(body, `${what ?? `${method} ${path}`}: the body`) };
}

class Failure {
  readonly error: SeqeraError;
  readonly retryAfterMs: number;

  constructor(error: SeqeraError, retryAfterMs = 0) {
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Strips the token, in the forms in which a server could send it back, from what the server sent. */
function hider(token: string): (text: string) => string {
  // The last characters of base64 depend on what follows the token; the hex and the rest do not.
  const base64 = Buffer.from(token).toString('base64').replace(/=+$/, '').slice(0, -3);
  const forms = [token, encodeURIComponent(token), Buffer.from(token).toString('hex'), base64].filter(
    (form) => form.length >= 8 || form === token,
  );
  return (text) =>
    forms.reduce((clean, form) => (clean.includes(form) ? clean.replaceAll(form, '[redacted]') : clean), text);
}
