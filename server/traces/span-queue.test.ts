import { AsyncLocalStorage } from 'node:async_hooks';
import type { ExportResult } from '@opentelemetry/core';
import { type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { SpanQueue } from './span-queue.ts';

type Answer = (result: ExportResult) => void;
const OK: ExportResult = { code: 0 };

/** A collector that answers when the test says so. */
function setUp(answer: ((spans: ReadableSpan[], done: Answer) => void) | null = null) {
  const lines: { level: string; msg: string }[] = [];
  const logger = pino(
    { formatters: { level: (level) => ({ level }) } },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const batches: { size: number; answer: Answer }[] = [];
  const exporter: SpanExporter = {
    export(spans, done) {
      batches.push({ size: spans.length, answer: done });
      answer?.(spans, done);
    },
    shutdown: async () => {},
  };
  let now = 0;
  const queue = new SpanQueue({ exporter, logger, now: () => now });
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('test');
  return {
    queue,
    batches,
    told: () => lines.map(({ level, msg }) => `${level} ${msg}`),
    pass: (ms: number) => {
      now += ms;
    },
    end(count: number) {
      for (let index = 0; index < count; index += 1) tracer.startSpan('a').end();
    },
  };
}

const refuse = (error?: Error) => (_: unknown, done: Answer) => done({ code: 1, ...(error && { error }) });

describe('the queue of spans', () => {
  it('sends one batch at a time, and the next when the collector has answered', async () => {
    const { queue, batches, end } = setUp();
    end(1100);
    const flushed = queue.forceFlush();
    expect(batches.map(({ size }) => size)).toEqual([512]);
    for (const size of [512, 76]) {
      batches.at(-1)?.answer(OK);
      await expect.poll(() => batches.at(-1)?.size).toBe(size);
    }
    batches.at(-1)?.answer(OK);
    await flushed;
    expect(queue.counts).toEqual({ sent: 1100, lost: 0 });
  });

  it('drops what does not fit while the collector does not answer, counts it, and says so once', async () => {
    const { queue, batches, end, told } = setUp();
    end(1);
    void queue.forceFlush();
    end(10_000);
    expect(queue.counts).toEqual({ sent: 0, lost: 10_000 - 4096 });
    expect(told()).toEqual([expect.stringMatching(/^warn traces are lost: more than 4096 spans wait/)]);
    for (const { answer } of batches) answer(OK);
    await queue.stop(0);
    expect(queue.counts.sent + queue.counts.lost).toBe(10_001);
  });

  it.each([
    [Object.assign(new Error('planted answer'), { code: 401 }), 'the collector answers with 401'],
    [Object.assign(new Error('planted'), { code: 'ECONNREFUSED' }), 'the collector cannot be reached (ECONNREFUSED)'],
    [undefined, 'no reason is given'],
  ])('tells why a batch was lost: %s', async (error, words) => {
    const { queue, end, told } = setUp(refuse(error));
    end(3);
    await queue.forceFlush();
    expect(queue.counts).toEqual({ sent: 0, lost: 3 });
    expect(told()[0]).toContain(words);
    expect(told()[0]).not.toContain('planted');
  });

  it('says once that a collector is away and once that it is back, and not more than every ten minutes', async () => {
    let up = false;
    const { queue, end, told, pass } = setUp((_, done) => done(up ? OK : { code: 1 }));
    const send = async (works: boolean) => {
      up = works;
      end(1);
      await queue.forceFlush();
    };
    for (const works of [false, false, false, true, false, true]) await send(works);
    expect(told()).toEqual([
      expect.stringContaining('warn traces are lost'),
      'info traces are sent again; 3 spans were lost',
    ]);
    pass(600_000);
    await send(false);
    expect(told()).toHaveLength(3);
    expect(queue.counts).toEqual({ sent: 2, lost: 5 });
  });

  it('works outside of the message whose span fills the batch', async () => {
    const seen: unknown[] = [];
    const context = new AsyncLocalStorage<string>();
    const { queue, end } = setUp((_, done) => {
      seen.push(context.getStore());
      setImmediate(done, OK);
    });
    context.run('a message', () => end(600));
    await expect.poll(() => queue.counts.sent).toBeGreaterThan(500);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  it('survives an exporter that throws', async () => {
    const { queue, end } = setUp(() => {
      throw new Error('cannot be written as protobuf');
    });
    end(2);
    await queue.forceFlush();
    expect(queue.counts).toEqual({ sent: 0, lost: 2 });
  });

  it('sends all of it on a stop, and gives up at the deadline', async () => {
    const good = setUp((_, done) => done(OK));
    good.end(1500);
    await good.queue.stop(5000);
    expect(good.queue.counts).toEqual({ sent: 1500, lost: 0 });
    good.end(1);
    expect(good.queue.counts.lost).toBe(1);

    const hanging = setUp();
    hanging.end(700);
    await hanging.queue.stop(20);
    expect(hanging.queue.counts).toEqual({ sent: 0, lost: 700 });
    expect(hanging.told()).toEqual([
      expect.stringContaining('stopped before they were sent'),
      'info spans of traces that were sent and lost in all',
    ]);
    await hanging.queue.stop(20);
  });
});
