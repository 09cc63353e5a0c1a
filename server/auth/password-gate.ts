import { createHash, timingSafeEqual } from 'node:crypto';
import type { PasswordCheck } from '../config/index.ts';

export type Verdict = 'right' | 'wrong' | 'busy';

/** Longer ones are not looked at: hashing them is work that anyone can cause. */
const MAX_LENGTH = 1024;
/** bcrypt runs on the event loop in slices; a queue without end would be a way to stall it. */
const MAX_WAITING = 20;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Checks a name and a password, one at a time. An unknown name costs what a wrong password does, so that neither the
 * answer nor its delay tells which of the two was wrong.
 */
export class PasswordGate {
  readonly #user: string;
  readonly #check: PasswordCheck;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(user: string, check: PasswordCheck) {
    this.#user = user;
    this.#check = check;
  }

  /** Never rejects. */
  async verify(user: string, password: string): Promise<Verdict> {
    if (password.length > MAX_LENGTH || user.length > MAX_LENGTH) return 'wrong';
    if (this.#waiting >= MAX_WAITING) return 'busy';
    this.#waiting += 1;
    try {
      const result = this.#last.then(() => this.#compare(user, password));
      this.#last = result;
      return await result;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #compare(user: string, password: string): Promise<Verdict> {
    const known = timingSafeEqual(digest(user), digest(this.#user));
    try {
      // For an unknown name something that is never right: a right password would be recognised faster than a wrong one.
      const right = await this.#check.verifyPassword(known ? password : `\u0001${password}`);
      return known && right ? 'right' : 'wrong';
    } catch {
      return 'wrong';
    }
  }
}
