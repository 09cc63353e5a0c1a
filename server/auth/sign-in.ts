import { randomBytes } from 'node:crypto';
import type { PasswordCheck } from '../config/index.ts';
import { GuessLimiter, networkOf } from './guess-limiter.ts';
import { PasswordGate } from './password-gate.ts';

export type SignInResult =
  | { readonly outcome: 'right'; readonly ticket: string }
  | { readonly outcome: 'wrong' }
  /** Too many failures: not looked at, and not even the right password is told from a wrong one. */
  | { readonly outcome: 'wait'; readonly seconds: number }
  | { readonly outcome: 'busy' };

/** From the check of the password to Node-RED's question, within the same request. */
const TICKET_MS = 10_000;
/** Checks of one address at the same time: one that sends hundreds must not take every place in the queue. */
const MAX_AT_ONCE = 2;

/**
 * Sign-in to the editor, before Node-RED sees it: Node-RED's own limit counts a name whatever the address, so that anyone
 * could lock its owner out. Node-RED gets a ticket in the password's place, once the password was right: so it only ever
 * sees attempts that succeed, and its limit never closes.
 */
export class SignIn {
  readonly #gate: PasswordGate;
  readonly #limiter: GuessLimiter;
  readonly #now: () => number;
  readonly #tickets = new Map<string, { user: string; until: number }>();
  readonly #checking = new Map<string, number>();

  constructor(admin: { user: string } & PasswordCheck, options: { limiter?: GuessLimiter; now?: () => number } = {}) {
    this.#gate = new PasswordGate(admin.user, admin);
    this.#limiter = options.limiter ?? new GuessLimiter();
    this.#now = options.now ?? Date.now;
  }

  /** Never rejects. */
  async attempt(user: string, password: string, address: string): Promise<SignInResult> {
    const network = networkOf(address);
    const atOnce = this.#checking.get(network) ?? 0;
    if (atOnce >= MAX_AT_ONCE) return { outcome: 'busy' };
    const attempt = this.#limiter.attempt(user, address);
    if (!attempt.allowed) return { outcome: 'wait', seconds: Math.ceil(attempt.waitMs / 1000) };
    this.#checking.set(network, atOnce + 1);
    const verdict = await this.#gate.verify(user, password);
    const left = (this.#checking.get(network) ?? 1) - 1;
    if (left === 0) this.#checking.delete(network);
    else this.#checking.set(network, left);

    if (verdict === 'wrong') return { outcome: 'wrong' };
    if (verdict === 'busy') {
      attempt.withdrawn();
      return { outcome: 'busy' };
    }
    attempt.succeeded();
    return { outcome: 'right', ticket: this.#issue(user) };
  }

  /** True once, for the user whose password was right a moment ago. */
  redeem(user: string, ticket: string): boolean {
    const entry = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return entry !== undefined && entry.user === user && entry.until > this.#now();
  }

  #issue(user: string): string {
    const now = this.#now();
    for (const [ticket, { until }] of this.#tickets) if (until <= now) this.#tickets.delete(ticket);
    const ticket = randomBytes(32).toString('base64url');
    this.#tickets.set(ticket, { user, until: now + TICKET_MS });
    return ticket;
  }
}
