import type { AuditEvent } from './audit-event.ts';

/** Refusals that are recorded one by one within a minute. */
export const FLOOD_LIMITS = { windowMs: 60_000, perAddress: 60, total: 600 } as const;

interface LeftOut {
  count: number;
  since: number;
  addresses: Map<string, number>;
}

/**
 * Anybody can be refused as often as they like. Recorded one by one, that would push everything else out of the rotated
 * files: above the limits refusals are counted, and told as one event when the minute is over.
 */
export class FloodCap {
  readonly #limits: { windowMs: number; perAddress: number; total: number };
  #since = Number.NEGATIVE_INFINITY;
  #total = 0;
  #seen = new Map<string, number>();
  #leftOut: LeftOut | null = null;

  constructor(limits: { windowMs: number; perAddress: number; total: number } = FLOOD_LIMITS) {
    this.#limits = limits;
  }

  /** Whether to record it as it is. */
  takes(event: AuditEvent, now: number): boolean {
    if (event.event !== 'refused') return true;
    if (this.#isOver(this.#since, now)) {
      this.#since = now;
      this.#total = 0;
      this.#seen = new Map();
    }
    const address = event.address ?? 'unknown';
    const seen = this.#seen.get(address) ?? 0;
    if (this.#total < this.#limits.total && seen < this.#limits.perAddress) {
      this.#total++;
      this.#seen.set(address, seen + 1);
      return true;
    }
    this.#leftOut ??= { count: 0, since: now, addresses: new Map() };
    this.#leftOut.count++;
    const { addresses } = this.#leftOut;
    if (addresses.size < this.#limits.perAddress || addresses.has(address))
      addresses.set(address, (addresses.get(address) ?? 0) + 1);
    return false;
  }

  /** What was left out, once the window is over or `always`; null when nothing was. */
  summary(now: number, always = false): AuditEvent | null {
    const left = this.#leftOut;
    if (!left || (!always && !this.#isOver(left.since, now))) return null;
    this.#leftOut = null;
    return {
      event: 'refused-more',
      count: left.count,
      since: new Date(left.since).toISOString(),
      // The first of them; an attacker has as many as there are IPv6 addresses.
      addresses: Object.fromEntries(left.addresses),
    };
  }

  /** Also when the clock was put back: else nothing would be told until it has caught up. */
  #isOver(since: number, now: number): boolean {
    return now < since || now - since >= this.#limits.windowMs;
  }
}
