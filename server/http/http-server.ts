import http, { type IncomingMessage, type Server } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import express from 'express';
import type { Logger } from 'pino';
import { type Audit, NO_AUDIT } from '../audit/audit-event.ts';
import type { AuthRoutes } from '../auth/auth-routes.ts';
import { flowsAuth } from '../auth/flows-auth.ts';
import type { Bearers, Identity } from '../auth/identities.ts';
import type { Refusal } from '../auth/refusal.ts';
import { secureLogin } from '../auth/secure-login.ts';
import type { Config } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { clientCertificates } from './client-certificates.ts';
import { capConnections } from './connection-cap.ts';
import { callerOf, type Elsewhere, wantedBy } from './elsewhere.ts';
import { eventLoopLag } from './event-loop-lag.ts';
import { type FrontOptions, front, type Mounted } from './front.ts';
import { listen, urlOf } from './listen.ts';
import { countedIn, METRICS_PATH, metricsRoute } from './metrics-route.ts';
import { OpenRequests } from './open-requests.ts';
import { type Health, healthz, readyz } from './probes.ts';
import { requestLimits } from './request-limits.ts';
import { securityHeaders } from './security-headers.ts';
import { selfSigned } from './self-signed.ts';
import { followTls, type TlsContext } from './tls-context.ts';
import { loadClientCa, loadTlsFiles, secureContext, type TlsMaterial } from './tls-material.ts';
import { upgradeGate } from './upgrade-gate.ts';
import { WebhookRoutes } from './webhook-routes.ts';

export interface HttpServerOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly health: Health;
  readonly audit?: Audit;
  /** Until then the editor and the flows' endpoints answer 503. Absent: from the mounting on. */
  readonly starting?: () => boolean;
  /** Null, as when absent: nobody signs in. */
  readonly auth?: {
    readonly bearers: Bearers;
    readonly routes: AuthRoutes;
    readonly tokenUsed?: (identity: Identity, address: string) => void;
  } | null;
  /** The operations page; absent or null: there is none. */
  readonly status?: FrontOptions['status'];
  /** Further requests of the appliance itself, by path. */
  readonly own?: FrontOptions['own'];
  /** Absent: nothing is counted, and there is no /metrics. */
  readonly metrics?: Metrics;
  /** Absent when this process is the only one. */
  readonly elsewhere?: Elsewhere;
}

export interface NodeRedMount {
  /** `RED.httpAdmin`; null when headless. */
  readonly adminApp: express.Application | null;
  /** `RED.httpNode`. */
  readonly nodeApp: express.Application;
  readonly scriptHashes: () => readonly string[];
}

export interface HttpServer {
  /**
   * For `RED.init`. It is not the server that listens: of what arrives there it gets the upgrades that passed the checks,
   * so neither Node-RED nor a node can be reached, or can listen, past them.
   */
  readonly server: Server;
  readonly app: express.Application;
  /** Where webhook nodes get their routes. */
  readonly webhooks: WebhookRoutes;
  /** After listen(): the address to type into a browser on this machine, without trailing slash. */
  readonly url: string;
  /** After listen(): how other machines reach it. */
  readonly listening: { port: number; host: string; secure: boolean; fingerprint(): string | null };
  /** After RED.init and before RED.start: the http-in node looks for the app that it is mounted on. Once. */
  mountNodeRed(mount: NodeRedMount): void;
  listen(): Promise<void>;
  /** No new connections, `/readyz` 503, idle connections closed, the others told to close, editors sent away. */
  stopAccepting(): void;
  /** Resolves when no request is open. Never rejects; the deadline is the caller's. */
  drained(): Promise<void>;
  /** Answers 503 with Retry-After to the requests that are open. @returns how many */
  refuseOpen(): number;
  /** Sends 1001 to the websockets of flows. Before RED.stop(), which cuts them without a word. */
  closeWebSockets(): void;
  /** Ends what is left. */
  close(): Promise<void>;
}

/** Limits of the connection. A slow sender is cut; a flow may take as long as it likes for its answer. */
const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  /** Above the 60 s of common load balancers, which otherwise send into a connection that is just being closed. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  handshakeTimeout: 10_000,
  maxConnections: 4096,
} as const;

export async function createHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { config, logger } = options;
  const roots = { editorPath: config.server.editorPath, httpPath: config.server.httpPath };
  const secure = config.tls.mode !== 'off';

  const app = express();
  app.disable('x-powered-by');
  // The areas are told apart by exact letters; the mounts must not be more generous.
  app.enable('case sensitive routing');
  if (config.server.trustProxy !== undefined) app.set('trust proxy', config.server.trustProxy);

  let mounted: Mounted | null = null;
  let hashes: () => readonly string[] = () => [];
  let stopping = false;
  const { metrics } = options;
  const open = new OpenRequests(metrics && countedIn(metrics, roots));
  const lag = eventLoopLag();
  const { rateLimit } = config.httpAuth;
  const { clientAuth, clientCaFile } = config.tls;
  const limits = requestLimits({
    app,
    proxied: config.server.trustProxy !== undefined || options.elsewhere !== undefined,
    flowsPerMinute: rateLimit,
  });
  const certificates = clientCertificates(clientAuth);
  const webhooks = new WebhookRoutes(config.server.trustProxy);
  const guards = {
    sameOriginFlows: config.httpAuth.mode === 'basic' || clientAuth === 'flows' || clientAuth === 'both',
    flowsAuth: flowsAuth(config.httpAuth, {
      logger,
      audit: options.audit ?? NO_AUDIT,
      ...(rateLimit !== null && { takeCall: limits.caller }),
    }),
    secureLogin: secureLogin(config),
    limits,
    certificates,
  };

  const gate = upgradeGate({
    app,
    roots,
    logger,
    ...guards,
    bearers: options.auth?.bearers ?? null,
    tokenUsed: options.auth?.tokenUsed,
    adminOpen: () => mounted?.editor === true,
  });
  const flowsCheck = (req: IncomingMessage): Refusal | null | Promise<Refusal | null> =>
    guards.flowsAuth.check(req, METRICS_PATH, () => limits.address(req));
  const handler = front({
    app,
    roots,
    logger,
    ...guards,
    headers: securityHeaders({ tls: secure, scriptHashes: () => hashes() }),
    healthz: healthz(lag),
    readyz: readyz(options.health, () => stopping),
    authRoutes: options.auth?.routes ?? null,
    webhooks,
    status: options.status ?? null,
    own: new Map([...(options.own ?? []), ...(metrics ? [metricsRoute(metrics, config.metrics, flowsCheck)] : [])]),
    mounted: () => mounted,
    starting: startsOnce(options.starting),
  });

  const material = await tlsMaterial(options);
  const clientCa = clientCaFile === null ? null : { file: clientCaFile, text: loadClientCa(clientCaFile) };
  const { elsewhere } = options;
  const listener = createListener(material, clientCa?.text ?? null, (req, res) => {
    open.add(req, res);
    if (stopping) res.shouldKeepAlive = false;
    if (elsewhere?.arrive(req, res, wantedBy(req, roots), () => callerOf(app, req))) return;
    handler(req, res);
  });
  listener.headersTimeout = LIMITS.headersTimeout;
  listener.requestTimeout = LIMITS.requestTimeout;
  listener.keepAliveTimeout = LIMITS.keepAliveTimeout;
  listener.maxConnections = LIMITS.maxConnections;
  listener.on('upgrade', (req, socket: Socket, head) => {
    if (elsewhere?.arriveUpgrade(req, socket, head, wantedBy(req, roots), () => callerOf(app, req))) return;
    gate.handle(req, socket, head);
  });
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const trusts = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  capConnections(listener, (address) => trusts(address, 0) || elsewhere?.isReplica(address) === true);
  listener.on('secureConnection', certificates.connected);
  // Nodes that want to know the port ask the server that they were given.
  gate.server.address = () => listener.address();

  let tls: TlsContext | null = null;
  let listening: Promise<void> | null = null;

  const stopAccepting = (): void => {
    if (stopping) return;
    stopping = true;
    tls?.stop();
    guards.flowsAuth.close();
    gate.closeComms();
    // Also closes idle keep-alive connections.
    listener.close();
  };

  return {
    server: gate.server,
    app,
    webhooks,
    get url() {
      return urlOf(listener, config.server.host, secure);
    },
    get listening() {
      const { port } = listener.address() as AddressInfo;
      return { port, host: config.server.host, secure, fingerprint: () => tls?.fingerprint() ?? null };
    },
    mountNodeRed(mount) {
      if (mounted !== null) throw new Error('Node-RED is mounted already');
      hashes = mount.scriptHashes;
      const { adminApp, nodeApp } = mount;
      for (const nodeRed of [adminApp, nodeApp]) nodeRed?.disable('x-powered-by');
      if (config.server.trustProxy !== undefined) nodeApp.set('trust proxy', config.server.trustProxy);
      if (adminApp !== null) {
        // Mounting hands settings down; the admin routes stay as they are in any Node-RED.
        adminApp.set('case sensitive routing', false);
        app.use(roots.editorPath, adminApp);
      }
      mounted = { editor: adminApp !== null, nodeApp };
    },
    listen() {
      listening ??= listen(listener, config.server.port, config.server.host).then(() => {
        // Only after the first start went well is an error of the server something to live with.
        listener.on('error', (error) => logger.error({ err: error }, 'The HTTP server reported an error'));
        if (material === null || !(listener instanceof https.Server)) return;
        const { certFile, keyFile, mode } = config.tls;
        tls = followTls({
          server: listener,
          material,
          files: mode === 'files' && certFile !== null && keyFile !== null ? { certFile, keyFile } : null,
          clientCa,
          onClientCa() {
            certificates.renew();
            listener.closeIdleConnections();
          },
          dataDir: options.dataDir,
          host: config.server.host,
          logger,
        });
      });
      return listening;
    },
    stopAccepting,
    drained: () => open.none(),
    refuseOpen: () => open.refuse(),
    closeWebSockets: () => gate.closeAll(),
    async close() {
      stopAccepting();
      lag.stop();
      gate.closeAll();
      listener.closeAllConnections();
      // Upgraded connections are no longer the server's. A moment for the close frames to go out, then the end.
      const left = [...sockets];
      const ended = Promise.all(left.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
      const cut = setTimeout(() => {
        for (const socket of left) socket.destroy();
      }, 200);
      await ended;
      clearTimeout(cut);
    },
  };
}

/** True until it was false once: asked on every request. */
function startsOnce(starting: (() => boolean) | undefined): () => boolean {
  let started = starting === undefined;
  return () => {
    started ||= starting?.() !== true;
    return !started;
  };
}

function createListener(
  material: TlsMaterial | null,
  clientCa: string | null,
  handler: http.RequestListener,
): Server | https.Server {
  const { maxHeaderSize, connectionsCheckingInterval, handshakeTimeout } = LIMITS;
  const common = { maxHeaderSize, connectionsCheckingInterval, noDelay: true };
  if (material === null) return http.createServer(common, handler);
  return https.createServer(
    {
      ...common,
      handshakeTimeout,
      honorCipherOrder: true,
      ...secureContext(material, clientCa),
      // Whether it was a good one is looked at per request: probes show none.
      ...(clientCa !== null && { requestCert: true, rejectUnauthorized: false }),
    },
    handler,
  );
}

async function tlsMaterial({ config, dataDir, logger }: HttpServerOptions): Promise<TlsMaterial | null> {
  const { mode, certFile, keyFile } = config.tls;
  if (mode === 'off') return null;
  if (mode === 'self-signed') {
    const { material, made } = await selfSigned({ dataDir, host: config.server.host });
    const { fingerprint256: fingerprint, validTo } = material.certificate;
    logger.info(
      { event: 'tls.self-signed', fingerprint, validTo },
      `${made ? 'Made' : 'Using'} a self-signed certificate, SHA-256 ${fingerprint}`,
    );
    return material;
  }
  if (certFile === null || keyFile === null) {
    throw new RedstartError({
      code: 'TLS_FILES_MISSING',
      message: 'REDSTART_TLS=files needs a certificate and a key',
      mend: 'Set REDSTART_TLS_CERT_FILE and REDSTART_TLS_KEY_FILE.',
    });
  }
  const material = loadTlsFiles(certFile, keyFile);
  if (material.certificate.validToDate.getTime() < Date.now()) {
    logger.error(
      { event: 'tls.expired', validTo: material.certificate.validTo },
      'The TLS certificate has expired: clients will refuse it',
    );
  }
  return material;
}
