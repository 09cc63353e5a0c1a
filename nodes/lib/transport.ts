import type { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici';

export interface TransportRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Uint8Array;
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  maxBytes: number;
  signal?: AbortSignal;
}

export interface TransportAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** One HTTP exchange: no retry, no redirect followed. */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/**
 * `unreachable`: nothing was sent. `broken`: the connection broke later. `timeout`: connected, no answer in time.
 * `tls`: the certificate. `too-large`: more than `maxBytes`. `aborted`: by the signal.
 */
export type TransportFailure = 'unreachable' | 'broken' | 'timeout' | 'tls' | 'too-large' | 'aborted';

/** Made anew from what the HTTP stack throws, whose own errors can hold the request's headers. */
export class TransportError extends Error {
  readonly failure: TransportFailure;

  constructor(failure: TransportFailure, detail: string) {
    super(detail);
    this.failure = failure;
  }
}

const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  // Several addresses were tried: Node gives an AggregateError with a reason each.
  const [first] = (error as { errors?: unknown[] }).errors ?? [];
  return first instanceof Error ? codeOf(first) : error.name;
};

function failureOf(error: unknown): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error);
  if (NOT_SENT.has(code)) return new TransportError('unreachable', code);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code)) return new TransportError('tls', code);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return new TransportError('timeout', code);
  // A proxy that refuses the tunnel: the request itself never left.
  if (error instanceof Error && /Proxy response|HTTP Tunneling/i.test(error.message)) {
    return new TransportError('unreachable', `the proxy refused: ${/\((\d{3})\)/.exec(error.message)?.[1] ?? code}`);
  }
  return new TransportError('broken', code);
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);

interface Agents {
  direct: Agent;
  proxied: EnvHttpProxyAgent;
}

/** Transport over undici, which is loaded with the first call: it costs about 80 ms and 15 MB. */
export function createTransport(): Transport {
  let undici: Promise<typeof import('undici')> | undefined;
  const agents = new Map<number, Agents>();

  const dispatcherFor = (http: typeof import('undici'), url: URL, connectTimeoutMs: number): Dispatcher => {
    let pair = agents.get(connectTimeoutMs);
    if (!pair) {
      const timeout = { timeout: connectTimeoutMs };
      const options = { connect: timeout, connections: 128 };
      pair = {
        direct: new http.Agent(options),
        proxied: new http.EnvHttpProxyAgent({ ...options, proxyTls: timeout, requestTls: timeout }),
      };
      agents.set(connectTimeoutMs, pair);
    }
    // No proxy leads back to this machine, whatever NO_PROXY forgot.
    return isLoopback(url.hostname) ? pair.direct : pair.proxied;
  };

  return async (request) => {
    undici ??= import('undici');
    const http = await undici;
    const url = new URL(request.url);
    const stop = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      stop.abort();
    }, request.answerTimeoutMs);
    const abort = () => stop.abort();
    if (request.signal?.aborted) abort();
    request.signal?.addEventListener('abort', abort, { once: true });
    try {
      const answer = await http.request(url, {
        method: request.method as Dispatcher.HttpMethod,
        headers: request.headers,
        body: request.body ?? null,
        signal: stop.signal,
        // The timer above bounds the whole exchange; a body that drips would never meet these.
        headersTimeout: 0,
        bodyTimeout: 0,
        dispatcher: dispatcherFor(http, url, request.connectTimeoutMs),
      });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > request.maxBytes) {
          throw new TransportError('too-large', `more than ${request.maxBytes} bytes`);
        }
        chunks.push(chunk);
      }
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(answer.headers)) {
        if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
      }
      return { status: answer.statusCode, headers, body: Buffer.concat(chunks) };
    } catch (error) {
      if (request.signal?.aborted) throw new TransportError('aborted', 'stopped');
      if (timedOut) throw new TransportError('timeout', `no answer within ${request.answerTimeoutMs} ms`);
      throw failureOf(error);
    } finally {
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', abort);
    }
  };
}
