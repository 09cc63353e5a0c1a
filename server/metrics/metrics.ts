import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { CallReport, PollReport, WatchReport, WriteReport } from '../node-reports.ts';
import { DurationHistogram } from './duration-histogram.ts';

/** What is known only when somebody asks. */
export interface Snapshot {
  ready: boolean;
  standby: boolean;
  storeFault: boolean;
  flows: { running: number; held: number; disabled: number };
  messagesInFlight: number;
  /** Null: flows do not come from git. */
  git: { revision: string | null; checkedAt: string | null; appliedAt: string | null; failing: boolean } | null;
  /** Of traces, since the start. Null: there are none. */
  spans?: { sent: number; lost: number } | null;
  /** Messages that nodes received since the last time. */
  messages: readonly { flow: string; type: string; count: number }[];
}

type RequestLabels = Record<'area' | 'route' | 'method' | 'status', string>;

interface CountedRequests {
  readonly labels: RequestLabels;
  count: number;
}

/** Label values come from flows and callers, so their number is bounded: what is over the bound is `other`. */
const MOST_VALUES = 500;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Everything that is counted, in one registry. Recording is a few map look-ups; what is expensive waits until it is asked for. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #snapshot: () => Snapshot;
  readonly #seen = new Map<string, Set<string>>();
  readonly #http;
  /** Since the metrics were last asked for. */
  readonly #requests = new Map<string, CountedRequests>();
  /** The next request is mostly like it: comparing costs less than looking up what all of it is put together to. */
  #lastRequest: { area: string; route: string; method: string; status: number; counted: CountedRequests } | null = null;
  readonly #httpSeconds;
  readonly #messages;
  readonly #errors;
  readonly #calls;
  readonly #callSeconds;
  readonly #callWait;
  readonly #launches;
  readonly #ends;
  readonly #polls;
  readonly #found;
  readonly #deploys;
  readonly #refusals;
  readonly #git;
  readonly #watches = new Map<string, Set<string>>();
  /** When the next poll of a node is due. */
  readonly #due = new Map<string, number>();
  readonly #storeSeconds;
  readonly #notifications;

  constructor(version: string, snapshot: () => Snapshot) {
    this.#snapshot = snapshot;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Counter({ name, help, labelNames, registers });
    const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
      new Histogram({ name, help, labelNames, buckets: SECONDS, registers });
    this.#http = counter(
      'redstart_http_requests_total',
      'Requests by area, route of the flows, method and status.',
      'area',
      'route',
      'method',
      'status',
    );
    this.#httpSeconds = new DurationHistogram({
      name: 'redstart_http_request_duration_seconds',
      help: 'From the arrival of a request to the end of its answer.',
      label: 'area',
      bounds: SECONDS,
      registry: this.#registry,
    });
    this.#messages = counter('redstart_messages_total', 'Messages that nodes received.', 'flow', 'type');
    this.#errors = counter('redstart_node_errors_total', 'Errors of nodes.', 'flow', 'type');
    this.#calls = counter(
      'redstart_platform_requests_total',
      'Calls to the Platform; retry is true for the second and later tries.',
      'platform',
      'method',
      'endpoint',
      'status',
      'retry',
    );
    this.#callSeconds = histogram(
      'redstart_platform_request_duration_seconds',
      'From sending a call to its answer.',
      'platform',
      'endpoint',
    );
    this.#callWait = histogram(
      'redstart_platform_queue_wait_seconds',
      'How long calls waited for the budget of calls a second.',
      'platform',
    );
    this.#launches = counter('redstart_launches_total', 'Launches of runs, by outcome.', 'outcome');
    this.#ends = counter(
      'redstart_watches_ended_total',
      'Runs and studios that were followed to their end.',
      'kind',
      'status',
    );
    this.#polls = counter('redstart_polls_total', 'Polls of data links and runs.', 'outcome');
    this.#found = counter('redstart_poll_found_total', 'New things that polls found.');
    this.#deploys = counter('redstart_deploys_total', 'Deploys of the flows.', 'outcome');
    this.#refusals = counter('redstart_refusals_total', 'Callers that were refused.', 'area', 'reason');
    this.#git = counter('redstart_git_changes_total', 'Revisions and deploys of flows from git.', 'outcome', 'code');
    this.#notifications = counter(
      'redstart_notifications_total',
      'Tries to tell of failures and recoveries, by outcome; dropped ones are runs that were too many to be told.',
      'outcome',
    );
    this.#storeSeconds = histogram(
      'redstart_store_write_duration_seconds',
      'From a write of the state store until it is on disk.',
    );
    // A series that begins with its first failure never increases by it, and no alert would see that one.
    for (const outcome of ['done', 'failed', 'unknown']) this.#launches.inc({ outcome }, 0);
    for (const outcome of ['done', 'failed']) this.#polls.inc({ outcome }, 0);
    for (const outcome of ['applied', 'refused']) this.#deploys.inc({ outcome }, 0);
    this.#gauges(version, snapshot);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    for (const { flow, type, count } of this.#snapshot().messages) {
      this.#messages.inc({ flow: this.#bounded('flow', flow), type: this.#bounded('type', type) }, count);
    }
    for (const { labels, count } of this.#requests.values()) this.#http.inc(labels, count);
    this.#requests.clear();
    this.#lastRequest = null;
    return this.#registry.metrics();
  }

  /** Of nodes that are gone: nobody polls there any more. */
  forget(isThere: (node: string) => boolean): void {
    for (const node of this.#due.keys()) if (!isThere(node)) this.#due.delete(node);
  }

  request(area: string, route: string, method: string, status: number, seconds: number): void {
    const last = this.#lastRequest;
    if (last?.area === area && last.route === route && last.method === method && last.status === status)
      last.counted.count++;
    else this.#lastRequest = { area, route, method, status, counted: this.#count(area, route, method, status) };
    this.#httpSeconds.observe(area, seconds);
  }

  #count(area: string, route: string, method: string, status: number): CountedRequests {
    const known = METHODS.has(method) ? method : 'other';
    const bounded = this.#bounded('route', route);
    const key = `${area} ${known} ${status} ${bounded}`;
    const counted = this.#requests.get(key) ?? {
      labels: { area, route: bounded, method: known, status: String(status) },
      count: 0,
    };
    counted.count++;
    this.#requests.set(key, counted);
    return counted;
  }

  nodeError(flow: string, type: string): void {
    this.#errors.inc({ flow: this.#bounded('flow', flow), type: this.#bounded('type', type) });
  }

  platformCall({
    platform,
    method,
    endpoint,
    status,
    error,
    attempt,
    durationMs,
    waitedMs,
  }: Omit<CallReport, 'run'>): void {
    const where = { platform: this.#bounded('platform', platform), endpoint: this.#bounded('endpoint', endpoint) };
    const answer = status === undefined ? (error ?? 'none') : String(status);
    this.#calls.inc({ ...where, method, status: answer, retry: String(attempt > 1) });
    this.#callSeconds.observe(where, durationMs / 1000);
    this.#callWait.observe({ platform: where.platform }, waitedMs / 1000);
  }

  platformWrite({ action, outcome }: Pick<WriteReport, 'action' | 'outcome'>): void {
    if (action === 'launch') this.#launches.inc({ outcome });
  }

  watch(
    node: string,
    { kind, id, workspaceId, state, status }: Pick<WatchReport, 'kind' | 'id' | 'workspaceId' | 'state' | 'status'>,
  ): void {
    const watches = this.#watches.get(kind) ?? new Set();
    if (watches.size === 0) this.#watches.set(kind, watches);
    const which = `${node} ${workspaceId} ${id}`;
    if (state === 'watching') watches.add(which);
    else watches.delete(which);
    if (state === 'ended') this.#ends.inc({ kind, status: this.#bounded('status', status ?? 'lost') });
  }

  poll(node: string, { next, found }: Pick<PollReport, 'next' | 'found'>): void {
    this.#polls.inc({ outcome: found === undefined ? 'failed' : 'done' });
    if (found) this.#found.inc(found);
    this.#due.set(node, next);
  }

  /** From the audit trail: what was refused and deployed is told there once, for all who want to know. */
  audited({ event, what, area, why, reason, outcome, code }: AuditEvent): void {
    if (event === 'git') this.#git.inc({ outcome: String(outcome), code: String(code ?? 'none') });
    else if (event === 'deploy') this.#deploys.inc({ outcome: 'applied' });
    else if (event === 'refused' && what === 'deploy') this.#deploys.inc({ outcome: 'refused' });
    else if (event === 'refused' && what === 'sign-in')
      this.#refusals.inc({ area: 'sign-in', reason: this.#bounded('reason', String(why)) });
    else if (event === 'refused' && area === 'flows')
      this.#refusals.inc({ area: 'flows', reason: this.#bounded('reason', String(reason)) });
    else if (event === 'refused') this.#refusals.inc({ area: 'editor', reason: 'not allowed' });
  }

  notified(outcome: 'delivered' | 'refused' | 'failed' | 'dropped', count: number): void {
    this.#notifications.inc({ outcome }, count);
  }

  storeWrite(seconds: number): void {
    this.#storeSeconds.observe(seconds);
  }

  #bounded(label: string, value: string): string {
    const seen = this.#seen.get(label) ?? new Set();
    if (seen.size === 0) this.#seen.set(label, seen);
    if (seen.has(value)) return value;
    if (seen.size >= MOST_VALUES) return 'other';
    seen.add(value);
    return value;
  }

  #gauges(version: string, snapshot: () => Snapshot): void {
    const registers = [this.#registry];
    const gauge = <Label extends string>(
      name: string,
      help: string,
      labelNames: Label[],
      read: (set: (labels: Record<Label, string>, value: number) => void, now: Snapshot) => void,
    ) =>
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset();
          // Without labels a reset leaves a 0: what nobody sets is not there.
          this.remove({} as Record<Label, string>);
          read((labels, value) => this.set(labels, value), snapshot());
        },
      });
    const one = (name: string, help: string, value: (now: Snapshot) => number) =>
      gauge(name, help, [], (set, now) => set({}, value(now)));
    gauge('redstart_build_info', 'The version, as a label.', ['version'], (set) => set({ version }, 1));
    one('redstart_ready', '1 while flows run and the store writes.', ({ ready }) => Number(ready));
    one('redstart_leader', '1 while this process runs flows, 0 while it stands by.', ({ standby }) => Number(!standby));
    one('redstart_store_up', '1 while the state store writes.', ({ storeFault }) => Number(!storeFault));
    one(
      'redstart_messages_in_flight',
      'Messages that nodes have taken and not finished.',
      (now) => now.messagesInFlight,
    );
    gauge('redstart_flows', 'Flow tabs by state.', ['state'], (set, { flows }) => {
      for (const [state, count] of Object.entries(flows)) set({ state }, count);
    });
    gauge('redstart_watches', 'What is being followed on the Platform.', ['kind'], (set) => {
      for (const [kind, { size }] of this.#watches) set({ kind }, size);
    });
    gauge(
      'redstart_git_info',
      'The revision of the flows that is in force, as a label.',
      ['revision'],
      (set, { git }) => {
        if (git?.revision) set({ revision: git.revision }, 1);
      },
    );
    gauge(
      'redstart_git_failing',
      '1 while the repository, or its newest revision, cannot be taken.',
      [],
      (set, { git }) => {
        if (git) set({}, Number(git.failing));
      },
    );
    for (const [what, key] of [
      ['looked', 'checkedAt'],
      ['applied', 'appliedAt'],
    ] as const) {
      const help = { looked: 'When the repository was last read.', applied: 'When a revision was last put in force.' };
      gauge(`redstart_git_last_${what}_timestamp_seconds`, help[what], [], (set, { git }) => {
        if (git?.[key]) set({}, Date.parse(git[key]) / 1000);
      });
    }
    new Counter({
      name: 'redstart_trace_spans_total',
      help: 'Spans of traces, by what became of them.',
      labelNames: ['outcome'],
      registers,
      collect() {
        this.reset();
        for (const [outcome, count] of Object.entries(snapshot().spans ?? {})) this.inc({ outcome }, count);
      },
    });
    one('redstart_poll_lag_seconds', 'How late the most overdue poll is.', () => {
      const earliest = Math.min(...this.#due.values(), Number.POSITIVE_INFINITY);
      return Math.max(0, (Date.now() - earliest) / 1000);
    });
  }
}
