import { describe, expect, it } from 'vitest';
import { bearerToken, hashToken, makeToken, TOKEN_HASH } from './token-hash.ts';

describe('tokens', () => {
  it('are long, random and told from others by their beginning', () => {
    const made = new Set(Array.from({ length: 50 }, makeToken));
    expect(made.size).toBe(50);
    for (const token of made) expect(token).toMatch(/^rs_[\w-]{43}$/);
  });

  it('are kept as SHA-256', () => {
    expect(hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hashToken(makeToken())).toMatch(TOKEN_HASH);
  });

  it.each([
    ['Bearer rs_abc', 'rs_abc'],
    ['bearer  rs_abc ', 'rs_abc'],
    ['Basic cnNfYWJj', null],
    ['Bearer', null],
    ['Bearer a b', null],
    ['Bearer ä', null],
    [`Bearer ${'x'.repeat(600)}`, null],
    [undefined, null],
  ])('are read from %j', (header, token) => {
    expect(bearerToken(header)).toBe(token);
  });
});
