import { join } from 'node:path';
import type { Logger } from 'pino';
import type { LogHandler, ManagedConnections } from '../../settings/node-red-settings.ts';
import type { AuditedFlowStore } from '../audit/audited-flows.ts';
import type { Auth } from '../auth/index.ts';
import type { Replicas } from '../cluster/replicas.ts';
import type { Config } from '../config/index.ts';
import { DATA_FILES } from '../flows/storage-module.ts';
import type { GitSource } from '../git/git-source.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ownFetch } from '../sandbox/own-fetch.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { StateStore } from '../state/state-store.ts';
import { version } from '../version.ts';
import type { MessagePaths } from './message-paths.ts';
import { Operations } from './operations.ts';
import { type StatusRoutes, statusRoutes } from './routes.ts';
import type { StatusReport } from './status-schema.ts';

export interface OperationsPage {
  routes: StatusRoutes;
  /** What nodes tell: to the listener given, and to the page. */
  observer<T extends object>(other: T): T;
  log(handler: LogHandler): LogHandler;
  /** To be told of each message that a node receives. */
  paths: Pick<MessagePaths, 'received'>;
  /** Resolves when its history is on disk. */
  close(): Promise<void>;
}

/** Null when nobody signs in: then nobody may look. */
export function createOperations(o: {
  config: Config;
  logger: Logger;
  auth: Auth | null;
  index: FlowIndex;
  managed: ManagedConnections;
  state: StateStore;
  sandbox: Sandbox;
  deployerOf: AuditedFlowStore['deployerOf'];
  git: GitSource | null;
  replicas: Replicas | null;
  runtime(): Runtime | null;
  logLevels(): StatusReport['log'];
  notifications(): StatusReport['notifications'];
}): OperationsPage | null {
  const { auth, config, git, replicas } = o;
  if (auth === null) return null;
  const operations = new Operations({
    version: version(),
    fetch: ownFetch(config.proxy),
    logger: o.logger,
    index: o.index,
    managed: o.managed,
    store: o.state,
    storeFile: replicas ? null : join(config.data.dir, DATA_FILES.state),
    ready: () => o.runtime()?.ready() ?? null,
    standby: () => replicas?.standby ?? false,
    messagesInFlight: () => o.runtime()?.messages.inFlight() ?? 0,
    stopped: o.sandbox,
    deployerOf: o.deployerOf,
    git: git && (() => git.status()),
    replicas: replicas && (() => replicas.members()),
    logLevels: o.logLevels,
    notifications: o.notifications,
  });
  return {
    routes: statusRoutes({
      operations,
      bearers: auth.bearers,
      editorPath: config.server.editorPath,
      tokenUsed: auth.tokenUsed,
    }),
    observer: (other) => both(other, operations.observer),
    paths: operations.paths,
    log: (handler) => operations.log(handler),
    close: () => operations.close(),
  };
}

type Listener = (...told: unknown[]) => void;

/** Both are told; the second one also when the first one failed. */
export function both<T extends object>(first: T, second: object): T {
  const [one, two] = [first, second] as [Record<string, Listener>, Record<string, Listener>];
  const names = new Set([...Object.keys(one), ...Object.keys(two)]);
  const tell =
    (name: string): Listener =>
    (...told) => {
      try {
        one[name]?.(...told);
      } finally {
        two[name]?.(...told);
      }
    };
  return Object.fromEntries([...names].map((name) => [name, tell(name)])) as T;
}
