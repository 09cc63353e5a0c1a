import { type Context, ROOT_CONTEXT, type Span, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { Passage } from '../runtime/node-trace.ts';

/** The passages of one trace that began here, counted together. */
export interface Family {
  spans: number;
}

/** One message in one node. Holds no node and no message: timers and sockets of flows keep it for as long as they live. */
export class TracedPassage implements Passage {
  readonly node: string;
  readonly type: string;
  readonly run: string | undefined;
  readonly span: Span;
  readonly family: Family;
  /** How many nodes the message came through in this trace. */
  readonly depth: number;
  /** The node keeps messages for long: what it sends later is told in a trace of its own. */
  readonly parks: boolean;
  /** Neither this one nor what follows from it is recorded: so the sampler says, or its trace has become too large. */
  readonly silent: boolean;
  readonly startedAt: number;
  endedAt: number | null = null;
  #context: Context | null = null;

  constructor(options: {
    node: string;
    type: string;
    run: string | undefined;
    span: Span;
    family: Family;
    depth: number;
    parks: boolean;
    startedAt: number;
  }) {
    this.node = options.node;
    this.type = options.type;
    this.run = options.parks ? undefined : options.run;
    this.span = options.span;
    this.family = options.family;
    this.depth = options.depth;
    this.parks = options.parks;
    this.silent = (options.span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0;
    this.startedAt = options.startedAt;
  }

  get spanContext(): SpanContext {
    return this.span.spanContext();
  }

  get inLog(): Passage['inLog'] {
    const { traceId, spanId } = this.spanContext;
    return this.silent ? {} : { trace_id: traceId, span_id: spanId };
  }

  /** For spans below it. */
  get context(): Context {
    this.#context ??= trace.setSpan(ROOT_CONTEXT, this.span);
    return this.#context;
  }
}
