import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FlowCaller } from '../auth/flow-caller.ts';
import type { Refusal } from '../auth/refusal.ts';

export interface ClientCertificates {
  /** null when none is asked for there, or a good one was shown. */
  flows(req: IncomingMessage): Refusal | null;
  editor(req: IncomingMessage): Refusal | null;
  /** Who the certificate names, where one is asked for; null where none is. */
  caller(req: IncomingMessage): FlowCaller | null;
  /** A handshake was made, with the authorities of now. */
  connected(socket: Socket): void;
  /** Other authorities: connections of before count no more. */
  renew(): void;
}

const GENERATION = Symbol('generation of the client authorities');
const CALLER = Symbol('caller by certificate');
type Certified = Partial<TLSSocket> & { [GENERATION]?: number; [CALLER]?: FlowCaller };

const NO_CERTIFICATE: Refusal = { status: 403, body: 'A client certificate is required' };
/** A new connection is all that it takes; the former certificate may be good under the new authorities too. */
const CONNECT_AGAIN: Refusal = { status: 503, headers: { 'Retry-After': '1', Connection: 'close' } };

/**
 * Who shows no certificate still gets a connection: probes have none, and often the other half of the address space wants
 * none. So it is looked at per request, as a flag of its connection.
 */
export function clientCertificates(where: 'flows' | 'editor' | 'both' | null): ClientCertificates {
  let generation = 0;
  const check = (req: IncomingMessage): Refusal | null => {
    const socket = req.socket as Certified;
    if (socket.authorized !== true) return NO_CERTIFICATE;
    return socket[GENERATION] === generation ? null : CONNECT_AGAIN;
  };
  const pass = (): null => null;
  const flows = where === 'flows' || where === 'both' ? check : pass;
  return {
    flows,
    editor: where === 'editor' || where === 'both' ? check : pass,
    caller: flows === check ? (req) => callerOf(req.socket as Certified) : pass,
    connected(socket) {
      (socket as Certified)[GENERATION] = generation;
    },
    renew() {
      generation += 1;
    },
  };
}

function callerOf(socket: Certified): FlowCaller {
  const known = socket[CALLER];
  if (known !== undefined) return known;
  const certificate = socket.getPeerCertificate?.();
  const commonName = certificate?.subject?.CN;
  const name = Array.isArray(commonName) ? commonName[0] : commonName;
  const caller: FlowCaller = {
    name: name ?? '',
    by: 'certificate',
    ...(certificate?.fingerprint256 !== undefined && { fingerprint: certificate.fingerprint256 }),
  };
  socket[CALLER] = caller;
  return caller;
}
