/** One request that arrived at a route of the Platform (control requests are not recorded). */
export interface RecordedCall {
  method: string;
  /** Without the base path and the query. */
  path: string;
  /** The template that answered, such as `/workflow/{workflowId}`; null when there is none. */
  route: string | null;
  /** The last value of each parameter. */
  query: Record<string, string>;
  /** Parsed JSON, else the text; undefined when there was none. Of a multipart body the beginning of each part, by name. */
  body: unknown;
  /** What a multipart body was made of. */
  parts: { name: string; fileName: string | null; contentType: string | null; size: number }[];
  contentType: string | null;
  token: string | null;
  /** 0 until answered, and for ever when the connection was reset or hung. */
  status: number;
  /** The kind of fault that met it. */
  fault: string | null;
  /** Simulated time, in milliseconds since 1970. */
  at: number;
}

type Waiter = { matches: (call: RecordedCall) => boolean; resolve: (call: RecordedCall) => void };

/** Keeps the newest calls, so that a soak of a day does not fill the memory; `counts` has them all. */
export class CallLog {
  readonly #limit: number;
  #calls: RecordedCall[] = [];
  #finished = new WeakSet<RecordedCall>();
  #waiters = new Set<Waiter>();
  /** By `METHOD /route/{template}`. */
  readonly counts = new Map<string, number>();

  readonly #onCall: (call: RecordedCall) => void;

  constructor(limit: number, onCall: (call: RecordedCall) => void = () => undefined) {
    this.#limit = limit;
    this.#onCall = onCall;
  }

  get calls(): readonly RecordedCall[] {
    return this.#calls;
  }

  add(call: RecordedCall): void {
    this.#calls.push(call);
    // Cut by half when twice full: one copy per `limit` calls, not one a call.
    if (this.#calls.length >= this.#limit * 2) this.#calls = this.#calls.slice(-this.#limit);
    const key = `${call.method} ${call.route ?? call.path}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    this.#onCall(call);
  }

  finish(call: RecordedCall): void {
    this.#finished.add(call);
    for (const waiter of this.#waiters) {
      if (!waiter.matches(call)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(call);
    }
  }

  /** The first finished call that matches, past or to come. */
  waitFor(matches: (call: RecordedCall) => boolean, timeoutMs: number): Promise<RecordedCall> {
    const past = this.#calls.find((call) => this.#finished.has(call) && matches(call));
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        matches,
        resolve: (call) => {
          clearTimeout(timer);
          resolve(call);
        },
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new Error(`no such call within ${timeoutMs} ms; seen: ${[...this.counts].map(String).join(', ')}`));
      }, timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  clear(): void {
    this.#calls = [];
    this.counts.clear();
  }
}
