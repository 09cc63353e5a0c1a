import { randomUUID } from 'node:crypto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { Config, TracesConfig } from '../config/index.ts';
import type { NodeObserver } from '../node-reports.ts';
import { both } from '../operations/create-operations.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import type { Follower } from '../runtime/in-flight.ts';
import { version } from '../version.ts';
import { MessageTraces } from './message-traces.ts';
import { otlpExporter } from './otlp-exporter.ts';
import { carryOn } from './outgoing.ts';
import { type SpanCounts, SpanQueue } from './span-queue.ts';

export interface Traces {
  follower: Follower;
  /** What nodes tell: to the listener given, and here. */
  observer<T extends object>(other: T): T;
  counts(): SpanCounts;
  /** Sends what there is, until the deadline, and for two seconds at most. */
  stop(deadlineMs: number): Promise<void>;
}

/** A collector that is away must not make every stop slow; one that is there takes all within this. */
const LONGEST_STOP_MS = 2000;
const SHORTEST_STOP_MS = 250;
/** Names are bounded where they are made; this is for what nobody thought of. */
const LONGEST_VALUE = 500;

/** This file and all below it are loaded only where traces are on. */
export function createTraces(o: {
  traces: TracesConfig;
  proxy: Config['proxy'];
  index: FlowIndex;
  logger: Logger;
  exporter?: SpanExporter;
}): Traces {
  const { traces, logger } = o;
  const exporter = o.exporter ?? otlpExporter(traces, o.proxy, `redstart/${version()}`);
  const queue = new SpanQueue({ exporter, logger });
  const provider = new TracerProvider({
    sampler: samplerOf(traces.sampler),
    resource: resourceFromAttributes({
      'service.version': version(),
      'service.instance.id': randomUUID(),
      ...traces.resource,
      'service.name': traces.serviceName,
    }),
    spanProcessors: [queue],
    spanLimits: { attributeValueLengthLimit: LONGEST_VALUE, linkCountLimit: 8 },
  });
  const messages = new MessageTraces({ tracer: provider.getTracer('redstart', version()), index: o.index });
  const outgoing = carryOn(() => messages.callingOut());
  logger.info({ to: traces.url }, 'traces are on');
  const observer: Pick<NodeObserver, 'onCall' | 'onWrite'> = {
    onCall: (call) => messages.called(call),
    onWrite: (node, write) => messages.wrote(node, write),
  };
  return {
    follower: harmless(messages, logger),
    observer: (other) => both(other, observer),
    counts: () => queue.counts,
    async stop(deadlineMs) {
      outgoing.stop();
      messages.close();
      await queue.stop(Math.min(LONGEST_STOP_MS, Math.max(SHORTEST_STOP_MS, deadlineMs)));
    },
  };
}

/** A fault in here, or a message that throws when it is looked at, must not keep any message from arriving. */
function harmless(follower: Follower, logger: Logger): Follower {
  let told = false;
  const safely = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!told) logger.warn({ err: error }, 'a message could not be traced; others that cannot are not told');
      told = true;
      return undefined;
    }
  };
  return {
    sending: (events) => safely(() => follower.sending(events)),
    delivering: (event) => safely(() => follower.delivering(event)),
    received: (node, msg) => safely(() => follower.received(node, msg)),
    left: (passage, error) => safely(() => follower.left(passage, error)),
  };
}

function samplerOf({ parentBased, ratio }: TracesConfig['sampler']): Sampler {
  const root = new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}
