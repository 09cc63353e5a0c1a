import type { Logger } from 'pino';
import type { LogHandler, ManagedConnections } from '../../settings/node-red-settings.ts';
import type { Replicas } from '../cluster/replicas.ts';
import type { Config, NotificationsConfig } from '../config/index.ts';
import type { GitSource } from '../git/git-source.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { NodeObserver } from '../node-reports.ts';
import { both } from '../operations/create-operations.ts';
import { TokenChecks } from '../operations/token-checks.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import { faultNode, messageOf } from '../runtime/process-faults.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ownFetch } from '../sandbox/own-fetch.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { StateStore } from '../state/state-store.ts';
import { ApplianceSignals } from './appliance-signals.ts';
import { ConnectionSignals } from './connection-signals.ts';
import { takeFailedStarts } from './failed-start.ts';
import { FlowSignals } from './flow-signals.ts';
import { INCIDENTS_SCOPE, type Incident, IncidentBook } from './incident-book.ts';
import type { SubjectKind } from './notice.ts';
import { RunNews } from './run-news.ts';
import { applianceName } from './send-message.ts';
import { Sender, type SenderState } from './sender.ts';

const LOOK_MS = 1000;
/** Of the time that a stop has: for sending, and at most and at least for what is then to be on disk. */
const SEND_MS = 2000;
const SAVE_MS = { most: 2000, least: 250 };

export interface Notifications {
  /** What nodes tell: to the listener given, and to this. */
  observer<T extends object>(other: T): T;
  log(handler: LogHandler): LogHandler;
  state(): SenderState;
  /** From now on somebody is told. */
  start(): void;
  /**
   * Tells what is due, and resolves when what was told is on disk, or the time is over. The same promise when called
   * again.
   */
  stop(withinMs: number): Promise<void>;
}

export interface NotificationsOptions {
  config: Config;
  notifications: NotificationsConfig;
  logger: Logger;
  index: FlowIndex;
  managed: ManagedConnections;
  state: StateStore;
  sandbox: Sandbox;
  git: GitSource | null;
  replicas: Replicas | null;
  metrics: Metrics | null;
  runtime(): Runtime | null;
}

const TOPICS: Record<SubjectKind, NotificationsConfig['on'][number]> = {
  flow: 'flows',
  node: 'flows',
  connection: 'connections',
  git: 'git',
  appliance: 'appliance',
};

export function createNotifications(o: NotificationsOptions): Notifications {
  const { config, notifications, logger, index, git, replicas, metrics, state: store } = o;
  const { on, recoveryMs, intervalMs } = notifications;
  const now = (): number => Date.now();
  const fetch = ownFetch(config.proxy);
  const { publicUrl, editorPath } = config.server;
  const appliance = applianceName(config);
  /** Without a way to sign in there is neither page. */
  const pages = config.auth === null ? null : publicUrl;
  const linkOf = ({ kind, id, problem }: Incident): string | null => {
    if (pages === null) return null;
    if (kind === 'flow') return `${pages}${editorPath}/#flow/${encodeURIComponent(id)}`;
    return kind === 'node' && problem === 'errors' ? `${pages}${editorPath}/` : null;
  };

  /** Several replicas share the work; each tells of its own. What concerns all of them is told by the first. */
  let shard: number | null = null;
  const book = new IncidentBook({
    store,
    now,
    intervalMs,
    wants: (kind) => on.includes(TOPICS[kind]) && (TOPICS[kind] === 'flows' || shard === 0),
    onUnsaved: (error) => logger.warn({ err: error }, 'what was notified of cannot be kept'),
  });
  const flows = new FlowSignals({
    book,
    index,
    now,
    recoveryMs,
    taken: (node) => o.runtime()?.messages.received(node) ?? 0,
    held: () => o.sandbox.held(),
    shared: (config.replicas?.shards ?? 1) > 1,
  });
  const checks = new TokenChecks({ now, fetch, changed: () => {} });
  const connections = new ConnectionSignals({ book, managed: o.managed, checks, now });
  const whole = new ApplianceSignals({
    book,
    store,
    now,
    recoveryMs,
    appliance,
    failedStarts: () => takeFailedStarts(config.data.dir, now()),
    ready: () => o.runtime()?.ready() ?? null,
    git: git && (() => git.status()),
  });
  const news =
    on.includes('runs') || on.includes('failed-runs')
      ? new RunNews({ all: on.includes('runs'), place: index.place, now })
      : null;
  const sender = new Sender({
    config: notifications,
    book,
    news,
    fetch,
    appliance,
    statusPage: pages && `${pages}/status`,
    linkOf,
    logger,
    now,
    tried: (outcome, count) => metrics?.notified(outcome, count),
  });

  const watchesConnections = on.includes('connections');
  const observer: Partial<NodeObserver> = {
    ...(watchesConnections && { onCall: (call) => connections.called(call) }),
    ...news?.observer,
  };
  // A promise that a flow forgot about is a failure of that flow. The program goes on: process-faults.ts says so.
  const rejected = (reason: unknown): void => {
    const node = faultNode(reason);
    if (node !== undefined) flows.failed(node, messageOf(reason));
  };

  // What stops because of one has not been stopped: the next start is to tell so.
  let crashed = false;
  const crashes = (): void => {
    crashed = true;
  };

  /** Takes up what was told before, as soon as this process is the one that tells. False while another one is. */
  function leads(): boolean {
    const held = replicas === null ? [0] : replicas.leads;
    const first = held.length === 0 ? null : Math.min(...held);
    if (first === shard) return first !== null;
    shard = first;
    if (first === null) return false;
    book.load(first === 0 ? INCIDENTS_SCOPE : `${INCIDENTS_SCOPE}:${first}`);
    if (first === 0) whole.began();
    return true;
  }

  function look(): void {
    try {
      if (!leads()) return;
      if (o.runtime()?.ready().reasons.includes('starting') ?? true) return;
      flows.look();
      if (shard === 0) {
        if (watchesConnections) connections.look();
        whole.look();
      }
      void sender.pump();
    } catch (error) {
      // Whatever is wrong with telling, what is told of goes on.
      logger.error({ err: error }, 'what fails cannot be looked at for notifications');
    }
  }

  let timer: NodeJS.Timeout | null = null;
  let stopping: Promise<void> | null = null;
  async function shutDown(withinMs: number): Promise<void> {
    const until = now() + withinMs;
    if (timer) clearInterval(timer);
    process.removeListener('unhandledRejection', rejected);
    process.removeListener('uncaughtExceptionMonitor', crashes);
    checks.stop();
    if (timer && leads()) await sender.stop(Math.min(SEND_MS, Math.max(0, withinMs - SAVE_MS.least)));
    const saved = new Promise<void>((resolve) => {
      book.flush(() => (shard === 0 && !crashed ? whole.ended(resolve) : resolve()));
    });
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, Math.min(SAVE_MS.most, Math.max(SAVE_MS.least, until - now())));
    });
    await Promise.race([saved, enough]).finally(() => clearTimeout(patience));
  }

  return {
    observer: (other) => both(other, observer),
    log: (handler) => (message) => {
      handler(message);
      if (!FlowSignals.isError(message)) return;
      // Flows may fail before anybody looks, as early as they start.
      leads();
      flows.logged(message);
    },
    state: () => sender.state(),
    start() {
      process.on('unhandledRejection', rejected);
      process.on('uncaughtExceptionMonitor', crashes);
      leads();
      timer = setInterval(look, LOOK_MS).unref();
    },
    stop(withinMs) {
      stopping ??= shutDown(withinMs);
      return stopping;
    },
  };
}
