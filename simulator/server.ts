import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallLog, RecordedCall } from './calls.ts';
import type { SimulatedClock } from './clock.ts';
import { CONTROL_PREFIX, type Control } from './control.ts';
import { OBJECTS_PREFIX, signedObject } from './data-links/signed-object.ts';
import { ApiError, badRequest, notFound, unauthorized } from './errors.ts';
import type { Faults } from './faults.ts';
import { boundaryOf, type Part, parseMultipart } from './multipart.ts';
import type { Platform } from './platform.ts';
import { principalOf, tokenOf } from './principals.ts';
import type { RateLimiter } from './rate-limit.ts';
import type { Found, Router } from './router.ts';
import type { ParsedFault, ParsedScenario } from './scenario.ts';
import { BodyTooLarge, faulty, type Reply, readBody, replyOf, send, tooManyRequests } from './wire.ts';

/** What of the simulator changes under the server's feet: a reset or a new scenario replaces it. */
export interface World {
  platform: Platform;
  scenario: ParsedScenario;
  rateLimiter: RateLimiter | undefined;
}

export interface ServerParts {
  world: () => World;
  router: Router;
  control: Control;
  calls: CallLog;
  clock: SimulatedClock;
  faults: Faults;
  basePath: string;
  token: string | undefined;
}

const EFFECT_FIRST: readonly ParsedFault['kind'][] = ['reset-after', 'malformed'];

export class SimulatorServer {
  readonly #parts: ServerParts;
  readonly #server: Server;
  /** Ends waits (latency, held calls) when the simulator closes. */
  readonly #closing = new AbortController();
  #held = 0;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => this.#broken(response, error));
    });
    // Longer than any client's: the server never closes a socket that a request is on its way to.
    this.#server.keepAliveTimeout = 65_000;
  }

  /** Calls that wait for time to pass, or for ever. */
  get held(): number {
    return this.#held;
  }

  /** The port. Rejects when it is taken. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    this.#closing.abort();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = splitUrl(request.url ?? '/');
    const path = withoutBase(pathname, this.#parts.basePath);
    const method = request.method ?? 'GET';
    const bytes = await readBody(request);
    if (pathname.startsWith(CONTROL_PREFIX)) {
      const text = bytes.toString('utf8');
      send(response, replyOf(this.#parts.control.answer(method, pathname.slice(CONTROL_PREFIX.length), text)));
      return;
    }
    if (pathname.startsWith(`${OBJECTS_PREFIX}/`)) {
      send(response, this.#fetched(request, pathname, searchParams));
      return;
    }
    const read = readParts(request.headers['content-type'], bytes);
    const call = this.#record(request, method, path ?? pathname, searchParams, read);
    try {
      await this.#meet(request, response, call, () => this.#answer(call, path, searchParams, request, read));
    } finally {
      this.#parts.calls.finish(call);
    }
  }

  #record(
    request: IncomingMessage,
    method: string,
    path: string,
    query: URLSearchParams,
    read: ReadBody,
  ): RecordedCall {
    const found = this.#find(method, path);
    const call: RecordedCall = {
      method,
      path,
      route: typeof found === 'object' ? found.route.template : null,
      query: Object.fromEntries(query),
      body: read.body,
      parts: read.parts.map(({ name, fileName, contentType, content }) => ({
        name,
        fileName: fileName ?? null,
        contentType: contentType ?? null,
        size: content.length,
      })),
      contentType: request.headers['content-type'] ?? null,
      token: tokenOf(request.headers.authorization),
      status: 0,
      fault: null,
      at: this.#parts.clock.now(),
    };
    this.#parts.calls.add(call);
    return call;
  }

  /** Lets the call meet its fault, if there is one for it, and answers it. */
  async #meet(request: IncomingMessage, response: ServerResponse, call: RecordedCall, act: () => Promise<Reply>) {
    const { delay, fault } = this.#parts.faults.judge(call.method, call.path, call.at);
    call.fault = fault?.kind ?? (delay > 0 ? 'latency' : null);
    if (delay > 0) await this.#pause(delay);
    const effect = fault === undefined || fault.effect || EFFECT_FIRST.includes(fault.kind);
    const reply = effect ? await act() : undefined;
    switch (fault?.kind) {
      case 'reset-before':
      case 'reset-after':
        request.socket.resetAndDestroy();
        return;
      case 'hang':
        this.#held += 1;
        response.once('close', () => {
          this.#held -= 1;
        });
        return;
      default: {
        const sent = fault ? faulty(fault, reply) : (reply ?? { status: 500 });
        call.status = sent.status;
        send(response, sent);
      }
    }
  }

  async #answer(
    call: RecordedCall,
    path: string | undefined,
    query: URLSearchParams,
    request: IncomingMessage,
    read: ReadBody,
  ): Promise<Reply> {
    const { platform, scenario, rateLimiter } = this.#parts.world();
    try {
      const held = rateLimiter ? rateLimiter.take(call.token ?? request.socket.remoteAddress ?? '') : 0;
      if (held === undefined) return tooManyRequests();
      if (held > 0) await this.#pause(held);
      const found = path === undefined ? undefined : this.#find(call.method, path);
      const principal = principalOf(call.token, this.#parts.token, scenario);
      if (!principal && !(typeof found === 'object' && found.route.anonymous)) throw unauthorized();
      if (found === 'wrong method') throw new ApiError(405, { message: 'Method Not Allowed' });
      if (!found) throw notFound();
      if (read.problem) throw read.problem;
      if (typeof call.body === 'string' && call.method !== 'GET') throw badRequest('Invalid JSON');
      return replyOf(
        found.route.handle({
          platform,
          principal: principal ?? { token: '', role: 'view' },
          params: found.params,
          query,
          body: call.body,
          parts: read.parts,
          baseUrl: `http://${request.headers.host ?? 'localhost'}${this.#parts.basePath}`,
          now: this.#parts.clock.now(),
        }),
      );
    } catch (error) {
      if (error instanceof ApiError) return replyOf(error);
      throw error;
    }
  }

  /** A signed address stands for itself: it is no call of the Platform's, needs no token and takes none. */
  #fetched(request: IncomingMessage, pathname: string, query: URLSearchParams): Reply {
    const now = this.#parts.clock.now();
    try {
      const { authorization } = request.headers;
      return replyOf(signedObject(this.#parts.world().platform, pathname, query, authorization, now));
    } catch (error) {
      if (error instanceof ApiError) return replyOf(error);
      throw error;
    }
  }

  #find(method: string, path: string): Found | 'wrong method' | undefined {
    try {
      return this.#parts.router.find(method, path);
    } catch {
      // A path that cannot be decoded is no route.
      return undefined;
    }
  }

  /** By the timers of the process and not by `node:timers/promises`, so that a rehearsal's virtual time holds here too. */
  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    this.#held += 1;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#held -= 1;
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      timer.unref();
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** A fault of the simulator itself, in the form that the Platform gives to its own. */
  #broken(response: ServerResponse, error: unknown): void {
    if (response.headersSent || response.destroyed) return;
    if (error instanceof BodyTooLarge) {
      response.setHeader('Connection', 'close');
      send(response, replyOf({ status: 413, body: { message: 'Request Entity Too Large' } }));
      return;
    }
    const { platform } = this.#parts.world();
    console.error('simulator:', error);
    const message = `Unexpected error while processing - Error ID: ${platform.random.id(22)}`;
    send(response, replyOf({ status: 400, body: { message } }));
  }
}

/** Without `new URL`, which rewrites paths: `//` and `..` must come through as they were sent. */
function splitUrl(url: string): { pathname: string; searchParams: URLSearchParams } {
  const at = url.indexOf('?');
  return at < 0
    ? { pathname: url, searchParams: new URLSearchParams() }
    : { pathname: url.slice(0, at), searchParams: new URLSearchParams(url.slice(at + 1)) };
}

function withoutBase(pathname: string, basePath: string): string | undefined {
  if (basePath === '') return pathname;
  return pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length) : undefined;
}

interface ReadBody {
  body: unknown;
  parts: readonly Part[];
  /** Told once the caller is known. */
  problem?: ApiError;
}

/** How much of a part is kept with the call: 50,000 uploads of 10 MB would fill the memory. */
const KEPT_OF_PART = 2000;

function readParts(contentType: string | undefined, bytes: Buffer): ReadBody {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return { body: parsed(bytes.toString('utf8')).value, parts: [] };
  try {
    const parts = parseMultipart(bytes, boundary);
    const kept = parts.map(({ name, content }) => [name, content.toString('utf8', 0, KEPT_OF_PART)]);
    return { body: Object.fromEntries(kept), parts };
  } catch (error) {
    if (error instanceof ApiError) return { body: undefined, parts: [], problem: error };
    throw error;
  }
}

/** Text that is not JSON stays text. */
function parsed(text: string): { value: unknown } {
  if (text === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { value: text };
  }
}
