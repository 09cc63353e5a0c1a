import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyRing, keyId } from './key-ring.ts';

const secret = fc.string({ minLength: 8, maxLength: 40 });
const text = fc.string({ unit: 'binary', maxLength: 400 }).map((value) => value.toWellFormed());

describe('KeyRing', () => {
  it('opens what it sealed, whatever it is', () => {
    fc.assert(
      fc.property(secret, text, (own, value) => {
        const ring = new KeyRing(own);
        expect(ring.open('credentials', ring.seal('credentials', value))).toEqual({
          text: value,
          secret: own,
          stale: false,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('opens what an older secret sealed, and says that it is stale; not the other way round', () => {
    fc.assert(
      fc.property(fc.uniqueArray(secret, { minLength: 2, maxLength: 4 }), text, ([current = '', ...older], value) => {
        const ring = new KeyRing(current, older);
        for (const each of older)
          expect(ring.open('sessions', new KeyRing(each).seal('sessions', value))).toEqual({
            text: value,
            secret: each,
            stale: true,
          });
        const [first = ''] = older;
        expect(new KeyRing(first).open('sessions', ring.seal('sessions', value))).toEqual({ failure: 'foreign' });
      }),
      { numRuns: 40 },
    );
  });

  it('never opens a text in which anything was changed, and never takes it for something else', () => {
    const ring = new KeyRing('a good secret');
    const sealed = ring.seal('credentials', JSON.stringify({ $: 'node-red' }));
    fc.assert(
      fc.property(fc.nat(sealed.length - 2), fc.integer({ min: 1, max: 0x7f }), (at, change) => {
        const changed =
          sealed.slice(0, at) + String.fromCharCode(sealed.charCodeAt(at) ^ change) + sealed.slice(at + 1);
        const opened = ring.open('credentials', changed);
        // White space and escapes can say the same in JSON; what is said must be the same then.
        if ('text' in opened) expect(opened.text).toBe('{"$":"node-red"}');
        else expect(opened.failure).toMatch(/foreign|damaged|unsealed/);
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < sealed.length - 2; length += 7)
      expect(ring.open('credentials', sealed.slice(0, length))).toHaveProperty('failure');
  });

  it('changes no bit of nonce, tag or data unnoticed', () => {
    const ring = new KeyRing('a good secret');
    const file = JSON.parse(ring.seal('credentials', 'x'.repeat(50))) as Record<string, string>;
    for (const part of ['nonce', 'tag', 'data'] as const) {
      const bytes = Buffer.from(file[part] ?? '', 'base64');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const text = JSON.stringify({ ...file, [part]: changed.toString('base64') });
        expect(ring.open('credentials', text)).toEqual({ failure: 'damaged' });
      }
    }
  });

  it('takes no file for another one', () => {
    const ring = new KeyRing('a good secret');
    const sessions = ring.seal('sessions', '{}');
    expect(ring.open('credentials', sessions)).toEqual({ failure: 'damaged' });
    expect(ring.open('credentials', sessions.replace('"sessions"', '"credentials"'))).toEqual({ failure: 'damaged' });
  });

  it('has a nonce of its own for each writing, and tells of the secret only which it was', () => {
    const ring = new KeyRing('a good secret');
    const nonces = new Set(
      Array.from({ length: 200 }, () => (JSON.parse(ring.seal('sessions', 'same')) as { nonce: string }).nonce),
    );
    expect(nonces.size).toBe(200);
    expect(keyId('a good secret')).toMatch(/^[0-9a-f]{16}$/);
    expect(keyId('a good secret')).not.toBe(keyId('another secret'));
  });
});
