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
function compareInTurn(candidate: string, hash: string): Promise<boolean> {
  const attempt = turn.then(async () => (await import('bcryptjs')).compare(candidate, hash));
  turn = attempt.catch(() => undefined);
  return attempt;
}

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
    cost: 0,
    identity: mark(`plain ${password.reveal()}`).toString('base64'),
    // Slow by itself: a password is not.
    passwordFingerprint: async (salt) => (await derive(password.reveal(), salt, 32)).toString('base64url'),
  };
}

export function hashedPassword(hash: Secret): PasswordCheck {
  // The last candidate that was right: basic auth sends it with each request.
  let known: Buffer | null = null;
  return {
    async verifyPassword(candidate) {
      if (known && timingSafeEqual(known, mark(candidate))) return true;
      if (candidate === '' || Buffer.byteLength(candidate) > 72) return false;
      const right = await compareInTurn(candidate, hash.reveal());
      if (right) known = mark(candidate);
      return right;
    },
    cost: Number(hash.reveal().slice(4, 6)),
    identity: mark(`hash ${hash.reveal()}`).toString('base64'),
    // A bcrypt hash is slow to reverse already.
    passwordFingerprint: async (salt) => createHmac('sha256', salt).update(hash.reveal()).digest('base64url'),
  };
}

/** Where nobody can sign in. */
export const noPassword: PasswordCheck = {
  verifyPassword: async () => false,
  cost: 0,
  identity: '',
  passwordFingerprint: async () => '',
};

/** Takes what checking a password against a hash of this cost takes. */
export async function likeACheck(cost: number): Promise<void> {
  await compareInTurn('nobody', `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`);
}

// Without the letters and digits that are mistaken for one another when read from a terminal and typed.
const READABLE = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 20 random characters (99 bits) in groups of four. */
export function oneTimePassword(): Secret {
  const characters = Array.from({ length: 20 }, () => READABLE[randomInt(READABLE.length)]).join('');
  return new Secret(characters.replace(/.{4}(?=.)/g, '$&-'));
}
