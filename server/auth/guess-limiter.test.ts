import { describe, expect, it } from 'vitest';
import { ADDRESS_RULE, FailureMemory, FORGET_MS, GuessLimiter, NAME_RULE } from './guess-limiter.ts';

const HERE = '203.0.113.1';
const ELSEWHERE = '198.51.100.7';

function setUp() {
  const clock = { now: 1_000_000 };
  const limiter = new GuessLimiter({ now: () => clock.now });
  const wait = (name: string, address: string): number => {
    const attempt = limiter.attempt(name, address);
    return attempt.allowed ? 0 : attempt.waitMs;
  };
  return { clock, limiter, wait };
}

/** Guesses that an attacker gets who tries again the moment that it is allowed. */
function guessesInADay(names: (n: number) => string): number {
  const { clock, wait } = setUp();
  const end = clock.now + 24 * 3_600_000;
  let guesses = 0;
  while (clock.now < end) {
    const left = wait(names(guesses), HERE);
    if (left === 0) guesses += 1;
    else clock.now += left;
  }
  return guesses;
}

describe('GuessLimiter', () => {
  it('lets a few mistakes pass, then doubles the wait up to its longest', () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < NAME_RULE.free; i += 1) expect(wait('ada', HERE)).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 11; i += 1) {
      const left = wait('ada', HERE);
      waits.push(left / 1000);
      clock.now += left;
      expect(wait('ada', HERE)).toBe(0);
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  it('leaves about a hundred guesses a day to one address, at one name or at many', () => {
    expect(guessesInADay(() => 'ada')).toBeLessThanOrEqual(110);
    expect(guessesInADay((n) => `user${n}`)).toBeLessThanOrEqual(125);
  });

  it('never lets one address keep a name from another', () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < 500; i += 1) clock.now += wait('ada', HERE);
    wait('ada', HERE);
    expect(wait('ada', HERE)).toBeGreaterThan(0);
    expect(wait('ada', ELSEWHERE)).toBe(0);
  });

  it('counts a whole IPv6 network as one address', () => {
    const { wait } = setUp();
    for (let i = 0; i < NAME_RULE.free; i += 1) expect(wait('ada', `2001:db8:0:${i}::1`)).toBe(0);
    expect(wait('ada', '2001:db8:0:9::9')).toBeGreaterThan(0);
    expect(wait('ada', '2001:db8:1::1')).toBe(0);
  });

  it('does not count what came too early', () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < NAME_RULE.free; i += 1) wait('ada', HERE);
    for (let i = 0; i < 100; i += 1) wait('ada', HERE);
    clock.now += NAME_RULE.firstWaitMs;
    expect(wait('ada', HERE)).toBe(0);
  });

  it('counts attempts at the same time one by one, before any of them is judged', () => {
    const { limiter } = setUp();
    const attempts = Array.from({ length: 50 }, () => limiter.attempt('ada', HERE));
    expect(attempts.filter(({ allowed }) => allowed)).toHaveLength(NAME_RULE.free);
  });

  it('forgets the failures of a name after a success, but not those of the address at other names', () => {
    const { limiter, wait } = setUp();
    for (let i = 0; i < ADDRESS_RULE.free - 1; i += 1) expect(wait(`user${i}`, HERE)).toBe(0);
    const own = limiter.attempt('mallory', HERE);
    if (own.allowed) own.succeeded();
    expect(wait('one more', HERE)).toBe(0);
    expect(wait('and more', HERE)).toBeGreaterThan(0);
  });

  it('takes an attempt back that was not looked at', () => {
    const { limiter, wait } = setUp();
    for (let i = 0; i < 100; i += 1) {
      const attempt = limiter.attempt('ada', HERE);
      if (attempt.allowed) attempt.withdrawn();
    }
    expect(wait('ada', HERE)).toBe(0);
  });

  it('forgets when nothing failed for long', () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < 20; i += 1) clock.now += wait('ada', HERE);
    clock.now += FORGET_MS;
    for (let i = 0; i < NAME_RULE.free; i += 1) expect(wait('ada', HERE)).toBe(0);
  });
});

describe('FailureMemory', () => {
  it('holds no more than it may, and forgets what was not tried for longest', () => {
    const memory = new FailureMemory(2);
    memory.set('a', { count: 1, last: 1 });
    memory.set('b', { count: 1, last: 2 });
    memory.set('a', { count: 2, last: 3 });
    memory.set('c', { count: 1, last: 4 });
    expect([memory.get('a')?.count, memory.get('b'), memory.get('c')?.count]).toEqual([2, undefined, 1]);
  });
});
