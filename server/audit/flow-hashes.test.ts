import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import { createFlowHashes, flowHashes, totalHash } from './flow-hashes.ts';

const change = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  node: fc.option(
    fc.record(
      {
        type: fc.constantFrom('tab', 'subflow', 'change'),
        z: fc.constantFrom('a', 'b', 'gone'),
        name: fc.string({ maxLength: 2 }),
        rules: fc.jsonValue({ maxDepth: 1 }),
      },
      { requiredKeys: ['type'] },
    ),
  ),
});

describe('hashes of flows', () => {
  it('that are remembered are those that are made anew, after any change', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const remembering = createFlowHashes();
        const nodes = new Map<string, FlowNode>();
        for (const { id, node } of changes) {
          if (node === null) nodes.delete(id);
          else nodes.set(id, { ...node, id });
          const now = [...nodes.values()];
          const fresh = flowHashes(structuredClone(now));
          expect(remembering(now)).toEqual(fresh);
          expect(totalHash(remembering(now))).toBe(totalHash(fresh));
        }
      }),
    );
  });
});
