import diagnostics from 'node:diagnostics_channel';
import dns from 'node:dns';
import net from 'node:net';
import type { EgressRules } from './egress-rules.ts';

/** An attempt that was refused. */
export interface Blocked {
  host: string;
  port: number;
  /** Null: it was not looked up. */
  address: string | null;
  why: string;
}

export class EgressError extends Error {
  readonly code = 'EGRESS_BLOCKED';
  readonly host: string;
  readonly port: number;
  constructor({ host, port, address, why }: Blocked) {
    const at = address === null || address === host ? '' : ` (${address})`;
    super(`EGRESS_BLOCKED: a connection to ${host}${at} port ${port} is not allowed: it ${why}`);
    this.host = host;
    this.port = port;
  }
}

type Connect = (this: net.Socket, ...parameters: unknown[]) => net.Socket;
type Lookup = NonNullable<net.TcpSocketConnectOpts['lookup']>;

export interface EgressGuard {
  remove(): void;
}

/**
 * Looks at every connection that this process opens, at the one place where all of them are opened: net, tls, http, fetch,
 * websockets, MQTT and database drivers end in `Socket.connect`. Names are looked up once, and only addresses that were
 * looked at are connected to: what a name server says a moment later does not matter. See docs/decisions.
 */
export function guardEgress(rules: () => EgressRules, onBlocked: (blocked: Blocked) => void): EgressGuard {
  const prototype = net.Socket.prototype as { connect: unknown };
  const original = prototype.connect as Connect;

  const refuse = (socket: net.Socket, blocked: Blocked): net.Socket => {
    onBlocked(blocked);
    // As the system's own refusals come: later, when whoever connects has begun to listen.
    process.nextTick(() => socket.destroy(new EgressError(blocked)));
    return socket;
  };

  function connect(this: net.Socket, ...parameters: unknown[]): net.Socket {
    const call = readCall(parameters);
    if (call === null) return original.apply(this, parameters);
    const { options, replace } = call;
    if (typeof options.path === 'string') {
      return refuse(this, { host: options.path, port: 0, address: null, why: 'is a socket of this machine' });
    }
    const host = String(options.host ?? 'localhost');
    const port = Number(options.port);
    const ruling = rules();
    if (net.isIP(host) !== 0) {
      const why = ruling.address(host, port, host);
      return why === null ? original.apply(this, parameters) : refuse(this, { host, port, address: host, why });
    }
    const why = ruling.name(host, port);
    if (why !== null) return refuse(this, { host, port, address: null, why });
    const lookup = (options.lookup as Lookup | undefined) ?? dns.lookup;
    const guarded = guardLookup(lookup as Lookup, host, port, ruling, onBlocked);
    return original.apply(this, replace({ ...options, lookup: guarded }));
  }

  prototype.connect = connect;
  const proxied = (message: unknown): void => {
    const { request } = message as { request: Line & Destroyable };
    lookAtProxied(request, request, rules(), onBlocked);
  };
  // Of undici, fetch included: before a byte of the head is written, and its connection is all that can be taken away.
  const proxiedByUndici = (message: unknown): void => {
    const { request, socket } = message as { request: Line; socket: Destroyable };
    lookAtProxied(request, socket, rules(), onBlocked);
  };
  diagnostics.subscribe('http.client.request.created', proxied);
  diagnostics.subscribe('undici:client:sendHeaders', proxiedByUndici);
  return {
    remove() {
      if (prototype.connect === connect) prototype.connect = original;
      diagnostics.unsubscribe('http.client.request.created', proxied);
      diagnostics.unsubscribe('undici:client:sendHeaders', proxiedByUndici);
    },
  };
}

/** The options in what `connect` was called with, and the same call with other ones. Null: a call that is to fail as it is. */
function readCall(
  parameters: unknown[],
): { options: Record<string, unknown>; replace(options: object): unknown[] } | null {
  const [first, second, ...rest] = parameters;
  if (Array.isArray(first)) {
    // From net.connect: the arguments in an array that bears a mark, so it is changed in place.
    return { options: first[0], replace: (options) => [Object.assign(first, { 0: options }), second, ...rest] };
  }
  if (typeof first === 'object' && first !== null) {
    return { options: first as Record<string, unknown>, replace: (options) => [options, second, ...rest] };
  }
  if (typeof first === 'string' && !(Number(first) >= 0)) {
    return { options: { path: first }, replace: () => parameters };
  }
  if (typeof first === 'number' || typeof first === 'string') {
    const host = typeof second === 'string' ? second : undefined;
    const after = host === undefined && typeof second === 'function' ? [second] : rest;
    return { options: { port: first, ...(host && { host }) }, replace: (options) => [options, ...after] };
  }
  return null;
}

function guardLookup(
  lookup: Lookup,
  host: string,
  port: number,
  rules: EgressRules,
  onBlocked: (blocked: Blocked) => void,
): Lookup {
  const guarded: Lookup = (name, options, callback) => {
    lookup(name, options, (error, address, family) => {
      if (error) return callback(error, address, family);
      const found = Array.isArray(address) ? address : [{ address, family: family ?? 4 }];
      let blocked: Blocked | null = null;
      const allowed = found.filter((each) => {
        const why = rules.address(host, port, each.address);
        if (why !== null) blocked ??= { host, port, address: each.address, why };
        return why === null;
      });
      if (blocked !== null && allowed.length === 0) {
        onBlocked(blocked);
        return callback(new EgressError(blocked), Array.isArray(address) ? [] : '', family);
      }
      if (Array.isArray(address)) callback(null, allowed);
      else callback(null, address, family);
    });
  };
  return guarded;
}

interface Line {
  method: string;
  /** `host:port` of a CONNECT, a whole address of what a proxy is to fetch. */
  path: string;
}

interface Destroyable {
  destroy(error: Error): unknown;
}

/**
 * Through a proxy the connection goes to the proxy, and the target is only a line of the request. Names are looked up by
 * the proxy, so names must be ruled by it too; what can be told from the line alone is refused here.
 */
function lookAtProxied(
  request: Line,
  sender: Destroyable,
  rules: EgressRules,
  onBlocked: (blocked: Blocked) => void,
): void {
  const target = request.method === 'CONNECT' ? `http://${request.path}` : request.path;
  if (!/^https?:\/\//i.test(target)) return;
  const url = URL.parse(target);
  if (!url) return;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const why = net.isIP(host) ? rules.address(host, port, host) : rules.unseen(host, port);
  if (why === null) return;
  const blocked = { host, port, address: null, why };
  onBlocked(blocked);
  sender.destroy(new EgressError(blocked));
}
