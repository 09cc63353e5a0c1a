import { subflowOf } from '../flow-graph.ts';
import type { PlacedNode } from '../flow-source.ts';
import { named, type RuleCheck, type RuleContext } from '../rule-context.ts';

export const checkStructure: RuleCheck = (context) => {
  const { graph, report } = context;
  const lost = new Map<string, PlacedNode[]>();
  for (const placed of graph.nodes) {
    const { node } = placed;
    if (node.z && node.type !== 'tab' && node.type !== 'subflow' && !isFlow(graph.find(node.z))) {
      const strays = lost.get(node.z);
      if (strays) strays.push(placed);
      else lost.set(node.z, [placed]);
    }
    if (node.g && graph.find(node.g)?.node.type !== 'group')
      report('group-unknown', placed, `Its group "${String(node.g)}" does not exist.`, { path: ['g'] });
    const subflow = subflowOf(node);
    if (subflow !== null && graph.find(subflow)?.node.type !== 'subflow')
      report('subflow-unknown', placed, `Its subflow "${subflow}" is in none of the files.`, { path: ['type'] });
  }
  // An export of a few nodes leaves their tab out: that is one mistake, not one a node.
  for (const [z, [first, ...others]] of lost) {
    if (!first) continue;
    const flow = graph.find(z);
    const them = others.length === 0 ? 'It lies' : `It and ${others.length} more lie`;
    report(
      'flow-unknown',
      first,
      `${them} in ${flow ? named(flow) : `"${z}"`}, which is no tab or subflow of these files.`,
      {
        path: ['z'],
      },
    );
  }
  findRecursion(context);
};

function isFlow(placed: PlacedNode | null): boolean {
  return placed?.node.type === 'tab' || placed?.node.type === 'subflow';
}

/** Subflows that contain themselves, each circle told once, at the instance that closes it. */
function findRecursion({ graph, report }: RuleContext): void {
  const state = new Map<string, 'open' | 'done'>();
  const inside = new Map<string, PlacedNode[]>();
  for (const placed of graph.nodes) {
    const { z } = placed.node;
    if (!z || subflowOf(placed.node) === null) continue;
    const list = inside.get(z);
    if (list) list.push(placed);
    else inside.set(z, [placed]);
  }
  const visit = (id: string, path: readonly string[]): void => {
    state.set(id, 'open');
    for (const placed of inside.get(id) ?? []) {
      const next = subflowOf(placed.node) ?? '';
      if (state.get(next) === 'open') {
        const circle = [...path.slice(path.indexOf(next)), next].map((one) => {
          const found = graph.find(one);
          return found ? `"${String(found.node.name ?? one)}"` : one;
        });
        report('subflow-recursive', placed, `Subflow ${circle.join(' contains ')}.`, { path: ['type'] });
      } else if (!state.has(next)) visit(next, [...path, next]);
    }
    state.set(id, 'done');
  };
  for (const { node } of graph.nodes) if (node.type === 'subflow' && !state.has(node.id)) visit(node.id, [node.id]);
}
