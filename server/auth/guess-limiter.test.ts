import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { openGuessFile } from './guess-file.ts';
import {
  ADDRESS_RULE,
  FAMILIAR_MS,
  FailureMemory,
  FORGET_MS,
  GuessLimiter,
  NAME_RULE,
  STRICT_FROM,
  STRICT_RULE,
} from './guess-limiter.ts';

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

  it('makes nobody wait for a time that the clock was put back from', () => {
    const { clock, limiter, wait } = setUp();
    const month = 30 * 24 * 3_600_000;
    clock.now += month;
    for (let n = 0; n <= STRICT_FROM; n += 1) wait('bob', `198.18.${n}.1`);
    for (let i = 0; i < NAME_RULE.free; i += 1) wait('ada', HERE);
    expect(wait('ada', HERE)).toBe(STRICT_RULE.firstWaitMs);
    clock.now -= month;
    expect(wait('ada', HERE)).toBe(STRICT_RULE.firstWaitMs);
    clock.now += STRICT_RULE.firstWaitMs;
    expect(wait('ada', HERE)).toBe(0);
    // What all addresses did leaks away, too: the strict rule is over.
    clock.now += FORGET_MS;
    const attempts = Array.from({ length: 3 }, () => limiter.attempt('ada', ELSEWHERE).allowed);
    expect(attempts).toEqual([true, true, true]);
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

describe('while many addresses guess together', () => {
  const network = (n: number): string => `192.0.${n >> 8}.${n & 255}`;

  it('gives each new address one guess, and never keeps a first one waiting', () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < STRICT_FROM; i += 1) expect(wait('ada', network(i))).toBe(0);
    // The administrator, somewhere new: at once. A second attempt waits a minute, where it would have been free.
    for (let i = 0; i < 1000; i += 1) wait(`user${i}`, network(i % 300));
    expect(wait('ada', HERE)).toBe(0);
    expect(wait('ada', HERE)).toBe(STRICT_RULE.firstWaitMs);
    clock.now += STRICT_RULE.firstWaitMs;
    expect(wait('ada', HERE)).toBe(0);
    expect(wait('ada', HERE)).toBe(2 * STRICT_RULE.firstWaitMs);
  });

  it('leaves about a third of the guesses to an address that goes on', () => {
    const { clock, wait } = setUp();
    const end = clock.now + 24 * 3_600_000;
    let guesses = 0;
    let other = 0;
    let next = clock.now;
    while (clock.now < end) {
      // Others keep it up.
      while (next <= clock.now) {
        wait('ada', network(other++ % 60_000));
        next += 20_000;
      }
      const left = wait('ada', HERE);
      if (left === 0) guesses += 1;
      clock.now += Math.max(1000, left);
    }
    expect(guesses).toBeLessThan(45);
  });

  it('leaves alone the address from which that name has signed in before', () => {
    const { clock, limiter, wait } = setUp();
    const own = limiter.attempt('ada', HERE);
    if (own.allowed) own.succeeded();
    for (let i = 0; i < 2 * STRICT_FROM; i += 1) wait('ada', network(i));
    for (let i = 0; i < NAME_RULE.free; i += 1) expect(wait('ada', HERE)).toBe(0);
    // Familiar for this name, not for others.
    expect(wait('bob', HERE)).toBeGreaterThan(0);
    clock.now += FAMILIAR_MS;
    for (let i = 0; i < 2 * STRICT_FROM; i += 1) wait('ada', network(i));
    expect([wait('ada', HERE), wait('ada', HERE)]).toEqual([0, STRICT_RULE.firstWaitMs]);
  });

  it('is over an hour after it stopped, and does not begin with what people mistype', () => {
    const { clock, wait } = setUp();
    for (let i = 0; i < STRICT_FROM; i += 1) wait('ada', network(i));
    clock.now += 60 * 60_000;
    expect([wait('ada', HERE), wait('ada', HERE)]).toEqual([0, 0]);
    // A hundred people, each of whom mistypes now and then, all day long.
    for (let i = 0; i < 1000; i += 1) {
      clock.now += 60_000;
      wait(`user${i % 100}`, network(i % 100));
    }
    expect([wait('ada', ELSEWHERE), wait('ada', ELSEWHERE)]).toEqual([0, 0]);
  });
});

describe('openGuessFile', () => {
  const logger = pino({ level: 'silent' });

  it('keeps failures and familiar addresses over a restart, by keys that tell neither name nor address', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'redstart-guess-'));
    try {
      const path = join(dir, 'failures.json');
      const clock = { now: 1_000_000 };
      const now = (): number => clock.now;
      const open = () => openGuessFile({ path, logger, now, everyMs: 1_000_000 });
      const first = await open();
      const limiter = new GuessLimiter({ state: first.failures, familiar: first.familiar, now });
      for (let i = 0; i < NAME_RULE.free + 1; i += 1) limiter.attempt('ada', HERE);
      const own = limiter.attempt('ada', ELSEWHERE);
      if (own.allowed) own.succeeded();
      await first.save();
      const before = (await stat(path)).mtimeMs;
      await first.save();
      expect((await stat(path)).mtimeMs).toBe(before);
      await first.close();
      const text = await readFile(path, 'utf8');
      expect(text).not.toMatch(/ada|203\.0|198\.51/);
      expect((await stat(path)).mode & 0o777).toBe(0o600);

      const second = await open();
      const again = new GuessLimiter({ state: second.failures, familiar: second.familiar, now });
      expect(again.attempt('ada', HERE)).toEqual({ allowed: false, waitMs: NAME_RULE.firstWaitMs });
      expect(second.familiar.entries()).toHaveLength(1);
      await second.close();

      clock.now += FORGET_MS;
      const third = await open();
      expect([third.failures.entries(), third.familiar.entries().length]).toEqual([[], 1]);
      await third.close();
      for (const broken of ['', '{', '[]', 'null', '{"failures":[[1,2],["a",null],["b",{"count":"x"}]]}']) {
        await writeFile(path, broken);
        const anew = await open();
        expect(anew.failures.entries()).toEqual([]);
        await anew.close();
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
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
