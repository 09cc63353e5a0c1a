import type { NodePolicy } from '../../settings/node-policy.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import type { FlowIndex } from './flow-index.ts';
import type { NodeSet } from './node-red.ts';

/** Why flows cannot start that use node types which are not there: a sentence a type, with where it is used and what mends it. */
export function explainMissingTypes(
  types: readonly string[],
  context: { index: FlowIndex; policy: NodePolicy; sets: readonly NodeSet[]; fileOf(nodeId: string): string | null },
): string[] {
  return types.map(
    (type) => `no flow runs: node type "${type}" ${reason(type, context)}; used by ${users(type, context)}`,
  );
}

function reason(type: string, { policy, sets }: { policy: NodePolicy; sets: readonly NodeSet[] }): string {
  const group = policy.groupOff(type);
  if (group) return `is off by default; to allow it, start with REDSTART_NODES_ALLOW=${group}`;
  if (type.startsWith('subflow:')) return 'is a subflow that is in none of the flow files';
  const set = sets.find(({ types }) => types.includes(type));
  if (set?.err)
    return `could not be loaded from ${set.module} (${typeof set.err === 'string' ? set.err : (set.err.code ?? String(set.err))})`;
  // A package that failed to load has not told its types.
  const broken = [...new Set(sets.filter(({ err }) => err).map(({ module }) => module))];
  if (broken.length > 0)
    return `is in none of the node packages that could be loaded (${broken.join(', ')} failed, see the log)`;
  return 'is in no node package that is installed and allowed';
}

const SHOWN = 5;

function users(type: string, { index, fileOf }: { index: FlowIndex; fileOf(nodeId: string): string | null }): string {
  const all = index.nodes().filter((node) => node.type === type);
  const shown = all.slice(0, SHOWN).map((node) => describe(node, index, fileOf));
  return (shown.join(', ') || 'a node') + (all.length > SHOWN ? ` and ${all.length - SHOWN} more` : '');
}

function describe(node: FlowNode, index: FlowIndex, fileOf: (nodeId: string) => string | null): string {
  const { nodeName, flow, flowLabel } = index.place(node.id);
  const file = fileOf(node.id);
  const name = nodeName ? `"${nodeName}" (${node.id})` : node.id;
  return name + (flow ? ` in flow "${flowLabel ?? flow}"` : '') + (file ? ` (${file})` : '');
}
