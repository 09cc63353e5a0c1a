import { createHmac, randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { PasswordCheck } from './config.ts';
import { Secret } from './secret.ts';

const derive = promisify(scrypt) as (password: string, salt: string, length: number) => Promise<Buffer>;

// A key of this process: what is compared below is worth nothing outside it, and equal passwords give equal lengths.
const key = randomBytes(32);
const mark = (text: string): Buffer => createHmac('sha256', key).update(text).digest();

// bcrypt in JavaScript runs on the event loop. One at a time, so that a burst of guesses cannot take it all.
let turn: Promise<unknown> = Promise.resolve();

/**
 * A plain password is compared as a keyed digest rather than hashed with bcrypt at load: the process holds it in memory
 * either way (the environment gave it in plain), it saves 250 ms of the start, and every request to the flows' endpoints
 * with basic auth would pay them again. bcrypt protects a *stored* password, so it is for the hash that someone gives.
 */
export function plainPassword(password: Secret): PasswordCheck {
  return {
    async verifyPassword(candidate) {
      return timingSafeEqual(mark(candidate), mark(password.reveal())) && candidate !== '';
    },
    passwordFingerprint: (salt) => fingerprint(password, salt),
  };
}

export function hashedPassword(hash: Secret): PasswordCheck {
  // The last candidate that was right: basic auth sends it with each request.
  let known: Buffer | null = null;
  return {
    async verifyPassword(candidate) {
      if (known && timingSafeEqual(known, mark(candidate))) return true;
      if (candidate === '' || Buffer.byteLength(candidate) > 72) return false;
      const attempt = turn.then(async () => {
        const { compare } = await import('bcryptjs');
        return compare(candidate, hash.reveal());
      });
      turn = attempt.catch(() => undefined);
      const right = await attempt;
      if (right) known = mark(candidate);
      return right;
    },
    passwordFingerprint: (salt) => fingerprint(hash, salt),
  };
}

/** Where nobody can sign in. */
export const noPassword: PasswordCheck = {
  verifyPassword: async () => false,
  passwordFingerprint: async () => '',
};

async function fingerprint(secret: Secret, salt: string): Promise<string> {
  return (await derive(secret.reveal(), salt, 32)).toString('base64url');
}

// Without the letters and digits that are mistaken for one another when read from a terminal and typed.
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 20 random characters (99 bits) in groups of four. */
export function oneTimePassword(): Secret {
  const characters = Array.from({ length: 20 }, () => READABLE[randomInt(READABLE.length)]).join('');
  return new Secret(characters.replace(/.{4}(?=.)/g, '$&-'));
}
