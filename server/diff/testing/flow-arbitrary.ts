import fc from 'fast-check';
import type { FlowNode } from '../../flows/flow-node.ts';

const ID = fc.constantFrom(...'abcdefghij');
const TEXT = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.array(fc.string({ maxLength: 5 }), { maxLength: 6 }).map((lines) => lines.join('\n')),
);

/** Nodes with what nodes have: names, values, texts of several lines, wires, on tabs and off. */
export const flowsArbitrary: fc.Arbitrary<FlowNode[]> = fc
  .uniqueArray(
    fc.record(
      {
        id: ID,
        type: fc.constantFrom('function', 'change', 'mqtt-broker'),
        z: fc.option(ID, { nil: undefined }),
        name: fc.string({ maxLength: 6 }),
        property: fc.oneof(TEXT, fc.integer(), fc.constant(null)),
        func: TEXT,
        rules: fc.array(fc.record({ t: fc.string({ maxLength: 3 }), to: TEXT }), { maxLength: 2 }),
        x: fc.integer(),
        wires: fc.array(fc.uniqueArray(ID, { maxLength: 3 }), { maxLength: 2 }),
      },
      { requiredKeys: ['id', 'type'] },
    ),
    { selector: ({ id }) => id, maxLength: 8 },
  )
  // A tab stays one: an id is never given to something else.
  .map((nodes) => nodes.map((node) => ('abc'.includes(node.id) ? { ...node, type: 'tab', z: undefined } : node)))
  .map((nodes) =>
    nodes.map(
      (node) => Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined)) as FlowNode,
    ),
  );

/** The nodes with one property of one of them set. */
export function edited(nodes: readonly FlowNode[], at: number, property: string, value: unknown): FlowNode[] {
  return nodes.map((node, index) => (index === at ? { ...node, [property]: value } : node));
}

/** The nodes in another order, and their properties too. */
export function orderOf(nodes: readonly FlowNode[], seed: number): FlowNode[] {
  const turned = nodes.map((node) => Object.fromEntries(Object.entries(node).reverse()) as FlowNode);
  const at = nodes.length === 0 ? 0 : seed % nodes.length;
  return [...turned.slice(at), ...turned.slice(0, at)];
}
