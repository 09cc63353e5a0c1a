import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { LogHandler, ManagedConnections } from '../../settings/node-red-settings.ts';
import type { Deployer } from '../audit/audited-flows.ts';
import { redact } from '../config/redact.ts';
import { type FlowNode, titleOf } from '../flows/flow-node.ts';
import type { GitStatus } from '../git/git-follower.ts';
import { NOT_READY, type NotReady } from '../http/not-ready.ts';
import type { NodeObserver, PollReport } from '../node-reports.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import type { StateStore } from '../state/state-store.ts';
import { CallBook } from './call-book.ts';
import { History, hourOf } from './history.ts';
import { MessagePaths } from './message-paths.ts';
import { ProcessSamples, SAMPLE_SECONDS } from './process-samples.ts';
import { placeOf, RunBook } from './run-book.ts';
import type {
  ConnectionEntry,
  EndedRun,
  FailureEntry,
  FlowEntry,
  PollEntry,
  RunDetail,
  StatusReport,
} from './status-schema.ts';
import { TokenChecks, UNKNOWN } from './token-checks.ts';

export interface OperationsOptions {
  version: string;
  /** For asking the Platform about tokens. */
  fetch: typeof fetch;
  logger: Logger;
  index: FlowIndex;
  managed: ManagedConnections;
  store: StateStore;
  /** File of the store; null: it is a database elsewhere. */
  storeFile: string | null;
  /** Null until there is a runtime. */
  ready(): { ok: boolean; reasons: readonly NotReady[] } | null;
  /** Another replica runs the flows, and keeps the history. */
  standby(): boolean;
  messagesInFlight(): number;
  stopped: {
    refused(): readonly { flow: string; nodeType: string; group: string }[];
    held(): readonly { flow: string; cause: string; at: string }[];
  };
  deployerOf(flow: string): Deployer;
  git: (() => GitStatus) | null;
  replicas: (() => StatusReport['replicas']) | null;
  logLevels(): StatusReport['log'];
  notifications(): StatusReport['notifications'];
  now?: () => number;
}

/** Parts of the report that are sent anew only when they changed. */
export type Section = Exclude<keyof StatusReport, 'runs'>;

const HOURS = 24;
const HOUR_MS = 3_600_000;
const MOST_RUNS = 5000;
const MOST_ENDED = 500;
const MOST_FAILURES = 100;
const MOST_PLACES = 2000;
const CLOSE_MS = 2000;
/** Node-RED's level: 20 and below are errors. */
const ERROR = 20;

const iso = (ms: number): string => new Date(ms).toISOString();

/** What an operator wants to know, collected as it happens: counting here must cost the message path nothing to speak of. */
export class Operations {
  readonly #options: OperationsOptions;
  readonly #now: () => number;
  readonly #startedAt: string;
  readonly #calls: CallBook;
  readonly #history: History;
  readonly #runs: RunBook;
  /** Is told of each message that a node receives. */
  readonly paths: MessagePaths;
  readonly #tokens: TokenChecks;
  readonly #samples = new ProcessSamples();
  readonly #errors = new Map<string, { count: number; last: NonNullable<FlowEntry['lastError']> }>();
  readonly #polls = new Map<string, PollReport & { sum: number }>();
  #storeBytes: number | null = null;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#startedAt = iso(this.#now());
    this.#calls = new CallBook(this.#now);
    this.#history = new History({
      store: options.store,
      now: this.#now,
      active: () => !options.standby(),
      onUnsaved: (error) => options.logger.warn({ err: error }, 'the history of the operations page cannot be kept'),
    });
    this.paths = new MessagePaths(options.index);
    const { paths } = this;
    this.#runs = new RunBook({ place: options.index.place, history: this.#history, paths, now: this.#now });
    this.#tokens = new TokenChecks({ now: this.#now, fetch: options.fetch, changed: () => {} });
  }

  /** For the settings that nodes read. */
  readonly observer: NodeObserver = {
    onWrite: (node, write) => this.#runs.wrote(node, write),
    onCall: (call) => {
      this.#calls.add(call);
      this.#runs.called(call);
    },
    onWatch: (node, watch) => this.#runs.watched(node, watch),
    onPoll: (node, poll) => {
      const sum = (this.#polls.get(node)?.sum ?? 0) + (poll.found ?? 0);
      if (this.#polls.size < MOST_PLACES || this.#polls.has(node)) this.#polls.set(node, { ...poll, sum });
    },
  };

  /** The same handler, with errors of nodes taken note of. */
  log(handler: LogHandler): LogHandler {
    return (message) => {
      handler(message);
      const { level, id, msg } = message;
      if (level > ERROR || id === undefined) return;
      const { flow } = this.#options.index.place(id);
      if (flow === undefined) return;
      const { node, nodeLabel } = placeOf(this.#options.index.place(id));
      const last = { at: iso(this.#now()), text: textOf(msg), node, nodeLabel };
      const count = (this.#errors.get(flow)?.count ?? 0) + 1;
      if (this.#errors.size < MOST_PLACES || count > 1) this.#errors.set(flow, { count, last });
    };
  }

  /** Grows with each change of what is followed. */
  get revision(): number {
    return this.#runs.revision;
  }

  changedSince(revision: number): StatusReport['runs'] {
    return this.#runs.changedSince(revision);
  }

  keys(): Iterable<string> {
    return this.#runs.keys();
  }

  detail(key: string): RunDetail | null {
    this.#history.load();
    return this.#runs.detail(key);
  }

  report(): StatusReport {
    return { ...this.sections(), runs: this.#runs.runs(MOST_RUNS) };
  }

  sections(): Omit<StatusReport, 'runs'> {
    this.#history.load();
    const { version, store, storeFile, messagesInFlight } = this.#options;
    const now = this.#now();
    const ready = this.#options.ready();
    const reasons = ready ? ready.reasons : (['starting'] as const);
    // Asking it is a write, and every probe of the readiness does so anyway.
    const fault = ready?.reasons.includes('store_not_writing') ? store.probe() : null;
    this.#measureStore();
    const { ended, failures } = this.#past(now);
    return {
      at: iso(now),
      startedAt: this.#startedAt,
      version,
      ready: ready?.ok ?? false,
      reasons: reasons.map((code) => ({ code, message: NOT_READY[code] })),
      replicas: this.#options.replicas?.() ?? null,
      connections: this.#connections(),
      following: this.#runs.size,
      ended,
      ...this.#charts(now),
      failures,
      flows: this.#flows(),
      git: this.#git(),
      polls: this.#pollEntries(),
      store: { kind: storeFile === null ? 'postgresql' : 'sqlite', bytes: this.#storeBytes, fault },
      log: this.#options.logLevels(),
      notifications: this.#options.notifications(),
      process: {
        everySeconds: SAMPLE_SECONDS,
        lagMs: [...this.#samples.lagMs],
        memoryBytes: [...this.#samples.memoryBytes],
        messagesInFlight: messagesInFlight(),
      },
    };
  }

  /** Resolves when the history is on disk, or after a moment: a stop does not wait for a database that is away. */
  async close(): Promise<void> {
    this.#samples.stop();
    this.#tokens.stop();
    let patience: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.#history.close(), enough]).finally(() => clearTimeout(patience));
  }

  #past(now: number): { ended: EndedRun[]; failures: FailureEntry[] } {
    const since = iso(now - HOURS * HOUR_MS);
    const ended: EndedRun[] = [];
    const failures: FailureEntry[] = [];
    for (const entry of this.#history.entries()) {
      if (ended.length >= MOST_ENDED && failures.length >= MOST_FAILURES) break;
      if (entry.type === 'launch') failures.push(entry.failure);
      else {
        const { run } = entry.kept;
        if (run.endedAt >= since && ended.length < MOST_ENDED) ended.push(run);
        if (run.outcome === 'failed' || run.outcome === 'lost') failures.push(failureOf(run));
      }
    }
    return { ended, failures: failures.slice(0, MOST_FAILURES) };
  }

  #charts(now: number): Pick<StatusReport, 'outcomes' | 'launches'> {
    const hours = Array.from({ length: HOURS }, (_, index) => hourOf(now) - (HOURS - 1 - index) * HOUR_MS);
    return {
      outcomes: hours.map((start) => ({ hour: iso(start), ...this.#history.hour(start).ended })),
      launches: hours.map((start) => ({ hour: iso(start), ...this.#history.hour(start).launches })),
    };
  }

  #connections(): ConnectionEntry[] {
    const { managed, index } = this.#options;
    const environment = Object.entries(managed.connections).map(([id, { name, baseUrl, workspaceId, token }]) => ({
      id,
      name,
      workspaceId,
      platform: hostOf(baseUrl),
      managed: true,
      token: this.#tokens.of(id, { baseUrl, workspaceId, token }),
      calls: this.#calls.of(hostOf(baseUrl)),
    }));
    const ofFlows = index
      .nodes()
      .filter(({ id, type }) => type === 'seqera-config' && !Object.hasOwn(managed.connections, id))
      .map((node) => ({
        id: node.id,
        name: titleOf(node),
        workspaceId: node.workspaceId ? String(node.workspaceId) : null,
        platform: hostOf(node.baseUrl),
        managed: false,
        token: UNKNOWN,
        calls: this.#calls.of(hostOf(node.baseUrl)),
      }));
    return [...environment, ...ofFlows];
  }

  #flows(): FlowEntry[] {
    const { index, stopped, deployerOf } = this.#options;
    const nodes = index.nodes();
    const sizes = new Map<string, number>();
    for (const { z } of nodes) if (z) sizes.set(z, (sizes.get(z) ?? 0) + 1);
    const following = this.#runs.byFlow();
    const held = new Map(stopped.held().map((hold) => [hold.flow, hold]));
    const refused = new Map(stopped.refused().map((flow) => [flow.flow, flow]));
    // Whatever keeps all of them from running.
    const none = this.#options
      .ready()
      ?.reasons.some((code) => /^flows_(?:stopped|missing|failed)|^starting/.test(code));
    const tabs = nodes.filter(({ type }) => type === 'tab');
    const there = new Set(nodes.map(({ id }) => id));
    for (const flow of this.#errors.keys()) if (!there.has(flow)) this.#errors.delete(flow);
    return tabs.map((tab: FlowNode): FlowEntry => {
      const [hold, refusal, errors] = [held.get(tab.id), refused.get(tab.id), this.#errors.get(tab.id)];
      const deployer = deployerOf(tab.id);
      const editor = deployer.by === 'editor' ? deployer : null;
      return {
        id: tab.id,
        label: titleOf(tab),
        state: hold
          ? 'held back'
          : refusal
            ? 'refused'
            : tab.disabled === true
              ? 'disabled'
              : none
                ? 'not running'
                : 'running',
        why: hold
          ? `${HELD[hold.cause] ?? hold.cause} (${hold.at})`
          : refusal
            ? `it uses ${refusal.nodeType}, which is off: REDSTART_NODES_ALLOW=${refusal.group}`
            : null,
        nodes: sizes.get(tab.id) ?? 0,
        following: following.get(tab.id) ?? 0,
        errors: errors?.count ?? 0,
        lastError: errors?.last ?? null,
        deployed: { by: deployer.by, user: editor?.user ?? null, at: editor?.at ?? null },
      };
    });
  }

  #git(): StatusReport['git'] {
    const git = this.#options.git?.();
    if (!git) return null;
    const { url, ref, revision, deployed, appliedAt, checkedAt, lastError } = git;
    const error = lastError && redact(`${lastError.code}: ${lastError.message}`);
    return { url: redact(url), ref, revision, deployed, appliedAt, checkedAt, error };
  }

  #pollEntries(): PollEntry[] {
    const there = new Set(this.#options.index.nodes().map(({ id }) => id));
    const entries: PollEntry[] = [];
    for (const [node, { at, next, found, error, sum }] of this.#polls) {
      const place = this.#options.index.place(node);
      // Those of subflows have an id of their own.
      if (!there.has(node) && place.nodeType === undefined) this.#polls.delete(node);
      else
        entries.push({
          ...placeOf(place),
          at: iso(at),
          next: iso(next),
          found: found ?? null,
          foundSinceStart: sum,
          error: error ?? null,
        });
    }
    return entries;
  }

  /** The figure of a moment ago will do. */
  #measureStore(): void {
    const { storeFile } = this.#options;
    if (storeFile === null) return;
    const sizes = ['', '-wal'].map((suffix) =>
      stat(storeFile + suffix).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    void Promise.all(sizes).then((all) => {
      this.#storeBytes = all.reduce((sum, size) => sum + size, 0);
    });
  }
}

const HELD: Record<string, string> = {
  exception: 'it ended the program with an exception that nobody caught',
  loop: 'it kept everything else waiting',
  stall: 'the program died while it kept everything else waiting',
};

function failureOf(run: EndedRun): FailureEntry {
  const { key, name, id, endedAt, reason, page, node, nodeLabel, flow, flowLabel } = run;
  return { at: endedAt, kind: 'run', title: name ?? id, reason, key, page, node, nodeLabel, flow, flowLabel };
}

const hostOf = (url: unknown): string => (typeof url === 'string' ? (URL.parse(url)?.host ?? '') : '');

function textOf(message: unknown): string {
  const text =
    typeof message === 'object' && message !== null && 'message' in message ? String(message.message) : String(message);
  return redact(text).slice(0, 300);
}
