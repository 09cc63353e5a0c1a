import { redact } from '../config/redact.ts';
import { isObject } from '../flows/flow-node.ts';
import { OWN_SCOPES } from '../state/context-store.ts';
import type { StateStore, Write } from '../state/state-store.ts';
import { LONGEST, lines, oneLine, type ProblemKind, type SubjectKind } from './notice.ts';

/** Where it is kept in the state store. */
export const INCIDENTS_SCOPE = `${OWN_SCOPES}:notifications`;

/** A thousand flows that fail at once are one trouble: those over the bound are not told. */
export const MOST_INCIDENTS = 500;
const MOST_NODES = 20;
/** What comes within this time is told in one message, with its count. */
export const GATHER_MS = 2000;
const FLUSH_MS = 5000;
const DAY_MS = 86_400_000;
const KEY = /^incident-(.+)$/s;

/** A node that failed, and how many messages it had taken by then. */
export interface FailedNode {
  id: string;
  /** It has taken messages: nodes that begin flows never do. */
  takes: boolean;
  taken: number;
}

export interface Subject {
  kind: SubjectKind;
  id: string;
  label: string;
}

export interface Failure extends Subject {
  problem: ProblemKind;
  text: string | null;
  /** The node's name. */
  node?: string;
  failed?: FailedNode;
  /** Each one is an error; else it is a state that lasts, and nothing is counted. */
  counted?: boolean;
}

export interface Incident extends Subject {
  key: string;
  problem: ProblemKind;
  text: string | null;
  node: string | null;
  nodes: FailedNode[];
  since: number;
  last: number;
  count: number | null;
  open: boolean;
  /** That it fails was told, since it began. */
  announced: boolean;
  /** How many errors were told. */
  toldCount: number;
  /** When somebody was last told that it fails, and how often in a row. */
  told: { at: number; times: number } | null;
  ended: { at: number; why: string } | null;
  endTold: boolean;
}

export interface Due {
  event: 'failure' | 'reminder' | 'recovery';
  incident: Incident;
  /** As it was when it was put into the message. */
  count: number;
}

export interface IncidentBookOptions {
  store: Pick<StateStore, 'get' | 'keys' | 'write'>;
  now(): number;
  intervalMs: number;
  /** What somebody wants to hear of; other incidents of the store are dropped. */
  wants(kind: SubjectKind): boolean;
  /** It goes on in memory, and is tried again. */
  onUnsaved(error: Error): void;
}

const OWN_KEY: ReadonlySet<ProblemKind> = new Set(['held-back', 'crashed', 'not-started']);

export const keyOf = ({ kind, id }: Subject, problem: ProblemKind): string =>
  OWN_KEY.has(problem) ? `${problem}:${id}` : `${kind}:${id}`;

/**
 * What fails, since when, and what of it was told. Kept in the state store, so that a restart tells nothing twice and
 * forgets no recovery: a failure is told until the receiver took it, and so is its end.
 */
export class IncidentBook {
  readonly #options: IncidentBookOptions;
  #incidents = new Map<string, Incident>();
  /** Texts that may hold secrets: they are stripped when somebody is to see them, not with each of a thousand errors. */
  readonly #raw = new Map<string, string>();
  readonly #unsaved = new Set<string>();
  #scope = INCIDENTS_SCOPE;
  #timer: NodeJS.Timeout | null = null;
  #failing = false;

  constructor(options: IncidentBookOptions) {
    this.#options = options;
  }

  /** Takes up what is in a scope of the store, and writes there from now on. */
  load(scope: string): void {
    const { store, onUnsaved, wants } = this.#options;
    this.#scope = scope;
    this.#incidents = new Map();
    this.#raw.clear();
    this.#unsaved.clear();
    try {
      for (const name of store.keys(scope)) {
        const key = KEY.exec(name)?.[1];
        if (key === undefined) continue;
        const incident = read(store.get(scope, name));
        if (incident === null || incident.key !== key || !wants(incident.kind)) this.#touch(key);
        else if (this.#incidents.size < MOST_INCIDENTS)
          // Counts of messages begin anew with the program.
          this.#incidents.set(key, { ...incident, nodes: incident.nodes.map((node) => ({ ...node, taken: 0 })) });
      }
    } catch (error) {
      onUnsaved(error as Error);
    }
  }

  get size(): number {
    return this.#incidents.size;
  }

  /** Those that last. */
  open(): Incident[] {
    return [...this.#incidents.values()].filter(({ open }) => open);
  }

  has(key: string): boolean {
    return this.#incidents.get(key)?.open === true;
  }

  /** It fails, and somebody was told so. */
  announced(key: string): boolean {
    const incident = this.#incidents.get(key);
    return incident?.open === true && incident.announced;
  }

  fail(failure: Failure): void {
    if (!this.#options.wants(failure.kind)) return;
    const now = this.#options.now();
    const key = keyOf(failure, failure.problem);
    const known = this.#incidents.get(key);
    if (!known && this.#incidents.size >= MOST_INCIDENTS && !this.#makeRoom()) return;
    const incident: Incident = known ?? {
      key,
      kind: failure.kind,
      id: failure.id,
      label: '',
      problem: failure.problem,
      text: null,
      node: null,
      nodes: [],
      since: now,
      last: now,
      count: failure.counted ? 0 : null,
      open: false,
      announced: false,
      toldCount: 0,
      told: null,
      ended: null,
      endTold: false,
    };
    if (!known) this.#incidents.set(key, incident);
    const changed = !incident.open || incident.problem !== failure.problem;
    if (!incident.open) reopen(incident, now, failure.counted === true);
    // A token that is refused is another matter than a Platform that is away.
    if (incident.problem !== failure.problem) incident.announced = false;
    incident.problem = failure.problem;
    incident.label = failure.label;
    incident.last = now;
    if (incident.count !== null) incident.count += 1;
    if (failure.node !== undefined) incident.node = failure.node;
    if (failure.failed) addNode(incident, failure.failed);
    if (failure.text === null) this.#raw.delete(key);
    else if (failure.text !== incident.text) this.#raw.set(key, failure.text);
    this.#touch(key, changed);
  }

  /** It failed while this process was not there; another one told of it at `toldAt`, or could not. */
  failedBefore(
    failure: Failure,
    { since, last, toldAt }: { since: number; last: number; toldAt: number | null },
  ): void {
    this.fail(failure);
    const incident = this.#incidents.get(keyOf(failure, failure.problem));
    if (!incident) return;
    const times = (incident.told?.times ?? 0) + 1;
    Object.assign(incident, { since, last, ...(toldAt !== null && { announced: true, told: { at: toldAt, times } }) });
  }

  /** It is over. Does nothing when it was, or never began. */
  recover(key: string, why: string): void {
    const incident = this.#incidents.get(key);
    if (!incident?.open) return;
    const now = this.#options.now();
    incident.open = false;
    incident.ended = { at: now, why };
    incident.endTold = false;
    this.#touch(key, true);
  }

  /** What somebody is to be told now. `hurry`: the program stops, and nothing is to wait for more of the same. */
  due(hurry = false): Due[] {
    const now = this.#options.now();
    const due: Due[] = [];
    for (const incident of this.#incidents.values()) {
      const event = this.#eventOf(incident, now, hurry);
      if (event !== null) due.push({ event, incident: this.#settled(incident), count: incident.count ?? 0 });
      else if (!incident.open && now >= this.#quietUntil(incident)) this.#forget(incident.key);
    }
    return due;
  }

  /** They were taken by the receiver. */
  wereTold(list: readonly Due[]): void {
    const now = this.#options.now();
    for (const { event, incident, count } of list) {
      if (event === 'recovery') {
        incident.endTold = true;
        // It failed again while its recovery was on the way.
        if (incident.open) Object.assign(incident, { announced: false, since: incident.last });
      } else {
        incident.announced = true;
        incident.toldCount = count;
        incident.told = { at: now, times: (incident.told?.times ?? 0) + 1 };
      }
      this.#touch(incident.key, true);
    }
  }

  /** Writes what is not written yet. Calls back when that is on disk, or is known to have failed. */
  flush(done: () => void = () => {}): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const keys = [...this.#unsaved];
    if (keys.length === 0) {
      done();
      return;
    }
    this.#unsaved.clear();
    const writes = keys.map((key): Write => {
      const incident = this.#incidents.get(key);
      const text = incident ? JSON.stringify(this.#settled(incident)) : null;
      return { scope: this.#scope, key: `incident-${key}`, text };
    });
    this.#options.store.write(writes, (error) => {
      if (error) {
        for (const key of keys) this.#touch(key);
        if (!this.#failing) this.#options.onUnsaved(error);
      }
      this.#failing = error !== undefined;
      done();
    });
  }

  /** Null: nothing is to be told of it now. */
  #eventOf(incident: Incident, now: number, hurry: boolean): Due['event'] | null {
    const { open, announced, told, since, count, toldCount, ended, endTold } = incident;
    if (!open) {
      if (endTold || ended === null) return null;
      if (announced) return 'recovery';
      // Over before anybody could be told: worth a word, unless it comes and goes.
      return told === null && ended.at - since > GATHER_MS ? 'recovery' : null;
    }
    if (told !== null && now < this.#quietUntil(incident)) {
      // What comes and goes is told ever more seldom; what has come to stay is not to wait for a day.
      const { intervalMs } = this.#options;
      if (announced || now < since + intervalMs || now < told.at + intervalMs) return null;
    }
    if (!announced) return hurry || now >= since + GATHER_MS ? 'failure' : null;
    return count === null || count > toldCount ? 'reminder' : null;
  }

  #quietUntil({ told }: Incident): number {
    if (told === null) return 0;
    return told.at + Math.min(DAY_MS, this.#options.intervalMs * 2 ** Math.min(told.times - 1, 20));
  }

  /** With its text as it may be shown. */
  #settled(incident: Incident): Incident {
    const raw = this.#raw.get(incident.key);
    if (raw !== undefined) {
      this.#raw.delete(incident.key);
      // Before it is cut: half a secret is no longer known as one.
      incident.text = lines(redact(raw), LONGEST.text);
    }
    incident.label = oneLine(redact(incident.label), LONGEST.label);
    incident.node = incident.node && oneLine(redact(incident.node), LONGEST.label);
    return incident;
  }

  #makeRoom(): boolean {
    const over = [...this.#incidents.values()].find(({ open, endTold }) => !open && endTold);
    if (over) this.#forget(over.key);
    return over !== undefined;
  }

  #forget(key: string): void {
    this.#incidents.delete(key);
    this.#raw.delete(key);
    this.#touch(key, true);
  }

  /** `now`: a kill in the next moment is not to undo it. */
  #touch(key: string, now = false): void {
    this.#unsaved.add(key);
    if (now) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }
}

function reopen(incident: Incident, now: number, counted: boolean): void {
  incident.open = true;
  // Its end was not told yet: then it has not ended.
  const goesOn = incident.ended !== null && !incident.endTold && incident.announced;
  incident.ended = null;
  incident.endTold = false;
  if (goesOn) return;
  Object.assign(incident, { since: now, count: counted ? 0 : null, toldCount: 0, announced: false, nodes: [] });
}

function addNode(incident: Incident, failed: FailedNode): void {
  const known = incident.nodes.find(({ id }) => id === failed.id);
  if (known) Object.assign(known, { takes: known.takes || failed.takes, taken: failed.taken });
  else if (incident.nodes.length < MOST_NODES) incident.nodes.push({ ...failed });
}

/** It was written by this program: only damage, and rows of a version to come, are to be told apart. */
function read(text: string | undefined): Incident | null {
  try {
    const value: unknown = JSON.parse(text ?? '');
    const good =
      isObject(value) &&
      ['key', 'kind', 'id', 'label', 'problem'].every((name) => typeof value[name] === 'string') &&
      ['since', 'last', 'toldCount'].every((name) => typeof value[name] === 'number') &&
      ['open', 'announced', 'endTold'].every((name) => typeof value[name] === 'boolean') &&
      (value.told === null || (isObject(value.told) && typeof value.told.at === 'number')) &&
      (value.ended === null || (isObject(value.ended) && typeof value.ended.at === 'number')) &&
      Array.isArray(value.nodes) &&
      value.nodes.every((node) => isObject(node) && typeof node.id === 'string');
    return good ? (value as unknown as Incident) : null;
  } catch {
    return null;
  }
}
