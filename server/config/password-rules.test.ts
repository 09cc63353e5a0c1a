import { describe, expect, it } from 'vitest';
import { passwordFault, passwordHashFault } from './password-rules.ts';

describe('passwordFault', () => {
  it.each([
    ['short', 'shorter than 8'],
    ['', 'shorter than 8'],
    ['ééééééé', 'shorter than 8'],
    ['x'.repeat(30), 'everybody tries first'],
    ['12345678', 'everybody tries first'],
    ['changeme', 'everybody tries first'],
    ['ChangeMe', 'everybody tries first'],
    ['password', 'everybody tries first'],
    ['Password123!', 'everybody tries first'],
    ['adminadmin', 'everybody tries first'],
    ['redstart1', 'everybody tries first'],
    ['ada.lovelace', 'user name'],
    ['Ada.Lovelace1', 'user name'],
    [`${'correct horse battery '.repeat(4)}`, 'longer than 72 bytes'],
    [`${'ü'.repeat(30)}correct-horse`, 'longer than 72 bytes'],
    ['two\nlines of it', 'control character'],
    ['nul\0nul\0nul', 'control character'],
  ])('refuses %j', (password, words) => {
    expect(passwordFault(password, { user: 'ada.lovelace' })).toContain(words);
  });

  it.each(['correct horse', 'k7fm-2qwx', 'pässwörter sind länger', 'password-of-the-week-at-ada', 'quote\'and"quote'])(
    'takes %j',
    (password) => {
      expect(passwordFault(password, { user: 'ada' })).toBeNull();
    },
  );
});

describe('passwordHashFault', () => {
  const tail = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.';

  it.each(['2a', '2b', '2y'])('takes $%s$', (kind) => {
    expect(passwordHashFault(`$${kind}$12$${tail}`)).toBeNull();
  });

  it.each([
    ['plain-password', 'is not a bcrypt hash'],
    [`$argon2id$v=19$${tail}`, 'is not a bcrypt hash'],
    [`$2b$12$${tail}x`, 'is not a bcrypt hash'],
    [tail, 'replaced its $ signs'],
    [`$2b$04$${tail}`, 'cost of 4'],
    [`$2b$31$${tail}`, 'cost of 31'],
  ])('refuses %j', (hash, words) => {
    expect(passwordHashFault(hash)).toContain(words);
  });
});
