import { describe, expect, it, vi } from 'vitest';
import { type PasswordCheck, Secret } from '../config/index.ts';
import { adminAuth } from './admin-auth.ts';
import { FailureLimiter } from './failure-limiter.ts';
import type { Identity } from './identities.ts';
import { account, PasswordGate } from './password-gate.ts';
import { publicRoute } from './public-admin-routes.ts';
import { isAtLeast, roleFor } from './roles.ts';

const check = (verifyPassword: PasswordCheck['verifyPassword'], cost = 0): PasswordCheck => ({
  verifyPassword,
  cost,
  identity: '',
  passwordFingerprint: async () => '',
});

describe('PasswordGate', () => {
  it('spends for each refusal what the dearest password takes, whoever is asked for', async () => {
    const spent: number[] = [];
    const costing = (cost: number): PasswordCheck =>
      check(async (candidate) => {
        if (cost > 0) spent.push(2 ** cost);
        return candidate === 'right';
      }, cost);
    const accounts = new Map([
      ['cheap', costing(10)],
      ['dear', costing(13)],
      ['plain', costing(0)],
    ]);
    const gate = new PasswordGate({ get: (name) => accounts.get(name), dearest: 13 }, async (cost) => {
      spent.push(2 ** cost);
    });
    for (const name of ['cheap', 'dear', 'plain', 'nobody', '__proto__']) {
      spent.length = 0;
      expect(await gate.verify(name, 'wrong')).toBe('wrong');
      expect([name, spent.reduce((sum, one) => sum + one, 0)]).toEqual([name, 2 ** 13]);
    }
    expect(await gate.verify('cheap', 'right')).toBe('right');
    expect(await gate.verify('nobody', 'right')).toBe('wrong');
    // What no password can be is refused before anything is spent, whoever is asked for.
    for (const name of ['cheap', 'nobody']) {
      spent.length = 0;
      for (const password of ['', 'x'.repeat(73)]) expect(await gate.verify(name, password)).toBe('wrong');
      expect(spent).toEqual([]);
    }
  });

  it('takes with real hashes for an unknown name as long as for a wrong password', async () => {
    const { hashedPassword } = await import('../config/password-check.ts');
    const { hash } = await import('bcryptjs');
    const users = new Map([
      ['ada', hashedPassword(new Secret(await hash('right horse', 11)))],
      ['bob', hashedPassword(new Secret(await hash('right horse', 10)))],
    ]);
    const gate = new PasswordGate({ get: (name) => users.get(name), dearest: 11 });
    const time = async (name: string): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < 5; i += 1) {
        const since = process.cpuUsage();
        expect(await gate.verify(name, 'wrong')).toBe('wrong');
        times.push(process.cpuUsage(since).user);
      }
      return Math.min(...times);
    };
    const [known, cheap, unknown] = [await time('ada'), await time('bob'), await time('nobody')];
    // Twice as long is what one step of cost makes.
    for (const each of [cheap, unknown]) expect(each / known).toBeGreaterThan(0.6);
    for (const each of [cheap, unknown]) expect(each / known).toBeLessThan(1.6);
  });

  it('runs one check at a time and turns a flood away', async () => {
    let running = 0;
    let most = 0;
    const gate = new PasswordGate(
      account(
        'ada',
        check(async () => {
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
          return false;
        }),
      ),
    );
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => gate.verify('ada', 'x')));
    expect(most).toBe(1);
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(30);
    expect(await gate.verify('ada', 'x')).toBe('wrong');
  });

  it('never rejects', async () => {
    const gate = new PasswordGate(
      account(
        'ada',
        check(() => Promise.reject(new Error('broken'))),
      ),
    );
    expect(await gate.verify('ada', 'x')).toBe('wrong');
  });
});

describe('adminAuth', () => {
  it('knows nobody but the owners of tokens, each with the permissions of the role', async () => {
    const owners: Record<string, Identity> = {
      a: { user: 'ada', role: 'admin', by: 'password' },
      o: { user: 'token:bot', role: 'operator', by: 'token' },
    };
    const auth = adminAuth({
      find: (token) => (Object.hasOwn(owners, token) ? (owners[token] ?? null) : null),
      watch: () => () => {},
    });
    expect(auth).not.toHaveProperty('default');
    expect(await auth.tokens('a')).toEqual({ username: 'ada', permissions: '*' });
    const operator = await auth.tokens('o');
    expect(operator).toEqual({ username: 'token:bot', permissions: ['read', 'inject.write'] });
    // What a node does to it is gone the next time.
    if (Array.isArray(operator?.permissions)) operator.permissions.push('*');
    expect((await auth.tokens('o'))?.permissions).toEqual(['read', 'inject.write']);
    for (const token of ['', 'x', '__proto__', undefined, null, {}, ['a'], 1])
      expect(await auth.tokens(token)).toBeNull();
    for (const name of ['ada', '__proto__', undefined]) {
      expect(await auth.users(name)).toBeNull();
      expect(await auth.authenticate(name, 'x')).toBeNull();
    }
  });
});

describe('roles', () => {
  it('want of each route what its method says, and more or less where the table says', () => {
    const wanted: [string, string, string][] = [
      ['GET', '/flows', 'viewer'],
      ['HEAD', '/forgotten/route', 'viewer'],
      ['OPTIONS', '/flows', 'viewer'],
      ['POST', '/flows', 'editor'],
      ['POST', '/forgotten/route', 'editor'],
      ['PROPFIND', '/flows', 'editor'],
      ['DELETE', '/context/global/x', 'editor'],
      ['POST', '/settings/user', 'editor'],
      ['POST', '/flows/state', 'operator'],
      ['POST', '/FLOWS/STATE', 'editor'],
      ['POST', '/flows/state/', 'editor'],
      ['POST', '/inject/a.b-1', 'operator'],
      ['POST', '/inject/a/../../flows', 'editor'],
      ['POST', '/inject/%2e%2e', 'editor'],
      ['GET', '/diagnostics', 'admin'],
      ['GET', '/log-levels', 'admin'],
      ['PUT', '/Log-Levels/', 'admin'],
      ['GET', '/Diagnostics/', 'admin'],
      ['GET', '/settings/user/keys', 'admin'],
      ['PUT', '/nodes/node-red', 'admin'],
      ['PUT', '/NODES/node-red/x', 'admin'],
      ['POST', '/nodes', 'admin'],
      ['GET', '/nodes', 'viewer'],
    ];
    expect(wanted.map(([method, path]) => [method, path, roleFor(method, path)])).toEqual(wanted);
  });

  it('are in a row: each may do what the next one may', () => {
    const order = ['admin', 'editor', 'operator', 'viewer'] as const;
    for (const [i, role] of order.entries())
      expect(order.map((wanted) => isAtLeast(role, wanted))).toEqual(order.map((_, j) => j >= i));
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

  it('does not go by the clock on the wall, which may be put back', () => {
    vi.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    try {
      const limiter = new FailureLimiter({ max: 1, windowMs: 10_000 });
      limiter.failed('203.0.113.1');
      vi.setSystemTime(Date.UTC(2026, 0, 1));
      vi.advanceTimersByTime(10_000);
      expect(limiter.blockedFor('203.0.113.1')).toBe(0);
    } finally {
      vi.useRealTimers();
    }
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
