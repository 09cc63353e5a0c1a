import type { Timer } from './clock.ts';
import { SeqeraError } from './errors.ts';
import type { NodeHost } from './node-host.ts';

const QUIET_MS = 30_000;

/** One line when checks begin to fail and one when it is over, with a count, however many runs and tries. */
export class TroubleLog {
  readonly #host: NodeHost;
  #failures = 0;
  #timer: Timer | undefined;

  constructor(host: NodeHost) {
    this.#host = host;
  }

  failed(error: SeqeraError): void {
    this.#failures += 1;
    this.close();
    if (this.#failures > 1) return;
    const text = `A check failed and is repeated until it succeeds: ${error.message}`;
    // An error and not its text: the log reads off it what it is about.
    this.#host.node.warn(new SeqeraError(error.code, text, error.runId === undefined ? {} : { runId: error.runId }));
  }

  /** Over only when nothing failed for a while: of an API that fails now and then each failure would be two lines. */
  succeeded(): void {
    if (this.#failures === 0 || this.#timer) return;
    this.#timer = this.#host.clock.setTimer(() => {
      this.#timer = undefined;
      this.#host.node.log(`Checks succeed again after ${this.#failures} that failed`);
      this.#failures = 0;
    }, this.#host.settings.quietMs ?? QUIET_MS);
  }

  close(): void {
    this.#host.clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
