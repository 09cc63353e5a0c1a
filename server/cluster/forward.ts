import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { refuse } from '../auth/refusal.ts';
import type { Caller } from '../http/elsewhere.ts';
import { ownRequests } from '../sandbox/own-requests.ts';

/** How another replica is reached. */
export interface Peer {
  url: string;
  /** SHA-256 of its certificate, when it speaks TLS: replicas make their own, which nobody vouches for but the database. */
  fingerprint: string | null;
  /** What it knows this replica's requests by. */
  key: string;
}

const KEY = 'x-redstart-replica';
const CALLER = 'x-redstart-caller';

/** These are between two parties and not between caller and flow. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-authenticate', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/** The server has answered it where it arrived. */
const ANSWERED = 'expect';

/** A leader that has just gone is replaced within seconds. */
export const GONE = {
  status: 503,
  body: 'Another replica is taking over; try again',
  headers: { 'Retry-After': '5' },
} as const;

/** Passes requests on to the replica that runs what they are for, and their answers back. Bodies are streamed. */
export class Forwarder {
  readonly #logger: Logger;
  readonly #agents = new Map<string, http.Agent>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  request(req: IncomingMessage, res: ServerResponse, peer: Peer, caller: Caller): void {
    const headers = passed(req.rawHeaders, [...HOP_BY_HOP, ANSWERED]);
    // A body without a length goes on in pieces, as it came.
    if (req.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked');
    const onward = this.#open(req, peer, [...headers, ...introduction(peer, caller)]);
    onward.once('response', (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.statusMessage, passed(answer.rawHeaders, HOP_BY_HOP));
      answer.pipe(res);
      answer.once('error', () => res.destroy());
    });
    onward.once('error', (error: NodeJS.ErrnoException) => {
      if (res.headersSent || res.destroyed) res.destroy();
      else {
        this.#logger.warn(
          { code: error.code, replica: peer.url },
          'a request could not be passed on to the replica that leads',
        );
        refuse(req, res, GONE);
      }
    });
    // The leader need not have read it all: what is left of it is not the next request on this connection.
    res.once('finish', () => {
      req.unpipe(onward);
      req.resume();
    });
    res.once('close', () => onward.destroy());
    req.pipe(onward);
  }

  /** A websocket: once both sides agreed, bytes go through unread. */
  upgrade(req: IncomingMessage, socket: Socket, head: Buffer, peer: Peer, caller: Caller): void {
    const onward = this.#open(req, peer, [...passed(req.rawHeaders, []), ...introduction(peer, caller)]);
    const give = (): void => void socket.destroy();
    socket.once('error', () => onward.destroy());
    socket.once('close', () => onward.destroy());
    onward.once('error', give);
    onward.once('response', (answer) => {
      // Refused, with an answer of the other replica's, whose body is no longer in pieces.
      socket.write(headOf(answer, [...passed(answer.rawHeaders, HOP_BY_HOP), 'Connection', 'close']), 'latin1');
      answer.once('error', give);
      answer.pipe(socket);
    });
    onward.once('upgrade', (answer, other: Socket, first) => {
      socket.write(headOf(answer, answer.rawHeaders), 'latin1');
      if (first.length > 0) socket.write(first);
      if (head.length > 0) other.write(head);
      other.once('error', give);
      other.once('close', give);
      socket.once('close', () => other.destroy());
      socket.pipe(other).pipe(socket);
    });
    onward.end();
  }

  /** Cuts what is open to others than these: it may be to a machine that is gone, and would never be answered. */
  keep(peers: readonly Peer[]): void {
    const kept = new Set(peers.map(nameOf));
    for (const [name, agent] of this.#agents) {
      if (kept.has(name)) continue;
      agent.destroy();
      this.#agents.delete(name);
    }
  }

  close(): void {
    this.keep([]);
  }

  #open(req: IncomingMessage, peer: Peer, headers: string[]): http.ClientRequest {
    const url = new URL(peer.url);
    // Callers of HTTP/1.0 need not name one.
    if (req.headers.host === undefined) headers.push('Host', url.host);
    const options: https.RequestOptions = {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port,
      method: req.method,
      path: req.url,
      headers: headers as unknown as http.OutgoingHttpHeaders,
      setHost: false,
    };
    if (url.protocol === 'http:')
      return ownRequests.run(() => http.request({ ...options, agent: this.#agent(peer, () => new http.Agent(KEEP)) }));
    const agent = this.#agent(peer, () => pinned(peer.fingerprint));
    return ownRequests.run(() => https.request({ ...options, agent, rejectUnauthorized: false }));
  }

  #agent(peer: Peer, make: () => http.Agent): http.Agent {
    const name = nameOf(peer);
    let agent = this.#agents.get(name);
    if (!agent) {
      agent = make();
      this.#agents.set(name, agent);
    }
    return agent;
  }
}

const nameOf = ({ url, fingerprint }: Peer): string => `${url} ${fingerprint}`;

function headOf(answer: IncomingMessage, headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Fewer than the other side's 65 s: a connection that is just being closed there must not be used. */
const KEEP = { keepAlive: true, timeout: 30_000 };

/** TLS to exactly this certificate. It is looked at before a byte of the request is sent. */
function pinned(fingerprint: string | null): https.Agent {
  const agent = new https.Agent({ ...KEEP, rejectUnauthorized: false });
  const connect = agent.createConnection.bind(agent);
  const destroy = agent.destroy.bind(agent);
  // Node.js knows a socket of an agent only once it is given one: a replica that stands still does not get that far.
  const connecting = new Set<TLSSocket>();
  agent.destroy = () => {
    for (const socket of connecting) socket.destroy(new Error('the other replica did not answer'));
    destroy();
  };
  agent.createConnection = (options, callback) => {
    const socket = connect(options, () => {}) as TLSSocket;
    connecting.add(socket);
    socket.once('close', () => connecting.delete(socket));
    socket.once('secureConnect', () => {
      connecting.delete(socket);
      const { fingerprint256 } = socket.getPeerCertificate();
      if (fingerprint256 === fingerprint) callback?.(null, socket);
      else socket.destroy(new Error('the other replica shows another certificate than it said in the database'));
    });
    socket.once('error', (error) => callback?.(error, socket));
    return undefined;
  };
  return agent;
}

const introduction = (peer: Peer, caller: Caller): string[] => [
  KEY,
  peer.key,
  CALLER,
  Buffer.from(JSON.stringify(caller)).toString('base64url'),
];

/** Names and values as they came, in order, without those named and without what only a replica may say. */
function passed(raw: readonly string[], without: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? '';
    if (without.includes(name) || name === KEY || name === CALLER) continue;
    kept.push(raw[index] ?? '', raw[index + 1] ?? '');
  }
  return kept;
}

/**
 * Who really called, when another replica passed the request on; null when it came straight here. The headers are taken
 * away in any case: a flow must not see the key, and nobody else may use the names. With a key that is not ours it was
 * meant for another replica, and must not be passed on again: it could come back for ever.
 */
export function introducedCaller(req: IncomingMessage, isKey: (key: string) => boolean): Caller | 'astray' | null {
  const { [KEY]: key, [CALLER]: caller } = req.headers;
  if (key === undefined && caller === undefined) return null;
  delete req.headers[KEY];
  delete req.headers[CALLER];
  const raw = passed(req.rawHeaders, []);
  req.rawHeaders.splice(0, req.rawHeaders.length, ...raw);
  if (typeof key !== 'string' || typeof caller !== 'string' || !isKey(key)) return 'astray';
  return JSON.parse(Buffer.from(caller, 'base64url').toString()) as Caller;
}
