import type { ServerResponse } from 'node:http';

/** Seconds after which a caller may try again: as long as a restart takes. */
const RETRY_AFTER = 5;

/** The requests that are not answered yet. */
export class OpenRequests {
  readonly #open = new Set<ServerResponse>();
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#open.size;
  }

  add(res: ServerResponse): void {
    this.#open.add(res);
    res.once('close', () => {
      this.#open.delete(res);
      if (this.#open.size > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when there is none. */
  none(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Answers 503 to those that a flow still owes an answer: what it waits for, such as a run, goes on after the restart, but
   * the connection does not. @returns how many
   */
  refuse(): number {
    let refused = 0;
    for (const res of this.#open) {
      if (res.headersSent || res.destroyed) continue;
      refused += 1;
      res.writeHead(503, {
        'Retry-After': String(RETRY_AFTER),
        'Content-Type': 'text/plain; charset=utf-8',
        Connection: 'close',
      });
      res.end('Stopping: the flow had not answered yet. What it was doing goes on after the restart.\n');
    }
    return refused;
  }
}
