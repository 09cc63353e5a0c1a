import type { NodeRedLogMessage } from '../../settings/node-red-settings.ts';
import { type FlowNode, titleOf } from '../flows/flow-node.ts';
import type { FlowIndex, NodePlace } from '../runtime/flow-index.ts';
import type { Incident, IncidentBook } from './incident-book.ts';
import { duration } from './words.ts';

/** Node-RED's level: 20 and below are errors. */
const ERROR = 20;
const DAY_MS = 86_400_000;

export interface FlowSignalsOptions {
  book: IncidentBook;
  index: FlowIndex;
  now(): number;
  recoveryMs: number;
  /** How many messages a node took since the start. */
  taken(node: string): number;
  /** Flows that are kept from running. */
  held(): readonly { flow: string; flowLabel: string; nodeName: string; cause: string; at: string }[];
  /** Several replicas run these flows, each some of them: one that is disabled here may run elsewhere. */
  shared: boolean;
}

const CAUSES: Record<string, string> = {
  exception: 'An exception that nobody caught ended the program.',
  loop: 'It kept everything else waiting until the program was ended.',
  stall: 'The program died (out of memory, or killed) while it kept everything else waiting.',
};

/**
 * Errors of flows that no catch node took, and flows that are held back. A flow has recovered when each node that failed
 * has taken a message since, and then no node of it failed for a while; or when nothing of it failed for a day.
 */
export class FlowSignals {
  readonly #options: FlowSignalsOptions;
  readonly #startedAt: number;
  /** Since when all nodes that failed are known to work on. */
  readonly #goodSince = new Map<string, number>();

  constructor(options: FlowSignalsOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  static isError({ level, id }: NodeRedLogMessage): boolean {
    return level <= ERROR && id !== undefined;
  }

  logged(message: NodeRedLogMessage): void {
    if (FlowSignals.isError(message)) this.failed(String(message.id), textOf(message.msg));
  }

  failed(node: string, text: string): void {
    const { book, taken } = this.#options;
    const place = this.#placeInTab(node);
    const failed = { id: node, takes: taken(node) > 0, taken: taken(node) };
    const label = place.nodeName ?? place.nodeType ?? node;
    const { flow } = place;
    this.#goodSince.delete(flow === undefined ? `node:${node}` : `flow:${flow}`);
    if (flow === undefined)
      book.fail({ kind: 'node', id: node, label, problem: 'errors', text, failed, counted: true });
    else
      book.fail({
        kind: 'flow',
        id: flow,
        label: place.flowLabel ?? flow,
        problem: 'errors',
        text,
        node: label,
        failed,
        counted: true,
      });
  }

  look(): void {
    const { book, index } = this.#options;
    const nodes = index.nodes();
    // Nothing is loaded yet, or nothing can be: nobody knows what has recovered.
    if (nodes.length === 0) return;
    const failing = book.open().filter(({ problem }) => problem === 'errors');
    const byId = new Map(failing.length === 0 ? [] : nodes.map((node) => [node.id, node]));
    for (const incident of failing) {
      const why = this.#recovered(incident, byId.get(incident.id));
      if (why === null) continue;
      this.#goodSince.delete(incident.key);
      book.recover(incident.key, why);
    }
    this.#lookAtHeld();
  }

  /** Why it counts as recovered; null while it does not. */
  #recovered(incident: Incident, self: FlowNode | undefined): string | null {
    const { index, now, recoveryMs, taken, shared } = this.#options;
    const at = now();
    if (self === undefined) {
      // Nodes within a subflow have an id of their own.
      if (incident.kind === 'flow' || index.place(incident.id).nodeType === undefined) return 'It was removed.';
    } else if (self.disabled === true || self.d === true) return shared ? null : 'It was disabled.';
    const quietSince = Math.max(incident.last, this.#startedAt);
    if (at - quietSince >= DAY_MS) return 'No error for a day.';
    const failed = incident.nodes.filter(({ id }) => index.place(id).nodeType !== undefined);
    if (failed.some((node) => node.takes && taken(node.id) <= node.taken)) return null;
    const began = failed.some(({ takes }) => takes) ? at : quietSince;
    const goodSince = this.#goodSince.get(incident.key) ?? began;
    this.#goodSince.set(incident.key, goodSince);
    if (at - goodSince < recoveryMs) return null;
    return `No error for ${duration(at - quietSince)}${failed.some(({ takes }) => takes) ? ', and what failed has worked since' : ''}.`;
  }

  #lookAtHeld(): void {
    const { book, held } = this.#options;
    const now = held();
    const there = new Set(now.map(({ flow }) => `held-back:${flow}`));
    for (const { flow, flowLabel, nodeName, cause, at } of now) {
      if (book.has(`held-back:${flow}`)) continue;
      const text = `${CAUSES[cause] ?? cause} (${at}) The other flows run. Mend it and deploy it enabled, or change its file.`;
      book.fail({ kind: 'flow', id: flow, label: flowLabel, problem: 'held-back', text, node: nodeName });
    }
    for (const { key, problem } of book.open())
      if (problem === 'held-back' && !there.has(key)) book.recover(key, 'It was deployed, changed or removed.');
  }

  /** Of a node within a subflow: the tab that the subflow is used in. */
  #placeInTab(node: string): NodePlace {
    const { index } = this.#options;
    const own = index.place(node);
    for (let id = node; id.includes('-'); ) {
      id = id.slice(0, id.lastIndexOf('-'));
      const { flow, flowLabel } = index.place(id);
      const tab = index.nodes().find((each) => each.id === flow);
      if (tab?.type === 'tab') return { ...own, flow: tab.id, flowLabel: flowLabel ?? titleOf(tab) };
    }
    return own;
  }
}

/** A message may be anything, and throw when it is looked at. */
function textOf(message: unknown): string {
  try {
    return typeof message === 'object' && message !== null && 'message' in message
      ? String(message.message)
      : String(message);
  } catch {
    return 'an error that cannot be shown as text';
  }
}
