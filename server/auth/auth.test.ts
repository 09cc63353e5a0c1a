import { describe, expect, it } from 'vitest';
import type { PasswordCheck } from '../config/index.ts';
import { fakeConfig, plainPassword } from '../http/testing/fake-config.ts';
import { adminAuth } from './admin-auth.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { PasswordGate } from './password-gate.ts';
import { publicRoute } from './public-admin-routes.ts';
import { SignIn } from './sign-in.ts';

const check = (verifyPassword: PasswordCheck['verifyPassword']): PasswordCheck => ({
  verifyPassword,
  passwordFingerprint: async () => '',
});

describe('PasswordGate', () => {
  it('does for an unknown name what it does for a wrong password', async () => {
    const candidates: string[] = [];
    const gate = new PasswordGate(
      'ada',
      check(async (candidate) => {
        candidates.push(candidate);
        return candidate === 'right';
      }),
    );
    expect(await gate.verify('ada', 'right')).toBe('right');
    expect(await gate.verify('ada', 'wrong')).toBe('wrong');
    expect(await gate.verify('bob', 'right')).toBe('wrong');
    expect(candidates).toHaveLength(3);
    // Were it given as it is, the quick recognition of a right password would tell that it is right.
    expect(candidates[2]).not.toBe('right');
  });

  it('runs one check at a time and turns a flood away', async () => {
    let running = 0;
    let most = 0;
    const gate = new PasswordGate(
      'ada',
      check(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        return false;
      }),
    );
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => gate.verify('ada', 'x')));
    expect(most).toBe(1);
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(30);
    expect(await gate.verify('ada', 'x')).toBe('wrong');
  });

  it('never rejects, and does not look at what is too long', async () => {
    const gate = new PasswordGate(
      'ada',
      check(() => Promise.reject(new Error('broken'))),
    );
    expect(await gate.verify('ada', 'x')).toBe('wrong');
    expect(
      await new PasswordGate(
        'ada',
        check(async () => true),
      ).verify('ada', 'x'.repeat(2000)),
    ).toBe('wrong');
  });
});

describe('adminAuth', () => {
  it('is absent without a user, and knows exactly one with', async () => {
    const signIn = new SignIn({ user: 'ada', ...plainPassword('correct horse') });
    expect(adminAuth(fakeConfig({ admin: null }), signIn)).toBeNull();
    expect(adminAuth(fakeConfig(), null)).toBeNull();
    const auth = adminAuth(fakeConfig({ sessions: { hours: 2 } }), signIn);
    expect(auth?.sessionExpiryTime).toBe(7200);
    expect(auth).not.toHaveProperty('default');
    const ticket = async (): Promise<string> => {
      const result = await signIn.attempt('ada', 'correct horse', '203.0.113.1');
      return result.outcome === 'right' ? result.ticket : '';
    };
    expect(await auth?.authenticate('ada', await ticket())).toEqual({ username: 'ada', permissions: '*' });
    expect(await auth?.users('ada')).toEqual({ username: 'ada', permissions: '*' });
    for (const name of ['Ada', '__proto__', '', undefined, null, {}, ['ada'], 1]) {
      expect(await auth?.users(name)).toBeNull();
      expect(await auth?.authenticate(name, await ticket())).toBeNull();
    }
    // The password itself opens nothing here: whatever gets past the guard in front is no sign-in.
    for (const given of ['correct horse', '', undefined, null, {}, ['x']])
      expect(await auth?.authenticate('ada', given)).toBeNull();
  });
});

describe('FailureLimiter', () => {
  it('blocks an address for the rest of the window, and no other', () => {
    let now = 0;
    const limiter = new FailureLimiter({ max: 2, windowMs: 10_000 }, () => now);
    limiter.failed('203.0.113.1');
    expect(limiter.blockedFor('203.0.113.1')).toBe(0);
    now = 4000;
    limiter.failed('203.0.113.1');
    expect(limiter.blockedFor('203.0.113.1')).toBe(6);
    expect(limiter.blockedFor('203.0.113.2')).toBe(0);
    now = 10_000;
    expect(limiter.blockedFor('203.0.113.1')).toBe(0);
    limiter.failed('203.0.113.1');
    expect(limiter.blockedFor('203.0.113.1')).toBe(0);
  });

  it('takes a network of IPv6 for one address', () => {
    const limiter = new FailureLimiter({ max: 2, windowMs: 10_000 }, () => 0);
    limiter.failed('2001:db8:0:1::1');
    limiter.failed('2001:db8:0:2::2');
    expect(limiter.blockedFor('2001:db8:0:3::3')).toBeGreaterThan(0);
    expect(limiter.blockedFor('2001:db8:1::1')).toBe(0);
  });
});

describe('publicRoute', () => {
  it('takes paths by exact letters, nothing hidden, climbing or encoded', () => {
    const open = [
      '/',
      '',
      '/red/red.min.js',
      '/vendor/monaco/dist/editor.js',
      '/resources/@scope/pack/lib/x.js',
      '/locales/node-red',
      '/icons/node-red/db.svg',
    ];
    expect(open.filter((path) => publicRoute('GET', path) === null)).toEqual([]);
    const shut = [
      '/red',
      '/red/',
      '/red/about',
      '/red/ABOUT/x',
      '/red/../flows',
      '/red/./x',
      '/red//x',
      '/red/.x',
      '/red/%61bout',
      '/red/a\\b',
      '/redx/a',
      '/flows',
      '/Red/x.js',
      '/resources',
      '/icons',
      '/locales',
      '/auth',
      '/auth/token',
      '/red/x\n',
    ];
    expect(shut.filter((path) => publicRoute('GET', path) !== null)).toEqual([]);
    expect(publicRoute('POST', '/auth/token')).not.toBeNull();
    expect(publicRoute('POST', '/red/red.min.js')).toBeNull();
    expect(publicRoute('OPTIONS', '/red/red.min.js')).toBeNull();
  });
});
