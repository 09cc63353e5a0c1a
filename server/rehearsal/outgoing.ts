import dgram from 'node:dgram';
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { callMatcher, firstDifference } from './match.ts';
import { milliseconds } from './milliseconds.ts';
import type { Fixture } from './rehearsal-schema.ts';

/** A request of a flow to an address that is not the Platform's. */
export interface OutgoingRequest {
  method: string;
  url: string;
  headers: Record<string, unknown>;
  body: unknown;
  /** No fixture answers it. */
  refused: boolean;
}

/**
 * Stands for every other address. Requests by Node.js's own http and https reach it in place of the host they name, in
 * clear; any other connection that leaves this process is refused. So no rehearsal ever reaches anything real.
 */
export class Outgoing {
  readonly #servers: { http: Server; https: Server };
  readonly #allowed = new Set<number>();
  readonly #onRequest: (request: OutgoingRequest) => void;
  readonly #onRefused: (address: string) => void;
  #fixtures: { fixture: Fixture; left: number }[] = [];
  #held = 0;

  constructor(o: { onRequest(request: OutgoingRequest): void; onRefused(address: string): void }) {
    this.#onRequest = o.onRequest;
    this.#onRefused = o.onRefused;
    const serve = (protocol: string) =>
      http.createServer((request, response) => void this.#serve(protocol, request, response));
    this.#servers = { http: serve('http:'), https: serve('https:') };
  }

  /** Requests whose fixture lets them wait. */
  get held(): number {
    return this.#held;
  }

  async listen(): Promise<void> {
    const ports: number[] = [];
    for (const server of [this.#servers.http, this.#servers.https]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      ports.push(port);
      this.#allowed.add(port);
    }
    const [plain = 0, secure = 0] = ports;
    this.#divert(http.Agent.prototype, plain);
    this.#divert(https.Agent.prototype, secure);
    this.#guard();
    this.#guardDatagrams();
  }

  /** A server of the rehearsal itself. */
  allow(port: number): void {
    this.#allowed.add(port);
  }

  forbid(port: number): void {
    this.#allowed.delete(port);
  }

  set(fixtures: readonly Fixture[]): void {
    this.#fixtures = fixtures.map((fixture) => ({ fixture, left: fixture.times ?? Number.POSITIVE_INFINITY }));
  }

  #divert(prototype: object, port: number): void {
    const agent = prototype as {
      createConnection(options: { host?: string; port?: number }, ready?: () => void): unknown;
    };
    const original = agent.createConnection;
    const isAllowed = (options: { host?: string; port?: number }): boolean => this.#isAllowed(options);
    agent.createConnection = function createConnection(options, ready) {
      if (isAllowed(options)) return original.call(this, options, ready);
      return net.connect({ host: '127.0.0.1', port });
    };
  }

  #guard(): void {
    const { prototype } = net.Socket;
    const original = prototype.connect;
    const isAllowed = (options: { host?: string; port?: number }): boolean => this.#isAllowed(options);
    const refused = this.#onRefused;
    prototype.connect = function connect(this: net.Socket, ...given: unknown[]) {
      const options = addressOf(given);
      // With a path it is a socket of this machine, whatever host and port say.
      if (!options.path && isAllowed(options)) return Reflect.apply(original, this, given);
      const address = options.path ?? `${options.host ?? 'localhost'}:${options.port}`;
      refused(address);
      process.nextTick(() => this.destroy(refusal(address)));
      return this;
    } as typeof prototype.connect;
  }

  #guardDatagrams(): void {
    const refused = this.#onRefused;
    const refuse = (socket: dgram.Socket, given: readonly unknown[], address: string): void => {
      refused(address);
      const done = given.at(-1);
      process.nextTick(() => {
        if (typeof done === 'function') done(refusal(address));
        else socket.emit('error', refusal(address));
      });
    };
    const { prototype } = dgram.Socket;
    prototype.connect = function connect(this: dgram.Socket, ...given: unknown[]) {
      const [port, host] = given;
      refuse(this, given, `udp://${typeof host === 'string' ? host : 'localhost'}:${port}`);
    } as typeof prototype.connect;
    prototype.send = function send(this: dgram.Socket, ...given: unknown[]) {
      const [port, host] = given.slice(typeof given[3] === 'number' ? 3 : 1);
      refuse(this, given, `udp://${typeof host === 'string' ? host : 'localhost'}:${port}`);
    } as typeof prototype.send;
  }

  #isAllowed({ host = 'localhost', port }: { host?: string; port?: number }): boolean {
    return ['127.0.0.1', 'localhost', '::1'].includes(host) && this.#allowed.has(Number(port));
  }

  async #serve(protocol: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = parsed(Buffer.concat(chunks).toString('utf8'));
    const method = request.method ?? 'GET';
    const url = `${protocol}//${request.headers.host ?? ''}${request.url ?? '/'}`;
    const found = this.#fixtures.find(
      ({ fixture, left }) =>
        left > 0 &&
        callMatcher(fixture.request)(method, url) &&
        (fixture.body === undefined || firstDifference(fixture.body, body) === null),
    );
    this.#onRequest({ method, url, headers: request.headers, body, refused: !found });
    if (!found) {
      response
        .writeHead(502, { 'content-type': 'text/plain' })
        .end(`This rehearsal has no answer for ${method} ${url}`);
      return;
    }
    found.left -= 1;
    const { status = 200, headers = {}, body: content, after, fails } = found.fixture.answer ?? {};
    if (after !== undefined || fails === 'hang') {
      this.#held += 1;
      await new Promise<void>((resolve) => {
        response.once('close', resolve);
        if (fails !== 'hang') setTimeout(resolve, milliseconds(after ?? 0) ?? 0);
      });
      this.#held -= 1;
    }
    if (fails === 'reset') request.socket.resetAndDestroy();
    if (response.destroyed || fails) return;
    const text = content === undefined || typeof content === 'string' ? (content ?? '') : JSON.stringify(content);
    const type = typeof content === 'string' || content === undefined ? 'text/plain' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers }).end(text);
  }
}

function refusal(address: string): Error {
  return Object.assign(new Error(`a rehearsal connects to nothing outside: ${address}`), { code: 'ECONNREFUSED' });
}

function addressOf(given: readonly unknown[]): { host?: string; port?: number; path?: string } {
  // Node.js hands its own calls on as one list of options and callback.
  const [first, second] = Array.isArray(given[0]) ? (given[0] as unknown[]) : given;
  if (typeof first === 'object' && first !== null) return first;
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { path: first };
  return { port: Number(first), ...(typeof second === 'string' ? { host: second } : {}) };
}

function parsed(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
