import { join } from 'node:path';
import { nodePolicy } from '../../settings/node-policy.ts';
import { API_MAX_LENGTH, nodeRedSettings } from '../../settings/node-red-settings.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { auditFlows } from '../audit/audited-flows.ts';
import { rememberAddress } from '../audit/caller.ts';
import { openAuditTrail } from '../audit/open-trail.ts';
import { recordPlatformWrites } from '../audit/platform-writes.ts';
import { addressOf } from '../auth/client-address.ts';
import { type Auth, createAuth, identityOf, telemetryLock } from '../auth/index.ts';
import { Replicas } from '../cluster/replicas.ts';
import type { Config } from '../config/index.ts';
import { withReferences } from '../flows/credential-references.ts';
import { deployGuard } from '../flows/deploy-guard.ts';
import { sameJson } from '../flows/flow-node.ts';
import { createFlowStore, readonlyMessage } from '../flows/flow-store.ts';
import { managedNodes } from '../flows/managed-nodes.ts';
import { createRefusedDeploys } from '../flows/patch/refused-deploys.ts';
import { createStorageModule, DATA_FILES } from '../flows/storage-module.ts';
import { type GitSource, openGitSource } from '../git/git-source.ts';
import { createHttpServer, type HttpServer } from '../http/index.ts';
import { withNames } from '../promotion/named-flows.ts';
import { createSandbox, type Sandbox } from '../sandbox/sandbox.ts';
import { registerStandIns } from '../sandbox/stand-ins.ts';
import { resolveNodeCredentials } from '../secrets/node-credentials.ts';
import { createSecretFiles } from '../secrets/secret-files.ts';
import { createContextStore } from '../state/context-store.ts';
import { type DataLock, lockDataFolder } from '../state/data-lock.ts';
import type { StateStore } from '../state/state-store.ts';
import { version } from '../version.ts';
import { keepCompiledCode } from './compile-cache.ts';
import { type Connections, createConnections } from './connections.ts';
import { prepareDataFolder, probeWrite } from './data-folder.ts';
import { createFlowIndex, type FlowIndex } from './flow-index.ts';
import { createFlowState } from './flow-state.ts';
import { createLogControl, type LogControl } from './log-control.ts';
import type { Logs } from './logs.ts';
import { createMetering } from './metering.ts';
import { createOnlookers, type Onlookers } from './onlookers.ts';
import { openSecret } from './open-secret.ts';
import { openState } from './open-state.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { createStoreProbe } from './store-probe.ts';

/** Addresses to show to a person. */
export interface Started {
  /** Null when headless. */
  editorUrl: string | null;
  flowsUrl: string;
  /** Null when the default connection is not the simulator. */
  simulatorUrl: string | null;
}

export interface Appliance {
  /** Nodes of the running flows, for telling where an error comes from. */
  index: FlowIndex;
  /** An exception of this node ends the program: the next start holds its flow back, whose label this gives. */
  blame(nodeId: string): string | null;
  /** Resolves when flows run, with null when it was stopped meanwhile. Throws a RedstartError, with everything closed. */
  start(): Promise<Started | null>;
  /** At once not ready; then as `Runtime.stop`. The same promise when called again. */
  stop(deadlineMs: number): Promise<void>;
}

/** Of the time for a stop, at most: flows and their nodes come first. */
const LAST_WORDS_SHARE = 0.25;

interface Parts {
  lock: DataLock | null;
  logControl: LogControl | null;
  audit: AuditTrail | null;
  simulator: { url: string; close(): Promise<void> } | null;
  connections: Connections | null;
  state: StateStore | null;
  replicas: Replicas | null;
  sandbox: Sandbox | null;
  git: GitSource | null;
  auth: Auth | null;
  onlookers: Onlookers | null;
  http: HttpServer | null;
  runtime: Runtime | null;
}

/** Everything that runs, put together: simulator, data folder, storage, HTTP server, Node-RED, in this order. */
export function createAppliance(config: Config, logs: Logs, onLost: (reason: string) => void): Appliance {
  const parts: Parts = {
    lock: null,
    logControl: null,
    audit: null,
    simulator: null,
    connections: null,
    state: null,
    replicas: null,
    sandbox: null,
    git: null,
    auth: null,
    onlookers: null,
    http: null,
    runtime: null,
  };
  const index = createFlowIndex();
  let starting: Promise<Started | null> | null = null;
  let stopping: Promise<void> | null = null;
  // Not `stopping !== null` in place: between two awaits it may change, which the compiler does not see.
  const isStopping = (): boolean => stopping !== null;

  async function run(): Promise<Started | null> {
    try {
      await build(config, logs, index, parts, isStopping, onLost);
      const { http, runtime } = parts;
      if (isStopping() || !http || !runtime) return null;
      await parts.sandbox?.settled();
      await runtime.start();
      if (isStopping()) return null;
      parts.git?.start();
      await parts.replicas?.join(http.listening, runtime.reload);
      if (isStopping()) return null;
      parts.onlookers?.start();
      const url = http.url;
      const readiness = runtime.ready();
      const logger = logs.of('program');
      parts.audit?.record({ event: 'start', ready: readiness.ok, reasons: readiness.reasons });
      if (readiness.ok) logger.info({ url }, readiness.standby ? 'ready, as a standby' : 'ready');
      else logger.error({ url, reasons: readiness.reasons }, 'started, but not ready');
      const { editorPath, httpPath } = config.server;
      return {
        editorUrl: runtime.adminApp ? `${url}${editorPath}/` : null,
        flowsUrl: `${url}${httpPath}`,
        simulatorUrl: parts.simulator?.url ?? null,
      };
    } catch (error) {
      // A stop in the middle of a start makes it fail in its own ways.
      if (isStopping()) return null;
      await closeParts(parts);
      throw error;
    }
  }

  async function shutDown(deadlineMs: number): Promise<void> {
    const until = Date.now() + deadlineMs;
    parts.http?.stopAccepting();
    parts.onlookers?.operations?.routes.stop();
    await parts.replicas?.leave();
    await parts.git?.stop();
    if (!parts.runtime && starting) await starting.catch(() => null);
    const lastWords = Math.min(parts.onlookers?.lastWordsMs ?? 0, deadlineMs * LAST_WORDS_SHARE);
    await parts.runtime?.stop(Math.max(1000, until - lastWords - Date.now()));
    await parts.onlookers?.stop(Math.max(0, until - Date.now()));
    await closeParts(parts);
  }

  return {
    index,
    blame: (nodeId) => parts.sandbox?.blame(nodeId)?.flowLabel ?? null,
    start() {
      starting ??= run();
      return starting;
    },
    stop(deadlineMs) {
      stopping ??= shutDown(deadlineMs);
      return stopping;
    },
  };
}

async function build(
  config: Config,
  logs: Logs,
  index: FlowIndex,
  parts: Parts,
  isStopping: () => boolean,
  onLost: (reason: string) => void,
): Promise<void> {
  const dataDir = config.data.dir;
  const policy = nodePolicy(config.nodesAllow, dataDir);
  if (policy.opened.length > 0)
    logs.of('sandbox').warn(`REDSTART_NODES_ALLOW lets flows use ${policy.opened.join(', ')}`);
  await prepareDataFolder(dataDir);
  parts.lock = lockDataFolder(join(dataDir, DATA_FILES.lock));
  keepCompiledCode(dataDir);
  const trail = openAuditTrail(config, join(dataDir, DATA_FILES.audit), logs.of('audit'));
  parts.audit = trail;
  const metering =
    config.metrics === 'off'
      ? null
      : createMetering({
          index,
          runtime: () => parts.runtime,
          storeFault: () => parts.state?.probe() ?? null,
          held: () => parts.sandbox?.held().length ?? 0,
          git: () => parts.git,
          spans: () => parts.onlookers?.traces?.counts() ?? null,
        });
  const audit = metering?.audit(trail) ?? trail;
  audit.record({ event: 'config', version: version(), settings: config.effective });
  const logControl = createLogControl({
    logs,
    configured: config.log,
    requestFile: join(dataDir, DATA_FILES.logLevelRequest),
    audit,
  });
  parts.logControl = logControl;
  const ring = await openSecret(config, { logger: logs.of('secrets'), audit });
  if (config.simulator) parts.simulator = await (await import('../../simulator/index.ts')).createSimulator({});
  const connections = createConnections(config, parts.simulator?.url ?? null, logs.of('connections'));
  parts.connections = connections;

  const connectionNodes = managedNodes(
    Object.entries(connections.managed.connections).map(([id, connection]) => ({ id, ...connection })),
  );
  const git = await openGitSource({ config, logger: logs.of('git'), audit });
  parts.git = git;
  const files = withNames(
    createFlowStore({
      ...config.flows,
      git: config.git,
      removedDir: join(dataDir, DATA_FILES.removedFlows),
      managedNodes: connectionNodes,
    }),
    { dir: config.flows.dir, environment: config.environment },
  );
  const sandbox = createSandbox({
    config,
    policy,
    flows: git?.pushing(files) ?? files,
    simulatorUrl: parts.simulator?.url ?? null,
    logger: logs.of('sandbox'),
    audit,
    index,
  });
  parts.sandbox = sandbox;
  const audited = auditFlows(sandbox.flows, {
    audit,
    deployersFile: join(dataDir, DATA_FILES.deployers),
    logger: logs.of('audit'),
  });
  const flows = withReferences(audited);
  const recordWrite = recordPlatformWrites({ audit, place: index.place, deployerOf: audited.deployerOf });
  // Before anything runs: Node-RED swallows this error, and would look healthy with no flows.
  await flows.load();
  if (flows.files.length === 0)
    logs.of('flows').warn({ dir: config.flows.dir }, 'the flows folder holds no flow file (*.json): nothing will run');

  const replicas = config.replicas && new Replicas({ config: config.replicas, logger: logs.of('cluster'), onLost });
  parts.replicas = replicas;
  const state = replicas?.store ?? openState(join(dataDir, DATA_FILES.state), logs.of('state'));
  parts.state = state;
  await replicas?.open();
  const store = createStoreProbe({
    async write() {
      await probeWrite(dataDir);
      const fault = state.probe();
      if (fault) throw new Error(fault);
    },
  });
  const storage = createStorageModule({
    dataDir,
    ...(replicas && { asRun: (nodes) => replicas.share(nodes) }),
    flows,
    ring,
    managedIds: connectionNodes.map(({ id }) => id),
  });
  let runtime: Runtime | null = null;
  const refused = createRefusedDeploys({
    flows: { plan: (nodes) => flows.plan(replicas?.unshare(nodes) ?? nodes) },
    limit: API_MAX_LENGTH,
    message: readonlyMessage(config.git),
    userOf: (request) => identityOf(request)?.user ?? null,
  });
  const auth = await createAuth({
    config,
    logger: logs.of('auth'),
    audit,
    dataDir,
    ring,
    refuseChange: refused.refuse,
  });
  parts.auth = auth;
  const onlookers = await createOnlookers({
    config,
    logs,
    auth,
    index,
    managed: connections.managed,
    state,
    sandbox,
    deployerOf: audited.deployerOf,
    git,
    replicas,
    runtime: () => parts.runtime,
    logLevels: logControl.state,
    metering,
    recordWrite,
  });
  parts.onlookers = onlookers;
  Object.assign(connections.managed, onlookers.observer);
  const http = await createHttpServer({
    config,
    logger: logs.of('http'),
    dataDir,
    auth,
    audit,
    // Node-RED is mounted before its nodes are there.
    starting: () => runtime?.ready().reasons.includes('starting') ?? true,
    health: { ready: () => runtime?.ready() ?? { ok: false, reasons: ['starting'] } },
    status: onlookers.operations?.routes.handle ?? null,
    ...(git && { own: git.routes }),
    ...(metering && { metrics: metering.metrics }),
    ...(replicas && { elsewhere: replicas }),
  });
  parts.http = http;
  if (isStopping()) return;
  runtime = createRuntime({
    server: http.server,
    editor: auth !== null,
    policy,
    index,
    follower: onlookers.traces?.follower ?? null,
    recipients: onlookers.operations?.paths ?? null,
    flowFault: () => flows.fault,
    fileOf: flows.fileOf,
    stopped: sandbox,
    beforeFlows: sandbox.arm,
    store,
    ...(replicas && { standby: () => replicas.standby }),
    connections: http,
    logs,
    audit,
    prepare(red) {
      resolveNodeCredentials(red, {
        secrets: createSecretFiles({ ...config.secrets, logger: logs.of('secrets') }),
        describe: index.describe,
      });
      registerStandIns(red, policy);
    },
    settings: ({ logHandler, setFlowState }) => {
      const flowState = createFlowState({ setState: setFlowState, audit, logger: logs.of('runtime') });
      return nodeRedSettings({
        config,
        credentialSecret: ring.current,
        storageModule: storage,
        managed: connections.managed,
        webhooks: http.webhooks,
        durable: {
          module: () =>
            createContextStore(state, {
              cleans: (config.replicas?.shards ?? 1) === 1,
              ...(metering && { onWritten: metering.stored }),
            }),
        },
        logHandler: onlookers.log(logHandler),
        adminAuth: auth?.adminAuth ?? null,
        adminMiddleware: auth
          ? [
              auth.gate,
              rememberAddress(addressOf),
              refused.download,
              flowState.route,
              logControl.route,
              deployGuard(flows),
              telemetryLock,
            ]
          : [],
        flowState: () => (replicas?.standby ? 'stop' : flowState.current()),
        functionTimeLimit: sandbox.functionTimeLimit,
      });
    },
  });
  const running = runtime;
  git?.deployWith(async () => {
    const before = flows.references;
    const loaded = { flows: await storage.getFlows(), credentials: await storage.getCredentials() };
    // Neither names nor references to secrets are in what Node-RED compares.
    await running.deploy(loaded, files.namesChanged || !sameJson(before, flows.references));
  });
  parts.runtime = runtime;
  http.mountNodeRed(runtime);
  // Before any flow starts: if the port is taken, another instance is likely running these very flows.
  await http.listen();
}

async function closeParts(parts: Parts): Promise<void> {
  await parts.onlookers?.stop(0);
  await parts.git?.stop();
  parts.connections?.close();
  parts.logControl?.close();
  await parts.http?.close();
  parts.replicas?.close();
  await parts.auth?.close();
  await parts.onlookers?.operations?.close();
  // After Node-RED: nodes save what they hold when they close.
  await parts.state?.close();
  parts.sandbox?.close();
  parts.audit?.record({ event: 'stop' });
  parts.audit?.close();
  await parts.simulator?.close();
  parts.lock?.release();
  parts.lock = null;
}
