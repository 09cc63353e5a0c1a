import { AsyncLocalStorage } from 'node:async_hooks';
import { TraceFlags } from '@opentelemetry/api';
import type { ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';

/** Ended spans that wait to be sent: about 6 MB. What comes when there are so many is lost, and counted. */
const MOST_WAITING = 4096;
const BATCH = 512;
const EVERY_MS = 2000;
/** A collector that comes and goes, or is too slow, is told of this often at most. */
const TOLD_EVERY_MS = 10 * 60_000;

export interface SpanCounts {
  sent: number;
  lost: number;
}

/**
 * Sends spans in batches, one batch at a time. It never waits for the collector and never holds up a message: a collector
 * that is away costs the spans of that time and one line in the log.
 */
export class SpanQueue implements SpanProcessor {
  readonly counts: SpanCounts = { sent: 0, lost: 0 };
  readonly #exporter: SpanExporter;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** Out of the message whose span happens to fill a batch: what is done here, and said, is not about that one. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #waiting: ReadableSpan[] = [];
  #timer: NodeJS.Timeout | null = null;
  #sending: Promise<void> | null = null;
  /** Of the batch that is being sent. */
  #inHand = 0;
  #stopped = false;
  /** Since when spans are lost. */
  #trouble: { lostBefore: number } | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: { exporter: SpanExporter; logger: Logger; now?: () => number }) {
    this.#exporter = options.exporter;
    this.#logger = options.logger;
    this.#now = options.now ?? Date.now;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.#stopped || this.#waiting.length >= MOST_WAITING) {
      this.#lose(1, `more than ${MOST_WAITING} spans wait to be sent: there are more than the collector takes`);
      return;
    }
    this.#waiting.push(span);
    if (this.#sending === null) this.#arm(this.#waiting.length >= BATCH ? 0 : EVERY_MS);
  }

  async forceFlush(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== null) await this.#send();
  }

  /** What waits is sent before; whoever has no time to wait uses `stop`. */
  async shutdown(): Promise<void> {
    await this.stop(60_000);
  }

  /** Sends what it can until the deadline, then gives up on the rest. */
  async stop(deadlineMs: number): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    let late = false;
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        late = true;
        resolve();
      }, deadlineMs);
    });
    const all = async (): Promise<void> => {
      while (!late && (this.#waiting.length > 0 || this.#sending !== null)) await this.#send();
    };
    await Promise.race([all(), deadline]);
    clearTimeout(timer);
    const left = this.#waiting.length + this.#inHand;
    this.#waiting = [];
    if (left > 0) this.#lose(left, 'the program stopped before they were sent');
    if (this.counts.lost > 0) this.#logger.info({ ...this.counts }, 'spans of traces that were sent and lost in all');
    // Its promise waits for requests that have had their time.
    void this.#exporter.shutdown().catch(() => {});
  }

  #arm(delayMs: number): void {
    if (this.#timer !== null) {
      if (delayMs > 0) return;
      clearTimeout(this.#timer);
    }
    this.#timer = this.#outside(() => setTimeout(() => void this.#send(), delayMs).unref());
  }

  #send(): Promise<void> {
    this.#timer = null;
    this.#sending ??= this.#sendBatch().finally(() => {
      this.#sending = null;
      if (this.#waiting.length > 0 && !this.#stopped) this.#arm(this.#waiting.length >= BATCH ? 0 : EVERY_MS);
    });
    return this.#sending;
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#waiting.splice(0, BATCH);
    if (batch.length === 0) return;
    this.#inHand = batch.length;
    const { code, error } = await new Promise<ExportResult>((resolve) => {
      try {
        this.#exporter.export(batch, resolve);
      } catch (thrown) {
        resolve({ code: 1, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
      }
    });
    this.#inHand = 0;
    if (code !== 0) return this.#lose(batch.length, reasonOf(error));
    this.counts.sent += batch.length;
    if (this.#trouble === null || this.#waiting.length > MOST_WAITING / 2) return;
    const lost = this.counts.lost - this.#trouble.lostBefore;
    this.#trouble = null;
    this.#logger.info({ lost }, `traces are sent again; ${lost} spans were lost`);
  }

  #lose(count: number, reason: string): void {
    const lostBefore = this.counts.lost;
    this.counts.lost += count;
    const now = this.#now();
    if (this.#trouble !== null || now - this.#toldAt < TOLD_EVERY_MS) return;
    this.#trouble = { lostBefore };
    this.#toldAt = now;
    this.#outside(() =>
      this.#logger.warn({ code: 'TRACES_LOST', lost: count }, `traces are lost: ${reason}. Flows are not affected.`),
    );
  }
}

/** Without what the collector answered, which may be anything. */
function reasonOf(error: Error | undefined): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (typeof code === 'number') return `the collector answers with ${code}`;
  if (typeof code === 'string') return `the collector cannot be reached (${code})`;
  return `the collector does not take them (${message?.slice(0, 200) ?? 'no reason is given'})`;
}
