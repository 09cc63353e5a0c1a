import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

describe('a rate limit', () => {
  it('lets a burst through, then one call each interval, and says how long to wait', () => {
    let now = 1000;
    const limiter = new RateLimiter({ perMinute: 60, burst: 3 }, () => now);
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1]);
    expect(limiter.take('b')).toBe(0);
    now += 1000;
    expect([limiter.take('a'), limiter.take('a')]).toEqual([0, 1]);
    now += 3_600_000;
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 1]);
  });

  it('never lets more through than the burst and what the time gives, and always whoever keeps to the wait', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 200 }),
        (perMinute, burst, pauses) => {
          let now = 0;
          let passed = 0;
          const limiter = new RateLimiter({ perMinute, burst }, () => now);
          for (const pause of pauses) {
            now += pause;
            const wait = limiter.take('k');
            if (wait === 0) passed += 1;
            else {
              now += wait * 1000;
              expect(limiter.take('k')).toBe(0);
              passed += 1;
            }
          }
          expect(passed).toBeLessThanOrEqual(burst + (now * perMinute) / 60_000 + 1e-3);
        },
      ),
    );
  });

  it('keeps no more keys than fit, and the newest of them', () => {
    const limiter = new RateLimiter({ perMinute: 60, burst: 1 }, () => 0);
    for (let i = 0; i < 35_000; i += 1) {
      limiter.take(`k${i}`);
      if (i % 1000 === 0) expect(limiter.size).toBeLessThanOrEqual(20_000);
    }
    expect(limiter.take('k34999')).toBe(1);
    expect(limiter.take('k0')).toBe(0);
  });
});
