import { likeACheck, MAX_PASSWORD_BYTES, type PasswordCheck } from '../config/index.ts';

export type Verdict = 'right' | 'wrong' | 'busy';

/** Names and passwords that are accepted at the moment. */
export interface Accounts {
  get(name: string): PasswordCheck | undefined;
  /** bcrypt cost of the dearest password; 0 when all are plain. */
  readonly dearest: number;
}

/** Where there is one name. */
export const account = (name: string, check: PasswordCheck): Accounts => ({
  get: (given) => (given === name ? check : undefined),
  dearest: check.cost,
});

const MAX_NAME_LENGTH = 1024;
/** bcrypt runs on the event loop in slices; a queue without end would be a way to stall it. */
const MAX_WAITING = 20;

/**
 * Checks a name and a password, one at a time. An unknown name costs what a wrong password does, and a password that is
 * hashed cheaply what the dearest one does, so that neither the answer nor its delay tells which names there are.
 */
export class PasswordGate {
  readonly #accounts: Accounts;
  readonly #spend: (cost: number) => Promise<void>;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(accounts: Accounts, spend: (cost: number) => Promise<void> = likeACheck) {
    this.#accounts = accounts;
    this.#spend = spend;
  }

  /** Never rejects. */
  async verify(name: string, password: string): Promise<Verdict> {
    // No password is longer, or empty: nothing is hashed for these, whatever the name.
    if (password === '' || Buffer.byteLength(password) > MAX_PASSWORD_BYTES || name.length > MAX_NAME_LENGTH)
      return 'wrong';
    if (this.#waiting >= MAX_WAITING) return 'busy';
    this.#waiting += 1;
    try {
      const result = this.#last.then(() => this.#compare(name, password));
      this.#last = result;
      return await result;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #compare(name: string, password: string): Promise<Verdict> {
    try {
      const check = this.#accounts.get(name);
      if (check && (await check.verifyPassword(password))) return 'right';
      for (const cost of missing(check?.cost ?? 0, this.#accounts.dearest)) await this.#spend(cost);
    } catch {
      // What cannot be checked is not right.
    }
    return 'wrong';
  }
}

/** What has to be spent besides a check of one cost to have spent a check of the other: each cost is twice the one before. */
function missing(spent: number, wanted: number): number[] {
  if (spent === 0) return wanted === 0 ? [] : [wanted];
  return Array.from({ length: Math.max(0, wanted - spent) }, (_, index) => spent + index);
}
