import { editDistance } from '../../config/schema.ts';
import { namedOutside } from '../../file-nodes/named-outside.ts';
import { subflowOf } from '../flow-graph.ts';
import type { RuleCheck } from '../rule-context.ts';

/** What the editor has beside the nodes. */
const STRUCTURAL = new Set(['tab', 'subflow', 'group']);

export const checkNodeTypes: RuleCheck = ({ graph, world, report }) => {
  for (const placed of graph.nodes) {
    const { node } = placed;
    if (STRUCTURAL.has(node.type) || subflowOf(node) !== null) continue;
    const group = world.policy.groupOff(node.type);
    if (group !== null) {
      report('type-off', placed, `Node type "${node.type}" is off by default.`, {
        path: ['type'],
        mend: `Allow it with REDSTART_NODES_ALLOW=${group}, if whoever runs the appliance agrees, or take the node out.`,
      });
    } else if (!world.types.has(node.type)) {
      const near = nearest(node.type, world.types.keys());
      report(
        'type-unknown',
        placed,
        `Node type "${node.type}" is in no node package that is installed and allowed${near ? `; did you mean "${near}"?` : '.'}`,
        { path: ['type'] },
      );
    }
    const { filesFolder } = world.policy;
    const file = filesFolder === null ? null : namedOutside(node, filesFolder);
    if (file !== null) {
      report('file-outside', placed, `The file "${file}" is outside of the folder for files of flows.`, {
        path: ['filename'],
      });
    }
    if (node.type === 'function' && !world.policy.functionModules && Array.isArray(node.libs) && node.libs.length > 0) {
      const modules = node.libs.map((lib: { module?: unknown }) => String(lib?.module ?? '?')).join(', ');
      report('function-modules-off', placed, `The function loads ${modules}.`, { path: ['libs'] });
    }
  }
};

/** The one of `names` that was likely meant; null when none is near enough. */
export function nearest(misspelt: string, names: Iterable<string>): string | null {
  let best: { name: string; distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(misspelt, name);
    if (distance <= Math.max(2, name.length / 4) && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { name, distance };
  }
  return best?.name ?? null;
}
