import { Random } from './random.ts';
import type { ParsedFault } from './scenario.ts';

interface Armed {
  fault: ParsedFault;
  seen: number;
  left: number;
}

export interface Verdict {
  /** Real milliseconds to wait first. */
  delay: number;
  fault: ParsedFault | undefined;
}

const NONE: Verdict = { delay: 0, fault: undefined };

/** Decides what a call meets: latencies add up, of the other kinds the first that matches. */
export class Faults {
  #armed: Armed[] = [];
  #since = 0;
  #random = new Random(1);

  set(faults: readonly ParsedFault[], seed: number, now: number): void {
    this.#armed = faults.map((fault) => ({ fault, seen: 0, left: fault.times ?? Number.POSITIVE_INFINITY }));
    this.#since = now;
    // Another stream than that of the ids, so that a fault more or less does not change them.
    this.#random = new Random(seed ^ 0x5eed);
  }

  judge(method: string, path: string, now: number): Verdict {
    if (this.#armed.length === 0) return NONE;
    let delay = 0;
    for (const armed of this.#armed) {
      if (!this.#strikes(armed, method, path, now)) continue;
      armed.left -= 1;
      const { fault } = armed;
      if (fault.kind !== 'hang') delay += this.#delayOf(fault);
      if (fault.kind !== 'latency') return { delay, fault };
    }
    return { delay, fault: undefined };
  }

  #strikes(armed: Armed, method: string, path: string, now: number): boolean {
    const { fault } = armed;
    const elapsed = now - this.#since;
    if (armed.left <= 0 || elapsed < fault.from || elapsed >= fault.from + fault.for) return false;
    if (fault.match.method !== undefined && fault.match.method !== method) return false;
    if (fault.match.path !== undefined && !fault.match.path.test(path)) return false;
    armed.seen += 1;
    if (armed.seen <= fault.skip) return false;
    return fault.rate >= 1 || this.#random.next() < fault.rate;
  }

  #delayOf({ kind, delay }: ParsedFault): number {
    if (delay === undefined) return kind === 'latency' ? 500 : 0;
    if (!Array.isArray(delay)) return delay;
    const [least, most] = delay;
    return least + this.#random.next() * (most - least);
  }
}
