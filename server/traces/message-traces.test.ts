import { EventEmitter } from 'node:events';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { createInFlight } from '../runtime/in-flight.ts';
import type { NodeInstance } from '../runtime/node-red.ts';
import { nodeTrace } from '../runtime/node-trace.ts';
import { MessageTraces } from './message-traces.ts';

type Msg = Record<string, unknown> & { _msgid?: string };
type Handler = (msg: Msg, send: (msg: Msg) => void, done: (error?: unknown) => void) => void;

interface FakeNode extends NodeInstance {
  handle: Handler;
  wires: string[];
}

/** Delivers as Node-RED does: hooks, clones for all wires but the first, a turn of the loop between nodes. */
class Flow {
  readonly exporter = new InMemorySpanExporter();
  readonly traces: MessageTraces;
  readonly #inFlight;
  readonly #nodes = new Map<string, FakeNode>();
  clock = 1_000_000;
  #pending = 0;
  #ids = 0;

  constructor() {
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: this.exporter })] });
    const index = createFlowIndex();
    this.traces = new MessageTraces({ tracer: provider.getTracer('test'), index, now: () => this.clock });
    this.#inFlight = createInFlight(this.traces);
    index.replace([{ id: 'tab', type: 'tab', label: 'Nightly' }]);
  }

  node(id: string, handle: Handler, wires: string[] = [], rest: Partial<NodeInstance> = {}): FakeNode {
    const node: FakeNode = { id, type: id, _expectedDoneCount: 1, handle, wires, ...rest };
    this.#nodes.set(id, node);
    return node;
  }

  /** Hands the message on at once. */
  pass(id: string, ...wires: string[]): FakeNode {
    const handle: Handler = (msg, send, done) => {
      send(msg);
      done();
    };
    return this.node(id, handle, wires);
  }

  send(from: FakeNode, msg: Msg): void {
    msg._msgid ??= `m${++this.#ids}`;
    const events = from.wires.map((to) => ({ msg, source: { id: from.id, node: from }, to }));
    this.traces.sending(events);
    for (const [index, event] of events.entries()) {
      if (index > 0) event.msg = structuredClone(event.msg);
      this.traces.delivering(event);
      this.#pending += 1;
      setImmediate(() => {
        this.#pending -= 1;
        const node = this.#nodes.get(event.to);
        if (node) this.receive(node, event.msg);
      });
    }
  }

  receive(node: FakeNode, msg: Msg): void {
    msg._msgid ??= `m${++this.#ids}`;
    const event = { msg, destination: { id: node.id, node } };
    this.#inFlight.onReceive(event);
    try {
      node.handle(
        msg,
        (sent) => this.send(node, sent),
        (error) => void this.#inFlight.onComplete({ msg, error, node: { id: node.id, node } }),
      );
    } catch {
      this.#inFlight.onError(node.id);
    }
    this.#inFlight.postReceive(event);
  }

  async quiet(): Promise<void> {
    do await new Promise((resolve) => setTimeout(resolve, 2));
    while (this.#pending > 0);
  }

  get spans(): ReadableSpan[] {
    return this.exporter.getFinishedSpans();
  }

  named(name: string): ReadableSpan {
    const [span, ...more] = this.spans.filter((one) => one.name === name);
    if (!span || more.length > 0)
      throw new Error(`${span ? 'several' : 'no'} ${name} in ${this.spans.map((s) => s.name)}`);
    return span;
  }

  /** Names from the root down to this one. */
  line(name: string): string {
    const names: string[] = [];
    for (let span: ReadableSpan | undefined = this.named(name); span; ) {
      names.unshift(span.name);
      const parent: string | undefined = span.parentSpanContext?.spanId;
      span = this.spans.find((one) => one.spanContext().spanId === parent);
    }
    return names.join(' > ');
  }
}

const flows: Flow[] = [];
const flow = (): Flow => {
  const made = new Flow();
  flows.push(made);
  return made;
};
afterEach(() => {
  for (const each of flows.splice(0)) each.traces.close();
});

const traceIds = (spans: readonly ReadableSpan[]) => new Set(spans.map((span) => span.spanContext().traceId)).size;

describe('the way of a message', () => {
  it('is a trace with a span for each node, below the node that it came from, over several wires too', async () => {
    const run = flow();
    const start = run.pass('start', 'left', 'right');
    run.pass('left', 'leftEnd');
    run.pass('right', 'rightEnd');
    run.pass('leftEnd');
    run.pass('rightEnd');
    run.receive(start, {});
    run.receive(start, {});
    await run.quiet();
    expect(run.spans).toHaveLength(10);
    expect(traceIds(run.spans)).toBe(2);
    run.exporter.reset();
    run.receive(start, {});
    await run.quiet();
    expect(run.line('leftEnd')).toBe('start > left > leftEnd');
    expect(run.line('rightEnd')).toBe('start > right > rightEnd');
  });

  it('is kept by new messages of an asynchronous node, while others go through the same node', async () => {
    const run = flow();
    const gates: (() => void)[] = [];
    const slow = run.node(
      'slow',
      async (msg, send, done) => {
        await new Promise<void>((resolve) => gates.push(resolve));
        send({ payload: msg.payload });
        done();
      },
      ['end'],
    );
    const seen: unknown[] = [];
    run.node('end', (msg, _send, done) => {
      seen.push([msg.payload, nodeTrace.passage()?.inLog.trace_id]);
      done();
    });
    run.receive(slow, { payload: 1 });
    run.receive(slow, { payload: 2 });
    gates[1]?.();
    gates[0]?.();
    await run.quiet();
    const traces = run.spans.filter(({ name }) => name === 'slow').map((span) => span.spanContext().traceId);
    expect(seen).toEqual([
      [2, traces[0]],
      [1, traces[1]],
    ]);
    expect(traceIds(run.spans)).toBe(2);
  });

  it('is kept where parts of a message are sent, and a new one when they are joined', async () => {
    const run = flow();
    const split = run.node(
      'split',
      (msg, send, done) => {
        for (const part of msg.payload as number[]) send({ part });
        done();
      },
      ['join'],
    );
    let parts = 0;
    run.node(
      'join',
      (_msg, send, done) => {
        parts += 1;
        if (parts === 3) send({ payload: 'all' });
        done();
      },
      ['end'],
    );
    run.pass('end');
    run.receive(split, { payload: [1, 2, 3] });
    await run.quiet();
    expect(run.spans.filter(({ name }) => name === 'join')).toHaveLength(3);
    expect(run.line('end')).toBe('split > join > end');
    expect(traceIds(run.spans)).toBe(1);
  });

  it('goes on where a node is handed a message without a wire: link and catch nodes', async () => {
    const run = flow();
    const linkIn = run.pass('link in', 'faulty');
    const out = run.node('link out', (msg, _send, done) => {
      run.receive(linkIn, msg);
      done();
    });
    const caught = run.pass('catch');
    run.node('faulty', (msg, _send, done) => {
      run.receive(caught, { error: { source: { id: 'other' } }, was: msg._msgid });
      done(Object.assign(new Error('secret words'), { code: 'E_BAD' }));
    });
    run.receive(out, {});
    await run.quiet();
    expect(run.line('catch')).toBe('link out > link in > faulty > catch');
    expect(run.named('faulty').status).toEqual({ code: 2 });
    expect(run.named('faulty').attributes['error.type']).toBe('E_BAD');
    expect(
      JSON.stringify(run.spans.map(({ attributes, status, events }) => [attributes, status, events])),
    ).not.toContain('secret');
  });

  it('ends with an error where a handler throws, and with its return where a node does not tell when it is done', async () => {
    const run = flow();
    const old = run.node('old', () => {}, [], { _expectedDoneCount: 0 });
    const bad = run.node('bad', () => {
      throw new Error('no');
    });
    const oldBad = run.node(
      'oldBad',
      () => {
        throw new Error('no');
      },
      [],
      { _expectedDoneCount: 0 },
    );
    for (const node of [old, bad, oldBad]) run.receive(node, {});
    expect(run.spans.map(({ name, status }) => [name, status.code])).toEqual([
      ['old', 0],
      ['bad', 2],
      ['oldBad', 2],
    ]);
  });
});

function request(headers: Record<string, string> = {}, method = 'POST') {
  const response = Object.assign(new EventEmitter(), {
    statusCode: 200,
    writableFinished: true,
    closed: false,
    destroyed: false,
  });
  const req = {
    headers,
    method,
    baseUrl: '/api',
    route: { path: '/runs/:id' },
    url: '/api/runs/planted?key=planted',
  };
  return { response, msg: { req, res: { _res: response }, payload: 'planted' } as Msg };
}

describe('a request', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

  it('goes on with the trace of its caller, and lasts until the answer', () => {
    const run = flow();
    const source = run.node('http in', () => {}, ['end']);
    run.pass('end');
    const { msg, response } = request({ traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: 'a=b' });
    run.send(source, msg);
    expect(run.spans).toEqual([]);
    response.statusCode = 503;
    response.emit('close');
    const span = run.named('POST /api/runs/:id');
    expect(span.spanContext()).toMatchObject({ traceId: TRACE });
    expect(span.parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7', isRemote: true });
    expect(span).toMatchObject({ kind: 1, status: { code: 2 } });
    expect(span.attributes).toMatchObject({ 'http.route': '/api/runs/:id', 'http.response.status_code': 503 });
    expect(JSON.stringify(span.attributes)).not.toContain('planted');
  });

  it.each([
    ['empty', ''],
    ['garbage', 'x'],
    ['of a trace that is none', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['with more than its version has', `00-${TRACE}-00f067aa0ba902b7-01-x`],
    ['much too long', 'a'.repeat(9000)],
  ])('begins a trace of its own for a header that is %s', (_, traceparent) => {
    const run = flow();
    const { msg, response } = request({ traceparent }, 'BREW');
    run.send(
      run.node('http in', () => {}, ['none']),
      msg,
    );
    response.emit('close');
    const span = run.named('_OTHER /api/runs/:id');
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(TRACE);
  });
});

describe('runs', () => {
  it('are named by the messages that are about them and by what launched them', async () => {
    const run = flow();
    const launch = run.node(
      'launch',
      (msg, send, done) => {
        run.traces.wrote('launch', { action: 'launch', outcome: 'done', runId: '5x9' });
        send({ ...msg, workflowId: '5x9' });
        done();
      },
      ['after'],
    );
    run.pass('after');
    run.receive(launch, { workflowId: 'not an id, but what somebody typed' });
    await run.quiet();
    for (const name of ['launch', 'after']) expect(run.named(name).attributes['seqera.workflow.id']).toBe('5x9');
  });

  it('that are followed for hours begin a trace with each outcome, linked to the message that they were followed for', async () => {
    const run = flow();
    run.pass('before', 'monitor');
    run.node(
      'monitor',
      (msg, send) => {
        setTimeout(() => {
          run.traces.called(call);
          send({ ...msg, workflowId: '5x9' });
        }, 5);
      },
      ['after'],
      { parksMessages: true },
    );
    run.pass('after');
    const { msg, response } = request();
    run.send(
      run.node('http in', () => {}, ['before']),
      msg,
    );
    response.emit('close');
    await run.quiet();
    expect(run.line('monitor')).toBe('POST /api/runs/:id > before > monitor');
    await expect.poll(() => run.spans.some(({ name }) => name === 'after')).toBe(true);
    const [watched, outcome] = run.spans.filter(({ name }) => name === 'monitor');
    expect(outcome?.parentSpanContext).toBeUndefined();
    expect(outcome?.links).toEqual([{ context: watched?.spanContext() }]);
    expect(outcome?.attributes).toMatchObject({ 'seqera.workflow.id': '5x9' });
    expect(run.named('after').spanContext().traceId).toBe(outcome?.spanContext().traceId);
    const polled = run.named('GET /workflow/{id}');
    expect(polled.parentSpanContext).toBeUndefined();
    expect(polled.links).toHaveLength(1);
  });
});

const call = {
  platform: 'api.example.com',
  method: 'GET',
  endpoint: '/workflow/{id}',
  status: 503,
  error: 'SEQERA_UNAVAILABLE',
  attempt: 2,
  durationMs: 120,
  waitedMs: 30,
  run: '5x9',
};

describe('calls to the Platform', () => {
  it('are spans below the node that makes them, as long as they took', async () => {
    const run = flow();
    const node = run.node('launch', async (_msg, _send, done) => {
      await null;
      run.traces.called(call);
      done();
    });
    run.receive(node, {});
    await run.quiet();
    const span = run.named('GET /workflow/{id}');
    expect(run.line('GET /workflow/{id}')).toBe('launch > GET /workflow/{id}');
    expect(span).toMatchObject({ kind: 2, status: { code: 2 }, duration: [0, 120_000_000] });
    expect(span.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/workflow/{id}',
      'server.address': 'api.example.com',
      'redstart.queue_wait_ms': 30,
      'http.request.resend_count': 1,
      'http.response.status_code': 503,
      'error.type': 'SEQERA_UNAVAILABLE',
      'seqera.workflow.id': '5x9',
    });
  });
});

describe('bounds', () => {
  it('a loop is a trace every hundred nodes, each linked to the one before', async () => {
    const run = flow();
    let rounds = 0;
    const loop = run.node(
      'loop',
      (msg, send, done) => {
        rounds += 1;
        if (rounds < 250) send(msg);
        done();
      },
      ['loop'],
    );
    run.receive(loop, {});
    await expect.poll(() => rounds).toBe(250);
    await run.quiet();
    expect(traceIds(run.spans)).toBe(3);
    const roots = run.spans.filter((span) => !span.parentSpanContext);
    expect(roots.map(({ links }) => links.length)).toEqual([0, 1, 1]);
  });

  it('a trace that becomes too large is not recorded further, and says so to those who are called', async () => {
    const run = flow();
    let last: unknown;
    const split = run.node(
      'split',
      (_msg, send, done) => {
        for (let part = 0; part < 6000; part += 1) send({ part });
        done();
      },
      ['end'],
    );
    run.node('end', (_msg, _send, done) => {
      last = run.traces.callingOut()?.spanContext ?? nodeTrace.passage();
      done();
    });
    run.receive(split, {});
    await run.quiet();
    expect(run.spans).toHaveLength(5000);
    expect(last).toMatchObject({ silent: true, spanContext: { traceFlags: 0 } });
  });

  it('a span ends after ten minutes though its node never tells, and what it sends later is linked', async () => {
    const run = flow();
    const held: (() => void)[] = [];
    const delay = run.node('delay', (msg, send) => void held.push(() => send(msg)), ['end']);
    run.pass('end');
    run.receive(delay, {});
    run.traces.sweep();
    expect(run.spans).toEqual([]);
    run.clock += 10 * 60_000 + 1;
    run.traces.sweep();
    expect(run.named('delay').attributes['redstart.unfinished']).toBe(true);
    run.clock += 3_600_000;
    held[0]?.();
    await run.quiet();
    const [first, second] = run.spans.filter(({ name }) => name === 'delay');
    expect(second?.links).toEqual([{ context: first?.spanContext() }]);
    expect(run.named('end').spanContext().traceId).toBe(second?.spanContext().traceId);
  });
});
