import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { TracesConfig } from '../config/index.ts';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { createTraces } from './create-traces.ts';

function open(sampler: TracesConfig['sampler'] = { parentBased: true, ratio: 1 }) {
  const lines: string[] = [];
  const exporter = new InMemorySpanExporter();
  // What was sent is looked at after the stop, which empties this one.
  exporter.shutdown = async () => {};
  const traces = createTraces({
    traces: {
      url: 'http://127.0.0.1:9',
      headers: [],
      serviceName: 'named',
      resource: { 'service.instance.id': 'mine' },
      sampler,
    },
    proxy: { https: null, http: null, noProxy: null },
    index: createFlowIndex(),
    logger: pino({}, { write: (line) => void lines.push(line) }),
    exporter,
  });
  return { traces, exporter, lines };
}

const node = { id: 'n1', type: 'function', _expectedDoneCount: 1 };

it('names the service as the configuration does, and tells both listeners', async () => {
  const { traces, exporter } = open();
  const told: unknown[] = [];
  const observer = traces.observer({ onCall: (call: unknown) => told.push(call), onPoll: () => told.push('poll') });
  const call = { platform: 'p', method: 'GET', endpoint: '/x', attempt: 1, durationMs: 1, waitedMs: 0 };
  observer.onCall({ ...call, status: 200, error: undefined });
  observer.onPoll();
  expect(told).toHaveLength(2);
  await traces.stop(1000);
  const [span] = exporter.getFinishedSpans();
  expect(span).toMatchObject({ name: 'GET /x', kind: 2 });
  expect(span?.resource.attributes).toMatchObject({ 'service.name': 'named', 'service.instance.id': 'mine' });
  expect(traces.counts()).toEqual({ sent: 1, lost: 0 });
});

it('lets every message pass, whatever it is, and says once that one could not be traced', async () => {
  const { traces, exporter, lines } = open();
  const hostile = {
    get workflowId(): string {
      throw new Error('do not look');
    },
  };
  const { follower } = traces;
  for (let time = 0; time < 3; time += 1) {
    expect(follower.received(node, hostile)).toBeUndefined();
    follower.sending([{ msg: hostile, source: { id: node.id, node } }]);
  }
  expect(follower.received(node, 'text' as never)).toBeUndefined();
  expect(lines.filter((line) => line.includes('could not be traced'))).toHaveLength(1);
  const passage = follower.received(node, {});
  if (passage) follower.left(passage);
  await traces.stop(1000);
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toContain('function');
});

it.each([
  [{ parentBased: true, ratio: 0 }, 0],
  [{ parentBased: false, ratio: 1 }, 3],
])('records by the sampler %j, the whole way or nothing of it', async (sampler, count) => {
  const { traces, exporter } = open(sampler);
  const { follower } = traces;
  const msg = {};
  for (const id of ['a', 'b', 'c']) {
    const passage = follower.received({ ...node, id }, msg);
    expect(passage?.inLog).toEqual(count === 0 ? {} : { trace_id: expect.any(String), span_id: expect.any(String) });
    if (passage) follower.left(passage);
  }
  await traces.stop(1000);
  expect(exporter.getFinishedSpans()).toHaveLength(count);
});
