import { redact } from '../config/redact.ts';
import type { CallReport, WatchReport, WriteReport } from '../node-reports.ts';
import type { NodePlace } from '../runtime/flow-index.ts';
import type { History, KeptRun } from './history.ts';
import type { MessagePaths } from './message-paths.ts';
import type { FailureEntry, FollowedRun, Outcome, RunDetail } from './status-schema.ts';

interface Live {
  run: FollowedRun;
  /** Nodes that follow it. */
  nodes: Set<string>;
  events: RunDetail['events'];
  calls: RunDetail['calls'];
  path: RunDetail['path'];
  /** Messages whose way is its path: that which launched it, and those which wait for its end. */
  messages: Set<string>;
  /** Takes a node that such a message came to. */
  passed(node: string): void;
  /** Grows with each change. */
  revision: number;
}

const MOST_EVENTS = 50;
const MOST_CALLS = 30;
const MOST_RESTING = 1000;
/** Of one run, besides those that had to do with it. */
const MOST_NODES = 50;
const MOST_MESSAGES = 10;
const LONGEST_TEXT = 500;

/** What is followed on the Platform, and what was seen of it. Told by the nodes, which lets it be up to date at no call. */
export class RunBook {
  readonly #live = new Map<string, Live>();
  readonly #keyOfId = new Map<string, string>();
  /** Not followed at the moment, as between the two halves of a deploy. */
  readonly #resting = new Map<string, Live>();
  /** Launches whose run nobody follows yet, or ever. */
  readonly #launched = new Map<string, { event: RunDetail['events'][number]; messageId: string | undefined }>();
  readonly #place: (node: string) => NodePlace;
  readonly #history: History;
  readonly #now: () => number;
  readonly #paths: Pick<MessagePaths, 'follow' | 'release'>;
  revision = 0;

  constructor(options: {
    place(node: string): NodePlace;
    history: History;
    paths: Pick<MessagePaths, 'follow' | 'release'>;
    now(): number;
  }) {
    this.#paths = options.paths;
    this.#place = options.place;
    this.#history = options.history;
    this.#now = options.now;
  }

  get size(): number {
    return this.#live.size;
  }

  /** Newest first. */
  runs(most: number): FollowedRun[] {
    return Array.from(this.#live.values(), ({ run }) => run)
      .sort((a, b) => (a.since < b.since ? 1 : -1))
      .slice(0, most);
  }

  changedSince(revision: number): FollowedRun[] {
    return [...this.#live.values()].filter((live) => live.revision > revision).map(({ run }) => run);
  }

  keys(): Iterable<string> {
    return this.#live.keys();
  }

  /** How many each flow follows. */
  byFlow(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { run } of this.#live.values()) if (run.flow) counts.set(run.flow, (counts.get(run.flow) ?? 0) + 1);
    return counts;
  }

  detail(key: string): RunDetail | null {
    const live = this.#live.get(key);
    return live ? { run: live.run, events: live.events, calls: live.calls, path: live.path } : this.#history.ended(key);
  }

  watched(node: string, told: WatchReport): void {
    const key = `${told.kind}/${told.workspaceId ?? '-'}/${told.id}`;
    const live = this.#live.get(key);
    if (told.state === 'watching') {
      this.#see(live ?? this.#begin(key, node, told), node, told);
      return;
    }
    if (!live) return;
    live.nodes.delete(node);
    if (told.state === 'ended') {
      this.#see(live, node, told);
      this.#end(live, node, told);
    } else if (live.nodes.size === 0) {
      this.#drop(live);
      this.#resting.set(key, live);
      bound(this.#resting);
    }
  }

  wrote(node: string, { action, outcome, workspaceId, runId, runName, error, messageId }: WriteReport): void {
    const at = new Date(this.#now()).toISOString();
    const place = placeOf(this.#place(node));
    const id = typeof runId === 'string' ? runId : null;
    if (action === 'cancel' && id !== null) {
      const live = this.#live.get(this.#keyOfId.get(id) ?? '');
      const failed = outcome === 'done' ? 'was cancelled here' : `could not be cancelled: ${String(error ?? outcome)}`;
      if (live) {
        this.#tell(live, { at, what: failed, ...place });
        if (outcome === 'done') this.#pass(live, node, 'cancelled');
      }
    }
    if (action !== 'launch') return;
    const known = outcome === 'done' || outcome === 'failed' ? outcome : 'unknown';
    const failure: FailureEntry | null =
      known === 'done'
        ? null
        : {
            at,
            kind: 'launch',
            title: typeof runName === 'string' ? runName : `Launch${workspaceId ? ` in workspace ${workspaceId}` : ''}`,
            reason: known === 'failed' ? text(error) : `${text(error) ?? 'no answer'}: it may have been launched`,
            key: null,
            page: null,
            ...place,
          };
    this.#history.addLaunch(known, failure);
    if (id === null) return;
    const event = { at, what: 'was launched', ...place };
    this.#launched.set(id, { event, messageId });
    bound(this.#launched);
  }

  called({ run, method, endpoint, status, error, attempt, durationMs, waitedMs }: CallReport): void {
    if (run === undefined) return;
    const live = this.#live.get(this.#keyOfId.get(run) ?? '');
    if (!live) return;
    live.calls.push({
      at: new Date(this.#now()).toISOString(),
      method,
      endpoint,
      answer: status === undefined ? (error ?? 'none') : String(status),
      attempt,
      durationMs: Math.round(durationMs * 10) / 10,
      waitedMs: Math.round(waitedMs * 10) / 10,
    });
    if (live.calls.length > MOST_CALLS) live.calls.shift();
  }

  #begin(key: string, node: string, { kind, id, workspaceId, since }: WatchReport): Live {
    const launched = this.#launched.get(id);
    this.#launched.delete(id);
    const rested = this.#resting.get(key);
    this.#resting.delete(key);
    const before = this.#history.ended(key);
    const began = new Date(since).toISOString();
    const live: Live = rested ?? {
      run: {
        key,
        kind,
        id,
        workspaceId,
        name: null,
        pipeline: null,
        status: null,
        since: began,
        page: null,
        ...placeOf(this.#place(node)),
      },
      nodes: new Set(),
      events: launched ? [launched.event] : [],
      calls: [],
      // As after a crash at its end: its way is known already, and goes on.
      path: before && isSame(before.run, { kind, since: began }) ? before.path : [],
      messages: new Set(),
      passed: (passed) => this.#pass(live, passed),
      revision: 0,
    };
    this.#live.set(key, live);
    this.#keyOfId.set(id, key);
    for (const message of live.messages) this.#goAlong(live, message);
    if (launched && !rested) {
      this.#come(live, launched.messageId);
      this.#pass(live, launched.event.node, 'launched');
    }
    return live;
  }

  /** A message that has to do with it. */
  #come(live: Live, messageId: string | undefined): void {
    if (messageId === undefined || live.messages.has(messageId) || live.messages.size >= MOST_MESSAGES) return;
    live.messages.add(messageId);
    this.#goAlong(live, messageId);
  }

  #goAlong(live: Live, messageId: string): void {
    for (const node of this.#paths.follow(messageId, live.passed)) this.#pass(live, node);
  }

  /** Also when it has ended: the message goes on. */
  #pass({ path, run }: Live, node: string, did?: RunDetail['path'][number]['did']): void {
    const known = path.find((one) => one.node === node);
    if (did === undefined ? known || path.length >= MOST_NODES : known?.did !== undefined) return;
    const place = this.#place(node);
    if (known) known.did = did;
    else path.push({ ...placeOf(place), nodeType: place.nodeType ?? 'unknown', ...(did && { did }) });
    this.#history.changed(run.key, path);
  }

  #see(live: Live, node: string, told: WatchReport): void {
    const where = placeOf(this.#place(node));
    const at = new Date(this.#now()).toISOString();
    if (told.state === 'watching' && !live.nodes.has(node)) {
      live.nodes.add(node);
      this.#tell(live, { at, what: 'is followed', ...where });
    }
    if (told.state === 'watching') {
      this.#come(live, told.messageId);
      this.#pass(live, node, 'followed');
    }
    const { name, pipeline, status, page } = told;
    if (status !== undefined && status !== live.run.status) this.#tell(live, { at, what: status, ...where });
    live.run = {
      ...live.run,
      ...(name !== undefined && { name }),
      ...(pipeline !== undefined && { pipeline }),
      ...(status !== undefined && { status }),
      ...(isWebPage(page) && { page }),
    };
    this.revision += 1;
    live.revision = this.revision;
  }

  /** Several nodes may follow a run, also long after it, or once more after a crash: it ends once. */
  #end(live: Live, node: string, { status, end, error, reason }: WatchReport): void {
    this.#drop(live);
    const outcome = outcomeOf(status, end);
    const before = this.#history.ended(live.run.key);
    if (before && before.run.outcome === outcome && isSame(before.run, live.run)) return;
    const endedAt = new Date(this.#now()).toISOString();
    const why = text(reason ?? error);
    if (why !== null) this.#tell(live, { at: endedAt, what: why, ...placeOf(this.#place(node)) });
    const kept: KeptRun = {
      run: { ...live.run, endedAt, outcome, reason: outcome === 'succeeded' ? null : why },
      events: live.events,
      calls: live.calls,
      path: live.path,
    };
    this.#history.addEnd(kept);
  }

  #drop({ run: { key, id }, messages }: Live): void {
    this.#live.delete(key);
    if (this.#keyOfId.get(id) === key) this.#keyOfId.delete(id);
    for (const message of messages) this.#paths.release(message);
    this.revision += 1;
  }

  #tell(live: Live, event: RunDetail['events'][number]): void {
    live.events.push(event);
    // The first ones say where it came from.
    if (live.events.length > MOST_EVENTS) live.events.splice(2, 1);
  }
}

/** A run is one for ever; a studio is started again. */
function isSame(a: Pick<FollowedRun, 'kind' | 'since'>, b: Pick<FollowedRun, 'kind' | 'since'>): boolean {
  return a.kind === 'run' || a.since === b.since;
}

function bound(map: Map<string, unknown>): void {
  const [oldest] = map.size > MOST_RESTING ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}

export function placeOf({ node, nodeName, nodeType, flow, flowLabel }: NodePlace) {
  return { node, nodeLabel: nodeName ?? nodeType ?? node, flow: flow ?? null, flowLabel: flowLabel ?? null };
}

export function outcomeOf(status: string | undefined, end: 'good' | 'bad' | undefined): Outcome {
  if (end === 'good') return 'succeeded';
  if (status === undefined) return 'lost';
  if (status === 'cancelled') return 'cancelled';
  return status === 'unknown' ? 'lost' : 'failed';
}

const text = (value: unknown): string | null =>
  value === undefined || value === null || value === '' ? null : redact(String(value)).slice(0, LONGEST_TEXT);

/** A flow can put anything into the message that it comes from, and the page makes a link of it. */
export function isWebPage(page: string | undefined): page is string {
  return page !== undefined && page.length < 2000 && /^https?:$/.test(URL.parse(page)?.protocol ?? '');
}
