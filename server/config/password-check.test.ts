import { hash } from 'bcryptjs';
import { describe, expect, it } from 'vitest';
import { hashedPassword, noPassword, oneTimePassword, plainPassword } from './password-check.ts';
import { Secret } from './secret.ts';

const password = 'correct horse battery';

describe.each([
  ['plain', async () => plainPassword(new Secret(password))],
  ['hashed', async () => hashedPassword(new Secret(await hash(password, 4)))],
])('a %s password', (_, make) => {
  it('is told from others, again and again', async () => {
    const check = await make();
    const tried = [
      password,
      '',
      'correct horse batter',
      `${password} `,
      password.toUpperCase(),
      'x'.repeat(100),
      password,
    ];
    const answers: boolean[] = [];
    for (const candidate of tried) answers.push(await check.verifyPassword(candidate));
    expect(answers).toEqual([true, false, false, false, false, false, true]);
  });

  it('is told from others when all are tried at once', async () => {
    const check = await make();
    const tried = ['wrong-one', password, 'wrong-two', password];
    expect(await Promise.all(tried.map((candidate) => check.verifyPassword(candidate)))).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('has a fingerprint of its own for each salt, the same each time', async () => {
    const check = await make();
    const [first, again, other] = await Promise.all(['a', 'a', 'b'].map((salt) => check.passwordFingerprint(salt)));
    expect(first).toBe(again);
    expect(first).not.toBe(other);
    expect(first).not.toContain(password);
  });
});

it('a changed password has another fingerprint', async () => {
  const [one, other] = ['correct horse', 'correct house'].map((text) => plainPassword(new Secret(text)));
  expect(await one!.passwordFingerprint('salt')).not.toBe(await other!.passwordFingerprint('salt'));
});

it('a right hashed password costs bcrypt once', async () => {
  const check = hashedPassword(new Secret(await hash(password, 10)));
  const start = performance.now();
  await check.verifyPassword(password);
  const between = performance.now();
  for (let i = 0; i < 20; i++) await check.verifyPassword(password);
  expect(performance.now() - between).toBeLessThan(between - start);
});

it('nobody signs in where there is no password', async () => {
  expect([await noPassword.verifyPassword(''), await noPassword.verifyPassword(password)]).toEqual([false, false]);
});

it('a one-time password is long, readable and new each time', () => {
  const made = Array.from({ length: 50 }, () => oneTimePassword().reveal());
  expect(new Set(made).size).toBe(50);
  for (const one of made) expect(one).toMatch(/^([a-hjkmnp-z2-9]{4}-){4}[a-hjkmnp-z2-9]{4}$/);
});
