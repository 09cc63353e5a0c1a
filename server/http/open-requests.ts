import type { ServerResponse } from 'node:http';

/** Counts the requests that are not answered yet. */
export class OpenRequests {
  #open = 0;
  #waiting: (() => void)[] = [];

  get count(): number {
    return this.#open;
  }

  add(res: ServerResponse): void {
    this.#open += 1;
    res.once('close', () => {
      this.#open -= 1;
      if (this.#open > 0) return;
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  /** Resolves when there is none. */
  none(): Promise<void> {
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
