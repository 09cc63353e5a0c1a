import { hash, randomBytes } from 'node:crypto';

/** What a token begins with: scanners for leaked secrets find it, and nobody takes it for a Platform token. */
export const TOKEN_PREFIX = 'rs_';

/** 256 random bits: there is nothing to guess, so a plain hash is enough to keep it by, and costs each call next to nothing. */
export const makeToken = (): string => `${TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`;

/** What a tokens file holds in place of the token: SHA-256 of its characters, 64 hex digits in lower case. */
export const hashToken = (token: string): string => hash('sha256', token, 'hex');

/** A hash as `hashToken` makes it. */
export const TOKEN_HASH = /^[0-9a-f]{64}$/;

const LONGEST_TOKEN = 512;

/** The token of an `Authorization: Bearer …` header; null where there is none, or nothing that could be one. */
export function bearerToken(header: string | undefined): string | null {
  if (header === undefined || header.length > LONGEST_TOKEN) return null;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1] ?? null;
}
