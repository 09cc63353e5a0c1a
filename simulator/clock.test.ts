import { describe, expect, it } from 'vitest';
import { SimulatedClock } from './clock.ts';

describe('simulated time', () => {
  it('stands still at speed 0 and moves when told', () => {
    const clock = new SimulatedClock(1000, 0);
    expect(clock.now()).toBe(1000);
    clock.advance(250);
    clock.advance(250);
    expect(clock.now()).toBe(1500);
  });

  it('runs at its speed, and a change of speed does not make it jump', () => {
    const clock = new SimulatedClock(0, 1_000_000);
    const before = performance.now();
    while (clock.now() < 1_000_000) void 0;
    expect(performance.now() - before).toBeLessThan(1000);
    clock.setSpeed(0);
    const stopped = clock.now();
    expect(stopped).toBeGreaterThanOrEqual(1_000_000);
    expect(clock.now()).toBe(stopped);
  });

  it('never goes back', () => {
    const clock = new SimulatedClock(0, 1);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
    expect(() => clock.setSpeed(-1)).toThrow(RangeError);
    expect(() => new SimulatedClock(0, Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});
