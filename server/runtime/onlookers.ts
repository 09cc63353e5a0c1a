import type { LogHandler, ManagedConnections } from '../../settings/node-red-settings.ts';
import type { AuditedFlowStore } from '../audit/audited-flows.ts';
import type { Auth } from '../auth/index.ts';
import type { Replicas } from '../cluster/replicas.ts';
import type { Config } from '../config/index.ts';
import type { GitSource } from '../git/git-source.ts';
import type { NodeObserver } from '../node-reports.ts';
import type { Notifications } from '../notifications/create-notifications.ts';
import { createOperations, type OperationsPage } from '../operations/create-operations.ts';
import type { StatusReport } from '../operations/status-schema.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Traces } from '../traces/create-traces.ts';
import { openTraces } from '../traces/open-traces.ts';
import type { FlowIndex } from './flow-index.ts';
import type { Logs } from './logs.ts';
import type { Metering } from './metering.ts';
import type { Runtime } from './runtime.ts';

export interface OnlookersOptions {
  config: Config;
  logs: Logs;
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
  metering: Metering | null;
  /** Is told of everything that nodes change on the Platform. */
  recordWrite: NodeObserver['onWrite'];
}

/** Everything that watches what flows do, and tells people of it. */
export interface Onlookers {
  operations: OperationsPage | null;
  traces: Traces | null;
  /** For the settings that nodes read. */
  observer: Partial<NodeObserver>;
  /** The same handler, with all of them listening. */
  log(handler: LogHandler): LogHandler;
  /** Flows run: from now on somebody is told of failures. */
  start(): void;
  /** What `stop` is to be left of the time that the program has to stop. */
  readonly lastWordsMs: number;
  /** No flow runs any more. Sends what is still to be sent, within so many milliseconds. */
  stop(withinMs: number): Promise<void>;
}

/** For one message to a receiver, and to keep that it was told. */
const LAST_WORDS_MS = 2500;

/** What is not configured is not loaded. */
export async function createOnlookers(o: OnlookersOptions): Promise<Onlookers> {
  const { config, logs, index, metering, recordWrite } = o;
  let notifications: Notifications | null = null;
  const operations = createOperations({
    ...o,
    logger: logs.of('operations'),
    notifications: () => notifications?.state() ?? null,
  });
  const traces = await openTraces(config, index, logs.of('traces'));
  if (config.notifications) {
    const { createNotifications } = await import('../notifications/create-notifications.ts');
    const { notifications: own } = config;
    const metrics = metering?.metrics ?? null;
    notifications = createNotifications({ ...o, notifications: own, logger: logs.of('notifications'), metrics });
  }
  const listeners = [operations, notifications, traces];
  const first: Partial<NodeObserver> = metering?.observer(recordWrite) ?? { onWrite: recordWrite };
  return {
    operations,
    traces,
    observer: listeners.reduce((told, each) => each?.observer(told) ?? told, first),
    log: (handler) => [metering, operations, notifications].reduce((told, each) => each?.log(told) ?? told, handler),
    start: () => notifications?.start(),
    lastWordsMs: notifications || traces ? LAST_WORDS_MS : 0,
    async stop(withinMs) {
      await Promise.all([notifications?.stop(withinMs), traces?.stop(withinMs)]);
    },
  };
}
