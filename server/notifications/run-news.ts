import { redact } from '../config/redact.ts';
import type { NodeObserver } from '../node-reports.ts';
import { isWebPage, outcomeOf } from '../operations/run-book.ts';
import type { NodePlace } from '../runtime/flow-index.ts';
import { GATHER_MS } from './incident-book.ts';
import { LONGEST, lines, type Notice, oneLine, type RunOutcome } from './notice.ts';

/** Runs that end within this time of the message before are told together. */
const TOGETHER_MS = 60_000;
const MOST_WAITING = 200;
const MOST_KNOWN = 2000;

export interface RunNewsOptions {
  /** Every run that ends, or only those that end badly. */
  all: boolean;
  place(node: string): NodePlace;
  now(): number;
}

/** Runs that ended and launches that failed, until somebody was told. In memory: the status page keeps their history. */
export class RunNews {
  readonly #options: RunNewsOptions;
  readonly #waiting: Notice[] = [];
  /** Several nodes may follow the same run. */
  readonly #known = new Set<string>();
  #dropped = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(options: RunNewsOptions) {
    this.#options = options;
  }

  readonly observer: Pick<NodeObserver, 'onWatch' | 'onWrite'> = {
    onWatch: (node, { kind, id, workspaceId, state, name, status, end, error, reason, page }) => {
      if (state !== 'ended' || kind !== 'run') return;
      const outcome = outcomeOf(status, end);
      if (!this.#options.all && (outcome === 'succeeded' || outcome === 'cancelled')) return;
      const key = `${workspaceId}/${id}`;
      if (this.#known.has(key)) return;
      const [oldest] = this.#known.size >= MOST_KNOWN ? this.#known : [];
      if (oldest !== undefined) this.#known.delete(oldest);
      this.#known.add(key);
      this.#add(node, outcome, id, name ?? id, reason ?? error, isWebPage(page) ? page : null);
    },
    onWrite: (node, { action, outcome, runName, runId, error }) => {
      if (action !== 'launch' || outcome === 'done') return;
      const problem = outcome === 'failed' ? 'launch failed' : 'launch unknown';
      const id = typeof runId === 'string' ? runId : node;
      this.#add(node, problem, id, typeof runName === 'string' ? runName : 'without a name', error, null);
    },
  };

  due(hurry = false): Notice[] {
    const now = this.#options.now();
    const [first] = this.#waiting;
    if (first === undefined) return [];
    if (!hurry && (now < first.since + GATHER_MS || now < this.#last + TOGETHER_MS)) return [];
    return [...this.#waiting];
  }

  wereTold(count: number): void {
    if (count === 0) return;
    this.#waiting.splice(0, count);
    this.#last = this.#options.now();
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** How many were over the bound since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #add(node: string, problem: RunOutcome, id: string, name: string, why: unknown, link: string | null): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    const at = this.#options.now();
    const { flowLabel, nodeName, nodeType } = this.#options.place(node);
    const label = oneLine(redact(name), LONGEST.label);
    const nodeLabel = nodeName ?? nodeType ?? node;
    this.#waiting.push({
      event: 'run',
      kind: 'run',
      id,
      label,
      problem,
      headline: HEADLINES[problem].replace('$', () => label),
      text: typeof why === 'string' && why !== '' ? lines(redact(why), LONGEST.text) : null,
      node: oneLine(redact(flowLabel === undefined ? nodeLabel : `${nodeLabel} in flow ${flowLabel}`), LONGEST.label),
      count: null,
      since: at,
      last: at,
      until: null,
      link: link !== null && link.length <= LONGEST.link ? link : null,
    });
  }
}

const HEADLINES: Record<RunOutcome, string> = {
  succeeded: 'Run "$" succeeded',
  failed: 'Run "$" failed',
  cancelled: 'Run "$" was cancelled',
  lost: 'Run "$" can no longer be read on the Platform',
  'launch failed': 'Launch of "$" failed',
  'launch unknown': 'Launch of "$" got no answer: it may have been launched',
};
