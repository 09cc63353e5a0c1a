import {
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { CallReport, WriteReport } from '../node-reports.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';
import type { Follower } from '../runtime/in-flight.ts';
import type { NodeInstance, SendEvent } from '../runtime/node-red.ts';
import { nodeTrace, type Passage } from '../runtime/node-trace.ts';
import { isRunId, runOf } from '../runtime/run-id.ts';
import { contextOf, type IncomingRequest, requestOf } from './http-in.ts';
import { LastPassage } from './last-passage.ts';
import { errorType, NodeAttributeCache } from './node-attributes.ts';
import { type Family, TracedPassage } from './passage.ts';

/** A span ends after this, whether its node is done or not: one that never tells would never be seen. */
const LONGEST_MS = 10 * 60_000;
/** What a node sends this long after it was done belongs to another trace, which is linked to the one before. */
const LATE_MS = 60_000;
/** A flow that is a loop is a trace every so many nodes, each linked to the one before. */
const DEEPEST = 100;
/** Of one trace; what is over it is not recorded. */
const MOST_SPANS = 5000;
const MOST_OPEN = 10_000;
/** Messages that are parked in nodes, to link what comes of them. */
const MOST_PARKED = 10_000;
const SWEEP_MS = 30_000;

/** Calls that carry the trace on: a flow's author chose where they go. */
const CALLS_OUT: ReadonlySet<string> = new Set(['http request']);

const origin = Symbol('origin');
const arrived = Symbol('arrived');
type Event = SendEvent & { [origin]?: TracedPassage };

/**
 * Makes a trace of each message's way: a span for each node that it comes through, below that of the node that it came from.
 *
 * Which node's span a message comes from is told by the message object itself, which every node hands on or has in hand
 * when it sends; for new objects by what the sending code was started by. See docs/decisions/traces-follow-messages.md.
 */
export class MessageTraces implements Follower {
  readonly #tracer: Tracer;
  readonly #attributes: NodeAttributeCache;
  readonly #now: () => number;
  /** In the order in which they began. */
  readonly #open = new Set<TracedPassage>();
  readonly #parked = new Map<string, SpanContext>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: { tracer: Tracer; index: FlowIndex; now?: () => number }) {
    this.#tracer = options.tracer;
    this.#attributes = new NodeAttributeCache(options.index);
    this.#now = options.now ?? Date.now;
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();
  }

  sending(events: SendEvent[]): void {
    let fresh: TracedPassage | undefined;
    for (const event of events as Event[]) {
      const { msg, source } = event;
      let from = this.#senderOf(source.node, msg);
      if (from === undefined) {
        fresh ??= this.#begins(source.node, msg);
        from = fresh;
      }
      event[origin] = from;
      const run = runOf(msg);
      if (run !== undefined && from.span.isRecording()) from.span.setAttribute('seqera.workflow.id', run);
    }
  }

  delivering(event: Event): void {
    const from = event[origin];
    if (from !== undefined) LastPassage.set(event.msg, from);
  }

  received(node: NodeInstance, msg: object): TracedPassage {
    // Link, catch, complete and status nodes are handed their messages; what hands it over runs at this moment.
    const from = LastPassage.of(msg) ?? this.#running();
    const passage = this.#enter(node, msg, from);
    LastPassage.set(msg, passage);
    if (passage.parks) this.#park(node, msg, passage);
    return passage;
  }

  left(passage: Passage, error?: unknown): void {
    if (passage instanceof TracedPassage) this.#end(passage, error);
  }

  /** One try of a call to the Platform, when it is over. */
  called({ platform, method, endpoint, status, error, attempt, durationMs, waitedMs, run }: CallReport): void {
    const now = this.#now();
    const running = this.#running();
    const within = running !== undefined && this.#goesOn(running) ? running : undefined;
    if (within && (within.silent || within.family.spans >= MOST_SPANS)) return;
    if (within) within.family.spans += 1;
    const span = this.#tracer.startSpan(
      `${method} ${endpoint}`,
      {
        kind: SpanKind.CLIENT,
        startTime: now - durationMs,
        links: within || !running ? [] : linkTo(running.spanContext),
        attributes: {
          'http.request.method': method,
          'url.template': endpoint,
          'server.address': platform,
          'redstart.queue_wait_ms': Math.round(waitedMs),
          ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
          ...(status !== undefined && { 'http.response.status_code': status }),
          ...(error !== undefined && { 'error.type': error }),
          ...(isRunId(run) && { 'seqera.workflow.id': run }),
        },
      },
      within?.context ?? ROOT_CONTEXT,
    );
    if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(now);
  }

  /** A run that a node has just launched or cancelled. */
  wrote(node: string, { runId }: WriteReport): void {
    const running = this.#running();
    if (running?.node === node && isRunId(runId) && running.span.isRecording())
      running.span.setAttribute('seqera.workflow.id', runId);
  }

  /** The passage that a request which is just being made belongs to, when it is one that carries the trace on. */
  callingOut(): TracedPassage | undefined {
    const running = this.#running();
    return running !== undefined && CALLS_OUT.has(running.type) && this.#goesOn(running) ? running : undefined;
  }

  /** Ends what has been open for too long. */
  sweep(): void {
    const before = this.#now() - LONGEST_MS;
    for (const passage of this.#open) {
      if (passage.startedAt > before) return;
      this.#giveUp(passage);
    }
  }

  /** Ends what is open: what is under way is told as unfinished. */
  close(): void {
    clearInterval(this.#sweeper);
    for (const passage of this.#open) this.#giveUp(passage);
  }

  #running(): TracedPassage | undefined {
    const passage = nodeTrace.passage();
    return passage instanceof TracedPassage ? passage : undefined;
  }

  /** Whether something that comes of it now is still of its trace. */
  #goesOn({ endedAt, parks }: TracedPassage): boolean {
    return endedAt === null || (!parks && this.#now() - endedAt <= LATE_MS);
  }

  /** The passage in which a node sends a message; undefined when it sends by itself. */
  #senderOf(node: NodeInstance, msg: object): TracedPassage | undefined {
    const byMessage = LastPassage.of(msg);
    const from = byMessage?.node === node.id ? byMessage : this.#running();
    return from?.node === node.id && this.#goesOn(from) ? from : undefined;
  }

  /** A node sends by itself: a request has come in, a timer has run out, a run that it follows has ended. */
  #begins(node: NodeInstance, msg: SendEvent['msg']): TracedPassage {
    const request = this.#arrived(msg);
    const run = runOf(msg);
    const { title, attributes } = this.#attributes.of(node);
    const earlier = LastPassage.of(msg);
    const running = this.#running();
    const link =
      this.#parked.get(keyOf(node, msg)) ??
      (earlier?.node === node.id ? earlier.spanContext : running?.node === node.id ? running.spanContext : undefined);
    const span = this.#tracer.startSpan(
      request?.name ?? title,
      {
        kind: request === null ? SpanKind.INTERNAL : SpanKind.SERVER,
        attributes: { ...attributes, ...request?.attributes, ...(run !== undefined && { 'seqera.workflow.id': run }) },
        links: link === undefined ? [] : linkTo(link),
      },
      request === null ? ROOT_CONTEXT : contextOf(request.headers),
    );
    const passage = this.#passage({ node, run, span, family: { spans: 1 }, depth: 0 });
    if (request === null) this.#end(passage);
    else request.onAnswer((status) => this.#answered(passage, status));
    return passage;
  }

  /** The request that a message brings in. What nodes send later of the same one hands it on, perhaps hours later. */
  #arrived(msg: SendEvent['msg']): IncomingRequest | null {
    const request = requestOf(msg);
    if (request === null || arrived in request.self) return null;
    Object.assign(request.self, { [arrived]: true });
    return request;
  }

  #answered(passage: TracedPassage, status: number | null): void {
    if (passage.endedAt === null && status !== null) {
      passage.span.setAttribute('http.response.status_code', status);
      if (status >= 500) passage.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#end(passage);
  }

  #enter(node: NodeInstance, msg: object, from: TracedPassage | undefined): TracedPassage {
    const within = from !== undefined && this.#goesOn(from) && (from.silent || from.depth < DEEPEST) ? from : undefined;
    const family = within?.family ?? { spans: 0 };
    const parks = node.parksMessages === true;
    const depth = within === undefined ? 0 : within.depth + 1;
    // No sampler here decides otherwise for a part than for the whole.
    const run = runOf(msg);
    if (within?.silent) return this.#passage({ node, run, span: within.span, family, depth, parks });
    if (within && family.spans >= MOST_SPANS) {
      const unrecorded = trace.wrapSpanContext({ ...within.spanContext, traceFlags: TraceFlags.NONE });
      return this.#passage({ node, run, span: unrecorded, family, depth, parks });
    }
    family.spans += 1;
    const { title, attributes } = this.#attributes.of(node);
    const span = this.#tracer.startSpan(
      title,
      {
        kind: CALLS_OUT.has(node.type) ? SpanKind.CLIENT : SpanKind.INTERNAL,
        attributes: run === undefined ? attributes : { ...attributes, 'seqera.workflow.id': run },
        links: within || !from ? [] : linkTo(from.spanContext),
      },
      within?.context ?? ROOT_CONTEXT,
    );
    return this.#passage({ node, run, span, family, depth, parks });
  }

  #passage(options: {
    node: NodeInstance;
    run: string | undefined;
    span: Span;
    family: Family;
    depth: number;
    parks?: boolean;
  }): TracedPassage {
    const { node, run, span, family, depth, parks = false } = options;
    const { id, type } = node;
    const passage = new TracedPassage({ node: id, type, run, span, family, depth, parks, startedAt: this.#now() });
    if (passage.silent) return passage;
    this.#open.add(passage);
    if (this.#open.size > MOST_OPEN) this.#giveUp(first(this.#open) ?? passage);
    return passage;
  }

  #park(node: NodeInstance, msg: object, passage: TracedPassage): void {
    const key = keyOf(node, msg);
    this.#parked.delete(key);
    this.#parked.set(key, passage.spanContext);
    if (this.#parked.size > MOST_PARKED) this.#parked.delete(first(this.#parked.keys()) ?? key);
  }

  #end(passage: TracedPassage, error?: unknown): void {
    if (passage.endedAt !== null) return;
    passage.endedAt = this.#now();
    this.#open.delete(passage);
    if (error) {
      passage.span.setAttribute('error.type', errorType(error));
      passage.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    passage.span.end();
  }

  #giveUp(passage: TracedPassage): void {
    passage.span.setAttribute('redstart.unfinished', true);
    this.#end(passage);
  }
}

const keyOf = (node: NodeInstance, msg: object): string => `${node.id} ${String((msg as { _msgid?: unknown })._msgid)}`;

const linkTo = (context: SpanContext): Link[] => [{ context }];

/** The oldest one of a map or set. */
function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}
