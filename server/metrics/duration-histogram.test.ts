import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { DurationHistogram } from './duration-histogram.ts';

it('reads as a histogram of prom-client does', async () => {
  const bounds = [0.01, 0.1, 1];
  const observation = fc.tuple(fc.constantFrom('flows', 'editor'), fc.constantFrom(0, 0.01, 0.011, 0.1, 0.5, 1, 7));
  await fc.assert(
    fc.asyncProperty(fc.array(observation), async (observations) => {
      const [own, theirs] = [new Registry(), new Registry()];
      const ours = new DurationHistogram({ name: 'h', help: 'What it is.', label: 'area', bounds, registry: own });
      const model = new Histogram({
        name: 'h',
        help: 'What it is.',
        labelNames: ['area'],
        buckets: bounds,
        registers: [theirs],
      });
      for (const [area, seconds] of observations) {
        ours.observe(area, seconds);
        model.observe({ area }, seconds);
      }
      const lines = async (registry: Registry): Promise<string[]> => (await registry.metrics()).trim().split('\n');
      expect(await lines(own)).toEqual(await lines(theirs));
    }),
  );
});
