import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Session } from './sessions.ts';

/** From the redirect to the request of the page that it leads to. */
const VALID_MS = 20_000;
const MAX_WAITING = 1000;

type Waiting = { readonly session: Omit<Session, 'expires'>; readonly browser: Buffer; readonly until: number };

/**
 * How a session gets from a page of ours into Node-RED's editor: as a code in its address, which the editor changes for
 * the token. The code is good once, for a moment, and only in the browser that signed in: a link with the code of
 * somebody else would otherwise sign its victim in as them.
 */
export class ExchangeCodes {
  readonly #waiting = new Map<string, Waiting>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns the code, and what the browser keeps in a cookie */
  issue(session: Omit<Session, 'expires'>): { code: string; browser: string } {
    const now = this.#now();
    for (const [code, { until }] of this.#waiting)
      if (until <= now || this.#waiting.size >= MAX_WAITING) this.#waiting.delete(code);
    const code = randomBytes(32).toString('base64url');
    const browser = randomBytes(32);
    this.#waiting.set(code, { session, browser, until: now + VALID_MS });
    return { code, browser: browser.toString('base64url') };
  }

  /** Takes back those of a user who is no longer who they were: a session that begins later is ended by nobody. */
  endOf(user: string): void {
    for (const [code, { session }] of this.#waiting) if (session.user === user) this.#waiting.delete(code);
  }

  redeem(code: string, browser: string | null): Omit<Session, 'expires'> | null {
    const waiting = this.#waiting.get(code);
    this.#waiting.delete(code);
    if (waiting === undefined || waiting.until <= this.#now() || browser === null) return null;
    const given = Buffer.from(browser, 'base64url');
    return given.length === waiting.browser.length && timingSafeEqual(given, waiting.browser) ? waiting.session : null;
  }
}
