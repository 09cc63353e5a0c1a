import type { LogHandler } from '../../settings/node-red-settings.ts';
import type { Audit } from '../audit/audit-event.ts';
import type { GitSource } from '../git/git-source.ts';
import { Metrics, type Snapshot } from '../metrics/metrics.ts';
import type { NodeObserver } from '../node-reports.ts';
import { version } from '../version.ts';
import type { FlowIndex } from './flow-index.ts';
import type { Runtime } from './runtime.ts';

export interface Metering {
  metrics: Metrics;
  /** The same trail, with what it records counted. */
  audit(trail: Audit): Audit;
  /** The same handler, with errors of nodes counted. */
  log(handler: LogHandler): LogHandler;
  /** A write of the store took so long. */
  stored(seconds: number): void;
  observer(recordWrite: NodeObserver['onWrite']): NodeObserver;
}

/** Node-RED's level: 20 and below are errors. */
const ERROR = 20;

/** Connects what happens to what is counted. */
export function createMetering(o: {
  index: FlowIndex;
  runtime(): Runtime | null;
  storeFault(): string | null;
  held(): number;
  git(): GitSource | null;
  /** Null: there are no traces. */
  spans(): NonNullable<Snapshot['spans']> | null;
}): Metering {
  const labelsOf = (id: string): { flow: string; type: string } => {
    const { flow, flowLabel, nodeType } = o.index.place(id);
    return { flow: flowLabel ?? flow ?? 'none', type: nodeType ?? 'unknown' };
  };
  const metrics = new Metrics(version(), () => {
    const runtime = o.runtime();
    const { ok, standby } = runtime?.ready() ?? { ok: false, standby: false };
    const tabs = o.index.nodes().filter(({ type }) => type === 'tab');
    const disabled = tabs.filter((tab) => tab.disabled === true).length;
    const held = o.held();
    const there = new Set(o.index.nodes().map(({ id }) => id));
    metrics.forget((node) => there.has(node));
    return {
      ready: ok,
      standby,
      storeFault: o.storeFault() !== null,
      flows: { running: Math.max(0, tabs.length - disabled), held, disabled: Math.max(0, disabled - held) },
      git: gitState(o.git()),
      spans: o.spans(),
      messagesInFlight: runtime?.messages.inFlight() ?? 0,
      messages: Array.from(runtime?.messages.takeReceived() ?? [], ([id, count]) => ({ ...labelsOf(id), count })),
    };
  });
  return {
    metrics,
    audit: (trail) => ({
      record(event) {
        trail.record(event);
        metrics.audited(event);
      },
    }),
    log: (handler) => (message) => {
      handler(message);
      if (message.level > ERROR || message.id === undefined) return;
      const { flow, type } = labelsOf(message.id);
      metrics.nodeError(flow, type);
    },
    stored: (seconds) => metrics.storeWrite(seconds),
    observer: (recordWrite) => ({
      onWrite(node, write) {
        metrics.platformWrite(write);
        recordWrite(node, write);
      },
      onCall: (call) => metrics.platformCall(call),
      onWatch: (node, watch) => metrics.watch(node, watch),
      onPoll: (node, poll) => metrics.poll(node, poll),
    }),
  };
}

function gitState(source: GitSource | null): Snapshot['git'] {
  if (source === null) return null;
  const { revision, checkedAt, appliedAt, lastError } = source.status();
  return { revision, checkedAt, appliedAt, failing: lastError !== null };
}
