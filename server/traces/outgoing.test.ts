import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { nodeTrace } from '../runtime/node-trace.ts';
import { ownRequests } from '../sandbox/own-requests.ts';
import { MessageTraces } from './message-traces.ts';
import { carryOn } from './outgoing.ts';

const exporter = new InMemorySpanExporter();
const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('test');
const traces = new MessageTraces({ tracer, index: createFlowIndex() });
const seen: IncomingHttpHeaders[] = [];
let server: Server;
let outgoing: { stop(): void };

beforeAll(async () => {
  outgoing = carryOn(() => traces.callingOut());
  server = createServer((incoming, response) => {
    seen.push(incoming.headers);
    response.writeHead(418).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  outgoing.stop();
  traces.close();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
  exporter.reset();
});

async function call(headers: Record<string, string> | string[] = {}): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const [response] = await once(request({ port, headers, agent: false, path: '/secret-path' }).end(), 'response');
  response.resume();
  await once(response, 'end');
}

/** As a node's handler does. */
async function within(type: string, work: () => Promise<void>): Promise<string> {
  const passage = traces.received({ id: 'n1', type }, {});
  nodeTrace.enter(passage);
  await work();
  traces.left(passage);
  nodeTrace.enter(undefined);
  return `00-${passage.inLog.trace_id}-${passage.inLog.span_id}-01`;
}

describe('requests of nodes', () => {
  it('carry the trace on where they are those of http request nodes, and tell its span how they ended', async () => {
    const header = await within('http request', () => call());
    expect(seen[0]?.traceparent).toBe(header);
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ kind: 2 });
    expect(span?.attributes).toMatchObject({
      'http.request.method': 'GET',
      'server.address': 'localhost',
      'http.response.status_code': 418,
    });
    expect(JSON.stringify(span?.attributes)).not.toContain('secret');
  });

  it.each([
    ['set by the flow', { traceparent: 'mine' }],
    ['set by the flow in other letters', { TraceParent: 'mine' }],
    ['whose head is written already', ['host', 'localhost', 'traceparent', 'mine']],
  ])('are left as they are with a header %s', async (_, headers) => {
    await within('http request', () => call(headers));
    expect(seen[0]?.traceparent).toBe('mine');
  });

  it('of other nodes, of no node and of the program carry nothing', async () => {
    await within('mqtt out', () => call());
    await call();
    await within('http request', () => ownRequests.run(() => call()));
    expect(seen.map(({ traceparent }) => traceparent)).toEqual([undefined, undefined, undefined]);
  });
});
