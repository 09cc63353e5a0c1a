import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import { shardsOfTabs } from './shard-of.ts';

const tab = (id: string): FlowNode => ({ id, type: 'tab' }) as FlowNode;
const link = (id: string, z: string, links: string[], type = 'link out'): FlowNode =>
  ({ id, type, z, links }) as unknown as FlowNode;

describe('which shard runs a tab', () => {
  it('is the same one whatever other tabs there are', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (ids, shards) => {
          const together = shardsOfTabs(ids.map(tab), shards);
          for (const id of ids) {
            expect(shardsOfTabs([tab(id)], shards).get(id)).toBe(together.get(id));
            expect(together.get(id)).toBeLessThan(shards);
          }
        },
      ),
    );
  });

  it('is one for tabs that links join, in either direction and over several', () => {
    const tabs = Array.from({ length: 40 }, (_, index) => tab(`t${index}`));
    const links = Array.from({ length: 39 }, (_, index) => [
      link(`out${index}`, `t${index}`, [`in${index + 1}`]),
      link(`in${index + 1}`, `t${index + 1}`, [], 'link in'),
    ]).flat();
    expect(new Set(shardsOfTabs([...tabs, ...links], 8).values()).size).toBe(1);
    expect(new Set(shardsOfTabs(tabs, 8).values()).size).toBe(8);
  });

  it('spreads evenly', () => {
    const counts = [0, 0, 0, 0];
    for (const shard of shardsOfTabs(
      Array.from({ length: 4000 }, (_, index) => tab(`tab${index}`)),
      4,
    ).values()) {
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(900);
  });
});
