import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import { RateLimiter } from './rate-limiter.ts';

describe('RateLimiter', () => {
  it('lets no window of a second hold more than its calls, after a pause too', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ clock, calls: 20 });
    const at: number[] = [];
    const ask = (count: number) => {
      for (let i = 0; i < count; i += 1) void limiter.take('a').then(() => at.push(clock.monotonic()));
    };
    ask(50);
    await clock.advance(10_000);
    ask(60);
    await clock.advance(10_000);
    expect(at).toHaveLength(110);
    for (const start of at)
      expect(at.filter((each) => each >= start && each < start + 1000).length).toBeLessThanOrEqual(20);
    expect(clock.timers).toBe(0);
  });

  it('serves callers in turn', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ clock, calls: 2, windowMs: 1000 });
    const order: string[] = [];
    for (const caller of ['a', 'a', 'a', 'a', 'a', 'a', 'b', 'c'])
      void limiter.take(caller).then(() => order.push(caller));
    await clock.advance(5000);
    expect(order.join('')).toBe('aaabcaaa');
  });

  it('pauses everybody after a 429', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ clock });
    limiter.pause(3000);
    let went = -1;
    void limiter.take('a').then(() => {
      went = clock.monotonic();
    });
    await clock.advance(5000);
    expect(went).toBe(3000);
  });

  it('forgets a caller that stopped waiting', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ clock, calls: 1 });
    await limiter.take('a');
    const stop = new AbortController();
    const left = limiter.take('a', stop.signal).catch((error: Error) => error.message);
    stop.abort();
    expect(await left).toMatch(/stopped/);
    expect(limiter.waiting).toBe(0);
    await settle();
  });
});
