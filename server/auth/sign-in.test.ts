import { describe, expect, it } from 'vitest';
import type { UserConfig } from '../config/index.ts';
import { plainPassword } from '../http/testing/fake-config.ts';
import { GuessLimiter, NAME_RULE } from './guess-limiter.ts';
import { SignIn } from './sign-in.ts';

const HERE = '203.0.113.1';

const user = (check = plainPassword('right')): UserConfig => ({ username: 'ada', role: 'editor', ...check });

function setUp(check = plainPassword('right')) {
  const clock = { now: 1_000_000 };
  const now = (): number => clock.now;
  const users = new Map([['ada', user(check)]]);
  const signIn = new SignIn({ get: (name) => users.get(name), dearest: 0 }, { limiter: new GuessLimiter({ now }) });
  return { clock, signIn, users };
}

describe('SignIn', () => {
  it('tells who it is for the right password, and nobody else', async () => {
    const { signIn, users } = setUp();
    expect(await signIn.attempt('ada', 'right', HERE)).toEqual({ outcome: 'right', user: users.get('ada') });
    expect(await signIn.attempt('ada', 'wrong', HERE)).toEqual({ outcome: 'wrong' });
    for (const name of ['Ada', 'bob', '__proto__', ''])
      expect(await signIn.attempt(name, 'right', HERE)).toEqual({ outcome: 'wrong' });
  });

  it('lets nobody in who is removed or changed while the password is checked', async () => {
    const { signIn, users } = setUp({
      ...plainPassword('right'),
      verifyPassword: async () => {
        users.set('ada', user());
        return true;
      },
    });
    expect(await signIn.attempt('ada', 'right', HERE)).toEqual({ outcome: 'wrong' });
  });

  it('answers an unknown name as a wrong password, before and after the limit', async () => {
    const { signIn } = setUp();
    const outcomes = async (name: string, address: string): Promise<unknown[]> => {
      const results = [];
      for (let i = 0; i < NAME_RULE.free + 2; i += 1) results.push(await signIn.attempt(name, 'wrong', address));
      return results;
    };
    const known = await outcomes('ada', HERE);
    expect(await outcomes('nobody', '203.0.113.2')).toEqual(known);
    expect(known.at(-1)).toEqual({ outcome: 'wait', seconds: 2 });
  });

  it('tells the right password from a wrong one to nobody who has to wait', async () => {
    const { signIn } = setUp();
    for (let i = 0; i < NAME_RULE.free; i += 1) await signIn.attempt('ada', 'wrong', HERE);
    expect((await signIn.attempt('ada', 'right', HERE)).outcome).toBe('wait');
    expect((await signIn.attempt('ada', 'right', '198.51.100.7')).outcome).toBe('right');
  });

  it('checks no more than two of one address at the same time, and leaves room for others', async () => {
    let finish: (right: boolean) => void = () => {};
    const verdict = new Promise<boolean>((resolve) => {
      finish = resolve;
    });
    const { signIn } = setUp({ ...plainPassword(''), verifyPassword: () => verdict });
    const flood = Array.from({ length: 100 }, (_, i) => signIn.attempt(`user${i}`, 'x', HERE));
    const other = signIn.attempt('ada', 'right', '198.51.100.7');
    finish(true);
    const outcomes = (await Promise.all(flood)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(98);
    expect((await other).outcome).toBe('right');
    // Those that were not looked at do not count as failures.
    expect((await signIn.attempt('ada', 'right', HERE)).outcome).toBe('right');
  });
});
