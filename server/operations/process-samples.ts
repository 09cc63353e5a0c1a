import { eventLoopLag } from '../http/event-loop-lag.ts';

export const SAMPLE_SECONDS = 10;
/** An hour. */
const KEPT = 360;
const LOOK_MS = 2000;

/** How late the event loop is and how much memory there is, for the last hour. */
export class ProcessSamples {
  readonly #lag = eventLoopLag();
  readonly #timer: NodeJS.Timeout;
  readonly lagMs: number[] = [];
  readonly memoryBytes: number[] = [];
  #worst = 0;
  #looks = 0;

  constructor() {
    this.#sample();
    this.#timer = setInterval(() => {
      this.#worst = Math.max(this.#worst, this.#lag.current());
      this.#looks += 1;
      if (this.#looks * LOOK_MS < SAMPLE_SECONDS * 1000) return;
      this.#sample();
    }, LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#lag.stop();
  }

  #sample(): void {
    this.lagMs.push(Math.round(this.#worst * 10) / 10);
    this.memoryBytes.push(process.memoryUsage.rss());
    for (const list of [this.lagMs, this.memoryBytes]) if (list.length > KEPT) list.shift();
    this.#worst = 0;
    this.#looks = 0;
  }
}
