import type { Request, Response } from 'express';
import type { CallRate } from './call-rate.ts';
import { readRawBody } from './raw-body.ts';
import { type ReplayCache, requestId } from './replay-cache.ts';
import type { WebhookOptions } from './webhook-options.ts';
import { isSigned, readClaim } from './webhook-signature.ts';

export interface WebhookReceiverOptions extends WebhookOptions {
  secrets: readonly string[];
  /** Who the flow sees as the caller. */
  name: string;
  now: () => number;
  rate: CallRate;
  replays: ReplayCache | null;
  /** Rejects when it is not known what was taken before. */
  loaded: Promise<void>;
  refused(reason: string, address: string): void;
  failed(error: Error): void;
  accepted(req: Request, res: Response, payload: unknown): void;
  bodyTimeoutMs?: number;
}

/** Senders give up after ten seconds or so. */
const BODY_TIMEOUT_MS = 30_000;

const WORDS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  408: 'Request Timeout',
  409: 'Received already',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const BODY_STATUS = { 'too large': 413, 'too slow': 408, 'cut off': 400, 'read already': 500 } as const;

/** From a request to a message: nothing goes on that was not signed, is not of now, or came before. */
export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
    // It may fail before anybody waits for it.
    options.loaded.catch(() => undefined);
  }

  receive(req: Request, res: Response): void {
    this.#receive(req, res).catch((error: Error) => {
      this.#options.failed(error);
      if (!res.headersSent) this.#refuse(req, res, 503, 'failed');
    });
  }

  async #receive(req: Request, res: Response): Promise<void> {
    const { scheme, secrets, now, maxBytes, toleranceMs, rate, replays } = this.#options;
    const claim = readClaim(scheme, req.headers, now(), toleranceMs);
    // Before the body: whoever cannot sign at all is sent away at no cost.
    if (typeof claim === 'string') return this.#refuse(req, res, 401, claim);
    const encoding = req.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') return this.#refuse(req, res, 415, 'compressed body');
    if (Number(req.headers['content-length'] ?? 0) > maxBytes) return this.#refuse(req, res, 413, 'too large');
    const body = await readRawBody(req, maxBytes, this.#options.bodyTimeoutMs ?? BODY_TIMEOUT_MS);
    if (typeof body === 'string') return this.#refuse(req, res, BODY_STATUS[body], body);
    if (!isSigned(scheme, secrets, claim, body)) return this.#refuse(req, res, 401, 'wrong signature');

    // Only now: who cannot sign must not use up what those have who can.
    const wait = rate.take();
    if (wait > 0) {
      res.set('Retry-After', String(wait));
      return this.#refuse(req, res, 429, 'over the rate limit');
    }
    const parsed = parse(req, body);
    if (parsed === null) return this.#refuse(req, res, 400, 'signed, but no JSON although it says so');
    if (replays) {
      await this.#options.loaded;
      const id = requestId(claim.timestamp, body);
      if (!replays.begin(id, this.#until(claim.at))) return this.#refuse(req, res, 409, 'replayed');
      this.#remember(replays, id, res);
    }
    Object.assign(req, { body: parsed.payload, caller: { name: this.#options.name, by: 'signature' } });
    this.#options.accepted(req, res, parsed.payload);
  }

  /** A time stamp refuses by itself what is older than the window. */
  #until(at: number | null): number {
    const { now, replayMs, toleranceMs } = this.#options;
    return at === null ? now() + (replayMs ?? 0) : at + toleranceMs + 1000;
  }

  /** What the flow failed at, or a stop left unanswered, may be sent again; anything else is over. */
  #remember(replays: ReplayCache, id: string, res: Response): void {
    const over = (): void => {
      if (res.headersSent && res.statusCode >= 500) replays.release(id);
      else replays.keep(id).catch((error: Error) => this.#options.failed(error));
    };
    // The sender may be gone already, and then there is no event: it was waited for the cache to load.
    if (res.destroyed) over();
    else res.once('close', over);
  }

  #refuse(req: Request, res: Response, status: number, reason: string): void {
    this.#options.refused(reason, req.ip ?? 'unknown');
    if (res.destroyed) return;
    if (!req.readableEnded) res.set('Connection', 'close');
    if (status === 401) res.set('WWW-Authenticate', 'Signature');
    if (status === 503) res.set('Retry-After', '5');
    res
      .status(status)
      .type('text/plain')
      .send(`${WORDS[status] ?? 'Error'}\n`);
  }
}

/** As the “http in” node gives it: JSON and forms as objects, text as text, all else as bytes. null: it is not what it says. */
function parse(req: Request, body: Buffer): { payload: unknown } | null {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json' || type.endsWith('+json')) {
    try {
      return { payload: JSON.parse(body.toString('utf8')) };
    } catch {
      return null;
    }
  }
  if (type === 'application/x-www-form-urlencoded') {
    // `__proto__` becomes a property like any other.
    return { payload: Object.fromEntries(new URLSearchParams(body.toString('utf8'))) };
  }
  return { payload: type.startsWith('text/') ? body.toString('utf8') : body };
}
