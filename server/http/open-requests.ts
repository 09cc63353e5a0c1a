import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Seconds after which a caller may try again: as long as a restart takes. */
const RETRY_AFTER = 5;

const OPEN = Symbol('open request');
const SINCE = Symbol('since when it is open');

/** Told of each request when its answer has ended, or its connection. */
export type OnEnd = (res: ServerResponse, seconds: number) => void;
type Timed = ServerResponse & { [SINCE]?: number };
type Connection = Socket & { [OPEN]?: ServerResponse | null };

/**
 * The requests that are not answered yet. Each connection remembers its own: a set of them all, to which every request is
 * added and from which it is taken again, makes the garbage collector's work a third of what a short endpoint costs.
 */
export class OpenRequests {
  readonly #connections = new Set<Connection>();
  /** Those that share their connection with one sent before: pipelining, which hardly any client does. */
  readonly #pipelined = new Set<ServerResponse>();
  readonly #waiting: (() => void)[] = [];
  readonly #closed: (this: ServerResponse) => void;

  readonly #onEnd: OnEnd | undefined;

  constructor(onEnd?: OnEnd) {
    this.#onEnd = onEnd;
    const ended = (res: ServerResponse): void => this.#ended(res);
    // One function for all, as the response is its `this`.
    this.#closed = function () {
      ended(this);
    };
  }

  get count(): number {
    return [...this.#all()].length;
  }

  add(req: IncomingMessage, res: ServerResponse): void {
    const connection = req.socket as Connection;
    const before = connection[OPEN];
    if (before === undefined) {
      this.#connections.add(connection);
      connection.once('close', () => this.#connections.delete(connection));
    }
    if (before) this.#pipelined.add(res);
    else connection[OPEN] = res;
    if (this.#onEnd) (res as Timed)[SINCE] = performance.now();
    res.on('close', this.#closed);
  }

  /** Resolves when there is none. */
  none(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Answers 503 to those that a flow still owes an answer: what it waits for, such as a run, goes on after the restart, but
   * the connection does not. @returns how many
   */
  refuse(): number {
    let refused = 0;
    for (const res of [...this.#all()]) {
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

  *#all(): Generator<ServerResponse> {
    for (const connection of this.#connections) {
      const res = connection[OPEN];
      if (res) yield res;
    }
    yield* this.#pipelined;
  }

  #ended(res: ServerResponse): void {
    const since = (res as Timed)[SINCE];
    if (since !== undefined) this.#onEnd?.(res, (performance.now() - since) / 1000);
    const connection = res.req.socket as Connection;
    if (connection[OPEN] === res) connection[OPEN] = null;
    else this.#pipelined.delete(res);
    if (this.#waiting.length === 0 || this.count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
