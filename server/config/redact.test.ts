import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIN_REDACTED_LENGTH, redact, registerSecret } from './redact.ts';
import { Secret } from './secret.ts';

const token = 'eyJ0aWQiOiAxMjM0fS5+/&"secret\\path';

describe('redact', () => {
  new Secret(token);

  it('leaves other text alone', () => {
    expect(redact('Started flows')).toBe('Started flows');
  });

  it.each<[string, string]>([
    ['plain', token],
    ['in JSON', JSON.stringify(token).slice(1, -1)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(token)).slice(3, -3)],
    ['URL-encoded', encodeURIComponent(token)],
    ['URL-encoded in lower case', encodeURIComponent(token).replace(/%../g, (hex) => hex.toLowerCase())],
    ['in hexadecimal', Buffer.from(token).toString('hex')],
    ['in hexadecimal, in capitals', Buffer.from(token).toString('hex').toUpperCase()],
    ['as form data', new URLSearchParams({ t: token }).toString().slice(2)],
  ])('strips it %s', (_, form) => {
    expect(redact(`before ${form} after`)).toBe('before [redacted] after');
  });

  it.each(['', 'u', 'us', 'ada', 'user', 'hook:'])('strips it out of base64 behind "%s"', (before) => {
    for (const after of ['', '}', ' more', '"}]']) {
      const encoded = Buffer.from(before + token + after).toString('base64');
      const left = redact(encoded).split('[redacted]');
      expect(left.length).toBe(2);
      // What is left decodes to the neighbours and at most three characters at each end of the secret.
      expect(left[0]!.length).toBeLessThanOrEqual(Math.ceil(before.length / 3) * 4 + 3);
      expect(left[1]!.length).toBeLessThanOrEqual(Math.ceil(after.length / 3) * 4 + 7);
    }
  });

  it('strips each of several secrets, the longer of two with the same beginning as a whole', () => {
    registerSecret('correct-horse');
    registerSecret('correct-horse-battery');
    expect(redact('a correct-horse-battery b correct-horse c')).toBe('a [redacted] b [redacted] c');
  });

  it('does not look for what is too short to be told from ordinary text', () => {
    registerSecret('dev'.padEnd(MIN_REDACTED_LENGTH - 1, 'x'));
    expect(redact('devxxxx')).toBe('devxxxx');
  });

  it('knows a secret that is registered later', () => {
    const late = 'rotated-token-value';
    expect(redact(late)).toBe(late);
    new Secret(late);
    expect(redact(late)).toBe('[redacted]');
  });

  it('strips any secret wherever it stands', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 80 }), fc.string(), (secret, around) => {
        registerSecret(secret);
        expect(redact(around + secret + around).includes(secret) && !'[redacted]'.includes(secret)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
