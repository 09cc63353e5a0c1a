import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCheapToCopy } from './cheap-to-copy.ts';
import type { FlowNode } from './flow-node.ts';

const require = createRequire(import.meta.url);
const registry = createRequire(require.resolve('@node-red/registry'));
const runtime = createRequire(require.resolve('@node-red/runtime'));
/** What looks for modules. */
const clone = registry('clone') as <T>(value: T) => T;
/** What everything else of Node-RED copies flows with. */
const rfdc = (runtime('rfdc') as () => <T>(value: T) => T)();

const wires = fc.array(fc.array(fc.string({ maxLength: 3 }), { maxLength: 2 }), { maxLength: 2 });
/** As read from a file. */
const nodesOfFile = (nodes: FlowNode[]): FlowNode[] => JSON.parse(JSON.stringify(nodes));
const node = fc.record(
  {
    id: fc.uuid(),
    type: fc.constantFrom('function', 'inject', 'tab'),
    z: fc.string(),
    wires,
    d: fc.boolean(),
    libs: fc.array(fc.record({ var: fc.string(), module: fc.string() }), { maxLength: 2 }),
    // No copy of Node-RED's keeps a property of this name.
    rules: fc.jsonValue().filter((value) => !JSON.stringify(value).includes('__proto__')),
    name: fc.string(),
  },
  { requiredKeys: ['id', 'type'] },
) as fc.Arbitrary<FlowNode>;

describe('nodes that are cheap to copy', () => {
  it('are what they were, to JSON, to a comparison and to other copies', () => {
    fc.assert(
      fc.property(fc.array(node).map(nodesOfFile), (nodes) => {
        const before = structuredClone(nodes);
        const json = JSON.stringify(nodes);
        makeCheapToCopy(nodes);
        expect(JSON.stringify(nodes)).toBe(json);
        expect(nodes.map((each) => Object.entries(each))).toEqual(before.map((each) => Object.entries(each)));
        expect(rfdc(nodes).map((each) => ({ ...each }))).toStrictEqual(before);
        expect(nodes.map((each) => ({ ...each }))).toStrictEqual(before);
      }),
    );
  });

  it('show the search for modules all but their wires', () => {
    fc.assert(
      fc.property(fc.array(node).map(nodesOfFile), (nodes) => {
        // As copies of plain nodes are, which leave out what is named like a method of each object.
        const without = clone(structuredClone(nodes)).map(({ wires: _, ...rest }) => rest);
        makeCheapToCopy(nodes);
        const copies = clone(nodes);
        expect(copies.map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
        expect(copies.map((each) => ({ ...each }))).toEqual(without);
        expect(copies.every((each) => each.wires === undefined)).toBe(true);
      }),
    );
  });

  it('share values that are equal', () => {
    const nodes: FlowNode[] = ['a', 'b', 'c'].map((id) => ({ id, type: 'switch', rules: [{ t: 'nempty' }] }));
    makeCheapToCopy(nodes);
    expect(new Set(nodes.map(({ rules }) => rules)).size).toBe(1);
    // A second time, as of a deploy that is refused and comes again.
    makeCheapToCopy(nodes);
    expect(nodes[2]).toMatchObject({ id: 'c', rules: [{ t: 'nempty' }] });
  });
});
