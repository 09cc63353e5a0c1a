import { describe, expect, it } from 'vitest';
import { RateLimiter } from './rate-limit.ts';
import { TestPlatform } from './testing/simulators.ts';

describe('the rate limit', () => {
  it('allows so many calls a window and key', () => {
    const limiter = new RateLimiter(2, 0);
    expect([limiter.take('a', 0), limiter.take('a', 10), limiter.take('a', 20)]).toEqual([0, 0, undefined]);
    expect(limiter.take('b', 20)).toBe(0);
    expect(limiter.take('a', 999)).toBeUndefined();
    expect(limiter.take('a', 1000)).toBe(0);
  });

  it('holds a call for the next window when that is near', () => {
    const limiter = new RateLimiter(1, 500);
    expect([limiter.take('a', 0), limiter.take('a', 400), limiter.take('a', 600)]).toEqual([0, undefined, 400]);
    // The held call took the place in the next window.
    expect(limiter.take('a', 1000)).toBeUndefined();
    expect(limiter.take('a', 2000)).toBe(0);
  });

  it('answers 429 as the Platform does, and not to other tokens', async () => {
    await using platform = await TestPlatform.start({ rateLimit: true });
    const answers = await Promise.all(Array.from({ length: 25 }, () => platform.get('/user-info')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    expect(refused).toHaveLength(5);
    expect(refused[0]?.headers.get('retry-after')).toBe('0');
    expect(refused[0]?.body).toEqual({
      message: 'Maximum request rate exceeded. Wait 0secs before issuing a new request',
    });
    expect((await platform.get('/user-info', 'another')).status).toBe(200);
    expect(platform.simulator.calls.filter(({ status }) => status === 429)).toHaveLength(5);
  });

  it('is switched by the scenario', async () => {
    await using platform = await TestPlatform.start({ scenario: { rateLimit: { perSecond: 1 } } });
    const two = () => Promise.all([platform.get('/user-info'), platform.get('/user-info')]);
    expect((await two()).map(({ status }) => status).sort()).toEqual([200, 429]);
    platform.simulator.setScenario({ rateLimit: false });
    expect((await two()).map(({ status }) => status)).toEqual([200, 200]);
  });
});
