import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { Worker } from 'node:worker_threads';

/** A thread that does not answer by then is not asked for an answer. Longer than the pattern of a listing may take. */
const THREAD_MS = 3000;

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Turns of the event loop in which nothing may happen before it counts as nothing to do. */
const QUIET_TURNS = 4;

/**
 * Knows whether anything real is going on: a request that is not answered, a file that is being read. Only while
 * nothing is may virtual time move, or a time-out would fire although the answer is on its way.
 */
export class OpenWork {
  #requests = 0;
  #own = 0;
  #changes = 0;
  /** Requests that wait for time to pass, or for ever. */
  readonly #held: () => number;
  readonly #outside: () => number;
  /** Ports of the rehearsal's own server: a request to it may wait for what only time brings. */
  readonly #ownPorts = new Set<number>();

  /** Threads that were given work, each with the real time by which it counts as done. */
  readonly #threads = new Map<() => void, number>();
  readonly #realNow: () => number;

  constructor(o: { held: () => number; changes: () => number; realNow: () => number }) {
    this.#held = o.held;
    this.#realNow = o.realNow;
    this.#followThreads();
    this.#outside = o.changes;
    // Every copy of undici speaks on these, that of the Seqera nodes and that of `fetch`.
    subscribe('undici:request:create', () => this.#begin());
    subscribe('undici:request:trailers', () => this.#end());
    subscribe('undici:request:error', () => this.#end());
    subscribe('http.client.request.start', (message) => {
      const { request } = message as { request: ClientRequest & { port?: number } };
      const port = Number(/:(\d+)$/.exec(String(request.getHeader('host') ?? ''))?.[1]);
      if (this.#ownPorts.has(port)) return;
      this.#begin();
      request.once('close', () => this.#end());
    });
  }

  ownPort(port: number): void {
    this.#ownPorts.add(port);
  }

  /** Work of the rehearsal itself that must end before time moves. */
  begin(): () => void {
    this.#own += 1;
    let ended = false;
    return () => {
      if (!ended) this.#own -= 1;
      ended = true;
      this.#changes += 1;
    };
  }

  /** What is open, for telling what a rehearsal hangs on. */
  get open(): number {
    return Math.max(0, this.#requests - this.#held()) + this.#own;
  }

  /** Resolves when nothing is going on. @throws what `check` throws, which is asked now and then */
  async idle(check: () => void): Promise<void> {
    let seen = -1;
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns++) {
      await immediate();
      const changes = this.#changes + this.#outside();
      if (this.open > 0 || changes !== seen || isBusy()) quiet = 0;
      else quiet += 1;
      seen = changes;
      if (turns % 64 !== 63) continue;
      for (const [end, until] of this.#threads) if (this.#realNow() > until) end();
      check();
    }
  }

  /** The event loop does not tell a thread that works from one that waits: a message to it is taken as work until it answers. */
  #followThreads(): void {
    const { prototype } = Worker;
    const original = prototype.postMessage;
    const follow = (worker: Worker): void => {
      const done = this.begin();
      const end = (): void => {
        this.#threads.delete(end);
        worker.off('message', end);
        worker.off('exit', end);
        done();
      };
      this.#threads.set(end, this.#realNow() + THREAD_MS);
      worker.once('message', end);
      worker.once('exit', end);
    };
    prototype.postMessage = function postMessage(this: Worker, ...given: Parameters<typeof original>) {
      follow(this);
      return original.apply(this, given);
    };
  }

  #begin(): void {
    this.#requests += 1;
    this.#changes += 1;
  }

  #end(): void {
    this.#requests -= 1;
    this.#changes += 1;
  }
}

/** Files, names, threads, child processes: what the event loop waits for and no counter of ours knows. */
function isBusy(): boolean {
  return process
    .getActiveResourcesInfo()
    .some((kind) => kind.includes('Req') || kind === 'ProcessWrap' || kind === 'ZLIB' || kind === 'ConnectWrap');
}
