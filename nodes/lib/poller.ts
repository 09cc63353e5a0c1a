import type { Timer } from './clock.ts';
import { type SeqeraError, toSeqeraError } from './errors.ts';
import { whenFlowsStarted } from './flows-started.ts';
import type { NodeHost } from './node-host.ts';
import { shortError } from './node-status.ts';
import { tell } from './observer.ts';
import { LEAST_POLL_MS, pollUnits, UNIT_MS } from './poll-units.ts';
import { number } from './typed-input.ts';

/** The interval of a node with `pollFrequency` and `pollUnits`. @throws SEQERA_INVALID_INPUT */
export async function pollIntervalMs(host: NodeHost, initial: number): Promise<number> {
  const pace = { pollFrequency: number({ initial, least: 0, most: 1_000_000 }), pollUnits: pollUnits('minutes') };
  const values = await host.evaluate(pace, { _msgid: '' });
  return Math.max(LEAST_POLL_MS, values.pollFrequency * UNIT_MS[values.pollUnits]);
}

export interface Poll {
  /** Aborts when the node is about to go. */
  signal: AbortSignal;
  /** When the next one is due. */
  next: Date;
  everyMs: number;
}

export interface PollerOptions {
  host: NodeHost;
  everyMs: () => Promise<number>;
  /** One round: how many new things it found. What it throws is told to the flow, and the next round comes all the same. */
  poll(round: Poll): Promise<number>;
}

/**
 * Rounds of a node without inputs: one as soon as the flows run, then at the interval. They never overlap: the next
 * one is due an interval after the last began, or when it ends. A failure that lasts is told once, and once when it is over.
 */
export class Poller {
  readonly #host: NodeHost;
  readonly #options: PollerOptions;
  readonly #stop = new AbortController();
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();
  #failing: string | undefined;
  #failures = 0;

  constructor(options: PollerOptions) {
    this.#host = options.host;
    this.#options = options;
  }

  start(): void {
    const notStarted = whenFlowsStarted(this.#host.RED, () => this.#begin());
    this.#host.onClose(async () => {
      notStarted();
      this.#stop.abort();
      this.#host.clock.clearTimer(this.#timer);
      await this.#round;
    });
  }

  #begin(): void {
    this.#round = this.#once();
  }

  async #once(): Promise<void> {
    const { clock } = this.#host;
    const began = clock.monotonic();
    let everyMs = 60_000;
    try {
      everyMs = await this.#options.everyMs();
      const next = new Date(clock.now() + everyMs);
      const found = await this.#options.poll({ signal: this.#stop.signal, next, everyMs });
      this.#recovered();
      this.#report(began + everyMs, found);
    } catch (thrown) {
      const error = toSeqeraError(thrown);
      this.#failed(error);
      this.#report(began + everyMs, undefined, error);
    }
    this.#waitUntil(began + everyMs);
  }

  #report(due: number, found: number | undefined, error?: SeqeraError): void {
    const { RED, node, clock } = this.#host;
    const at = clock.now();
    const next = at + Math.max(0, due - clock.monotonic());
    tell(RED, 'onPoll', node.id, { at, next, found, ...(error && { error: error.code }) });
  }

  /** In steps: a timer holds 24 days at most, and a clock's timer may be early. */
  #waitUntil(due: number): void {
    if (this.#stop.signal.aborted) return;
    const { clock } = this.#host;
    const left = due - clock.monotonic();
    this.#timer = clock.setTimer(
      () => {
        if (clock.monotonic() < due - 1) this.#waitUntil(due);
        else this.#begin();
      },
      Math.max(0, left),
    );
  }

  #failed(error: SeqeraError): void {
    if (this.#stop.signal.aborted) return;
    this.#failures += 1;
    this.#host.status(error.transient ? 'retrying' : 'failed', shortError(error));
    if (this.#failing === error.code) return;
    this.#failing = error.code;
    // With a message, so that a Catch node sees it.
    this.#host.node.error(error, { _msgid: this.#host.RED.util.generateId(), error });
  }

  #recovered(): void {
    if (this.#failing === undefined) return;
    this.#host.node.log(`Polls succeed again after ${this.#failures} that failed`);
    this.#failing = undefined;
    this.#failures = 0;
  }
}
