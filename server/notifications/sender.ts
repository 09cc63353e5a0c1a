import type { Logger } from 'pino';
import type { NotificationsConfig } from '../config/index.ts';
import type { Delivered } from './delivery.ts';
import type { Due, IncidentBook } from './incident-book.ts';
import type { RunNews } from './run-news.ts';
import { type SendOptions, sendMessage } from './send-message.ts';
import { noticeOf } from './words.ts';

/** Messages in a row, and how long until there may be one more: what comes faster is told together. */
export const BURST = 10;
export const REFILL_MS = 60_000;
/** Slack takes one message a second. */
const APART_MS = 1000;
const FIRST_RETRY_MS = 2000;
const LAST_RETRY_MS = 600_000;

export type Outcome = Delivered['outcome'];

/** For the status page. */
export interface SenderState {
  format: NotificationsConfig['format'];
  /** Flows, connections and the rest that fail now. */
  failing: number;
  lastDeliveredAt: string | null;
  /** Why the last try failed; null when it went well. */
  error: string | null;
}

export interface SenderOptions extends SendOptions {
  config: NotificationsConfig;
  book: IncidentBook;
  news: RunNews | null;
  /** Where somebody sees what a notice is about. */
  linkOf(incident: Due['incident']): string | null;
  logger: Logger;
  /** Told of each try. */
  tried(outcome: Outcome | 'dropped', count: number): void;
}

/**
 * Tells what is to be told, one message at a time. There is no queue of messages: what waits is the state of things, so
 * that a receiver which was away for a night is told in one message what is so now.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  #notBefore = 0;
  #failures = 0;
  #tokens = BURST;
  #refilledAt: number;
  #deliveredAt: number | null = null;
  #error: string | null = null;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#refilledAt = options.now();
  }

  state(): SenderState {
    const { config, book } = this.#options;
    return {
      format: config.format,
      failing: book.open().length,
      lastDeliveredAt: this.#deliveredAt === null ? null : new Date(this.#deliveredAt).toISOString(),
      error: this.#error,
    };
  }

  /** Sends what is due, unless something is being sent, or it is too early. Resolves when that is done. */
  pump(hurry = false): Promise<void> {
    this.#running ??= this.#once(hurry)
      .catch((error: unknown) => {
        // Not at every look: whatever cannot be put into words now cannot be a second later.
        this.#notBefore = this.#options.now() + LAST_RETRY_MS;
        this.#options.logger.error({ err: error }, 'a notification cannot be made');
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  /** Gives up what is being sent after a while, having tried once more to send what is due. */
  async stop(withinMs: number): Promise<void> {
    const patience = setTimeout(() => this.#stop.abort(), withinMs);
    await this.#running;
    await this.pump(true);
    clearTimeout(patience);
    this.#stop.abort();
  }

  async #once(hurry: boolean): Promise<void> {
    const { book, news, now, tried, logger } = this.#options;
    const at = now();
    if (this.#stop.signal.aborted) return;
    // The last message of a stop need not keep a distance, but a receiver that fails is left alone.
    if (at < this.#notBefore && !(hurry && this.#failures === 0)) return;
    const due = book.due(hurry);
    const runs = news?.due(hurry) ?? [];
    if (due.length + runs.length === 0 || !this.#takeToken(at)) return;
    const notices = [...due.map((each) => noticeOf(each, this.#options.linkOf(each.incident))), ...runs];
    const result = await sendMessage(this.#options, notices, this.#stop.signal);
    tried(result.outcome, 1);
    if (result.outcome === 'failed') {
      this.#failed(result.reason, result.waitMs);
      return;
    }
    // One that will never be taken would keep back all that come after it.
    book.wereTold(due);
    news?.wereTold(runs.length);
    const dropped = news?.takeDropped() ?? 0;
    if (dropped > 0) {
      tried('dropped', dropped);
      logger.warn({ runs: dropped }, `${dropped} runs were not told: too many ended at once`);
    }
    this.#notBefore = now() + APART_MS;
    if (result.outcome === 'refused') {
      this.#error = result.reason;
      logger.warn({ reason: result.reason }, `a notification was refused and is dropped: ${result.reason}`);
      return;
    }
    if (this.#failures > 0) logger.info('notifications are taken again');
    this.#failures = 0;
    this.#error = null;
    this.#deliveredAt = now();
  }

  #failed(reason: string, waitMs: number | null): void {
    const { logger, now } = this.#options;
    if (this.#stop.signal.aborted) return;
    const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 20));
    // A little apart, so that many appliances do not come back at the same moment.
    this.#notBefore = now() + Math.max(waitMs ?? 0, backoff * (0.8 + Math.random() * 0.4));
    this.#error = reason;
    this.#failures += 1;
    if (this.#failures === 1)
      logger.warn({ reason }, `a notification was not delivered and is tried again until it is: ${reason}`);
  }

  #takeToken(now: number): boolean {
    const refill = Math.floor((now - this.#refilledAt) / REFILL_MS);
    if (refill > 0) {
      this.#tokens = Math.min(BURST, this.#tokens + refill);
      this.#refilledAt += refill * REFILL_MS;
    }
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }
}
