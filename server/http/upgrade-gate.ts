import { Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type express from 'express';
import type { Request } from 'express';
import type { Logger } from 'pino';
import { addressOf, adopt } from '../auth/client-address.ts';
import { setCaller } from '../auth/flow-caller.ts';
import type { FlowsAuth } from '../auth/flows-auth.ts';
import type { Bearers, Identity } from '../auth/identities.ts';
import { type CommsLimits, type CommsSocket, protectComms } from '../auth/protect-comms.ts';
import { type Refusal, refuseUpgrade } from '../auth/refusal.ts';
import { sameOrigin } from '../auth/same-origin.ts';
import { CLOSE, closeFrame } from '../auth/websocket-frames.ts';
import { areaOf, type Roots, rawPath, rawQuery } from './areas.ts';
import { MAX_BODY_BYTES } from './body-limit.ts';
import type { ClientCertificates } from './client-certificates.ts';
import { limitFrames } from './frame-limit.ts';
import { namesOneHost } from './one-host.ts';
import type { RequestLimits } from './request-limits.ts';
import { namesToken } from './token-in-url.ts';

/** Editors that have not shown a session yet: each costs a socket and a timer, and anyone can open one. */
export const MAX_PENDING_COMMS = 100;
/** How often websockets of flows are held against who may call: with the files' own 2 s it makes less than five. */
const LOOK_MS = 2000;
/** How long a flow's own server may take to answer an upgrade (a check of credentials, say) before it counts as unserved. */
const UNSERVED_AFTER_MS = 500;

const NOT_FOUND: Refusal = { status: 404 };

export interface UpgradeGate {
  /**
   * Given to Node-RED in place of the listening server: it never listens, and its `upgrade` events are those that passed.
   * So a listener that Node-RED or a node adds cannot be reached past the checks, and cannot take the real server's requests.
   */
  readonly server: HttpServer;
  handle(req: IncomingMessage, socket: Socket, head: Buffer): void;
  /** The editors' connections: closed with 1001 at once, and no new ones. */
  closeComms(): void;
  /** Every websocket that is left. */
  closeAll(): void;
}

export interface UpgradeGateOptions {
  readonly app: express.Application;
  readonly roots: Roots;
  readonly logger: Logger;
  readonly flowsAuth: FlowsAuth;
  readonly limits: RequestLimits;
  readonly certificates: ClientCertificates;
  /** With basic credentials, and with a certificate, a browser authenticates by itself, whatever page opened the socket. */
  readonly sameOriginFlows: boolean;
  readonly secureLogin: (req: Request) => Refusal | null;
  readonly adminOpen: () => boolean;
  /** Null when nobody signs in. */
  readonly bearers: Bearers | null;
  /** A token of a program opened an editor's connection. */
  readonly tokenUsed?: ((identity: Identity, address: string) => void) | undefined;
  readonly commsLimits?: CommsLimits;
}

export function upgradeGate(options: UpgradeGateOptions): UpgradeGate {
  const { app, roots, logger } = options;
  const server = new HttpServer();
  // Each websocket node of the flows adds a listener.
  server.setMaxListeners(0);
  const commsPath = `${roots.editorPath}/comms`;
  const comms = new Set<CommsSocket>();
  /** Each with what tells whether it may go on. */
  const flowSockets = new Map<Socket, () => boolean>();
  let pending = 0;
  let closing = false;

  const openComms = (req: Request, socket: Socket, head: Buffer): Refusal | null => {
    if (!options.adminOpen()) return NOT_FOUND;
    const insecure = options.limits.editor(req) ?? options.certificates.editor(req) ?? options.secureLogin(req);
    if (insecure !== null) return insecure;
    if (!sameOrigin(req)) {
      logger.warn(
        { event: 'comms.refused', address: addressOf(req) },
        'An editor connection from a page of another origin was refused',
      );
      return { status: 403 };
    }
    if (closing || pending >= MAX_PENDING_COMMS) return { status: 503, headers: { 'Retry-After': '1' } };
    pending += 1;
    const address = addressOf(req);
    req.headers['x-forwarded-for'] = address;
    // One way to sign in here, the one that is watched: by the first message.
    delete req.headers.authorization;
    let unwatch = (): void => {};
    const guarded: CommsSocket = protectComms(socket, head, {
      ...(options.commsLimits === undefined ? {} : { limits: options.commsLimits }),
      onToken: (token) => {
        const identity = options.bearers?.find(token);
        if (identity?.by === 'token') options.tokenUsed?.(identity, address);
        const watch = options.bearers?.watch(token, () => {
          logger.info(
            { event: 'comms.ended', address },
            `An editor connection from ${address} was closed: its session ended`,
          );
          guarded.endSession();
        });
        if (watch) unwatch = watch;
      },
      onSettled: () => {
        pending -= 1;
      },
      onRefused: (reason) =>
        logger.warn(
          { event: 'comms.refused', address, reason },
          `An editor connection from ${address} was closed: ${reason}`,
        ),
    });
    comms.add(guarded);
    guarded.once('close', () => {
      unwatch();
      comms.delete(guarded);
    });
    pass(req, guarded as unknown as Socket, Buffer.alloc(0));
    return null;
  };

  const openFlow = async (req: Request, socket: Socket, head: Buffer, path: string): Promise<Refusal | null> => {
    if (closing) return { status: 503 };
    const limited = options.limits.flows(req) ?? options.certificates.flows(req);
    if (limited !== null) return limited;
    if (options.sameOriginFlows && !sameOrigin(req)) return { status: 403 };
    const certified = options.certificates.caller(req);
    if (certified !== null) setCaller(req, certified);
    const below = path.slice(roots.httpPath.length) || '/';
    const refusal = await options.flowsAuth.check(req, below, () => addressOf(req));
    if (refusal !== null || socket.destroyed) return refusal;
    if (!limitFrames(socket, head, MAX_BODY_BYTES)) return null;
    const stands = options.flowsAuth.standing(req, below);
    flowSockets.set(socket, () => options.certificates.flows(req) === null && stands());
    socket.once('close', () => flowSockets.delete(socket));
    pass(req, socket, head);
    return null;
  };

  const pass = (req: IncomingMessage, socket: Socket, head: Buffer): void => {
    const before = socket.bytesWritten;
    server.emit('upgrade', req, socket, head);
    // Node-RED would hold what nobody took for five seconds. Bytes in the buffer count, as `bytesWritten` includes them.
    if (socket.destroyed || socket.bytesWritten > before) return;
    const timer = setTimeout(() => {
      if (!socket.destroyed && socket.bytesWritten === before) refuseUpgrade(socket, NOT_FOUND);
    }, UNSERVED_AFTER_MS);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  };

  const decide = async (req: Request, socket: Socket, head: Buffer): Promise<Refusal | null> => {
    const path = rawPath(req.url);
    if (path === null || req.method !== 'GET' || !namesOneHost(req)) return { status: 400 };
    if (path === commsPath) return namesToken(rawQuery(req.url)) ? { status: 400 } : openComms(req, socket, head);
    return areaOf(path, roots) === 'flows' ? openFlow(req, socket, head, path) : NOT_FOUND;
  };

  const endFlow = (socket: Socket, code: number, reason: string): void => {
    socket.write(closeFrame(code, reason));
    socket.destroySoon();
  };
  const looking = setInterval(() => {
    for (const [socket, stands] of flowSockets) {
      if (stands()) continue;
      flowSockets.delete(socket);
      logger.info({ event: 'flows.ended' }, 'A websocket of a flow was closed: its caller may not call any more');
      endFlow(socket, CLOSE.policy, 'no longer allowed');
    }
  }, LOOK_MS);
  looking.unref();

  const closeComms = (): void => {
    closing = true;
    for (const socket of comms) socket.bye(CLOSE.goingAway, 'stopping');
  };

  return {
    server,
    handle(req, socket, head) {
      socket.on('error', () => {});
      decide(adopt(app, req), socket, head).then(
        (refusal) => {
          if (refusal !== null) refuseUpgrade(socket, refusal);
        },
        (error: unknown) => {
          logger.error({ err: error }, 'An upgrade could not be handled');
          socket.destroy();
        },
      );
    },
    closeComms,
    closeAll() {
      closeComms();
      clearInterval(looking);
      for (const socket of flowSockets.keys()) endFlow(socket, CLOSE.goingAway, 'stopping');
    },
  };
}
