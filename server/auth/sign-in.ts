import type { UserConfig } from '../config/index.ts';
import { GuessLimiter, networkOf } from './guess-limiter.ts';
import { PasswordGate } from './password-gate.ts';
import type { Users } from './user-directory.ts';

export type SignInResult =
  | { readonly outcome: 'right'; readonly user: UserConfig }
  | { readonly outcome: 'wrong' }
  /** Too many failures: not looked at, and not even the right password is told from a wrong one. */
  | { readonly outcome: 'wait'; readonly seconds: number }
  | { readonly outcome: 'busy' };

/** Checks of one address at the same time: one that sends hundreds must not take every place in the queue. */
const MAX_AT_ONCE = 2;

/**
 * Sign-in with a password, before Node-RED sees it: Node-RED's own limit counts a name whatever the address, so that
 * anyone could lock its owner out.
 */
export class SignIn {
  readonly #users: Users;
  readonly #gate: PasswordGate;
  readonly #limiter: GuessLimiter;
  readonly #checking = new Map<string, number>();

  constructor(users: Users, options: { limiter?: GuessLimiter; gate?: PasswordGate } = {}) {
    this.#users = users;
    this.#gate = options.gate ?? new PasswordGate(users);
    this.#limiter = options.limiter ?? new GuessLimiter();
  }

  /** Never rejects. */
  async attempt(name: string, password: string, address: string): Promise<SignInResult> {
    const network = networkOf(address);
    const atOnce = this.#checking.get(network) ?? 0;
    if (atOnce >= MAX_AT_ONCE) return { outcome: 'busy' };
    const attempt = this.#limiter.attempt(name, address);
    if (!attempt.allowed) return { outcome: 'wait', seconds: Math.ceil(attempt.waitMs / 1000) };
    this.#checking.set(network, atOnce + 1);
    // The user of now: one who is changed or removed during the check signs in as nobody.
    const user = this.#users.get(name);
    const verdict = await this.#gate.verify(name, password);
    const left = (this.#checking.get(network) ?? 1) - 1;
    if (left === 0) this.#checking.delete(network);
    else this.#checking.set(network, left);

    if (verdict === 'busy') {
      attempt.withdrawn();
      return { outcome: 'busy' };
    }
    if (verdict === 'wrong' || user === undefined || this.#users.get(name) !== user) return { outcome: 'wrong' };
    attempt.succeeded();
    return { outcome: 'right', user };
  }
}
