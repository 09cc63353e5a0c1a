import type { NodePolicy } from '../../settings/node-policy.ts';
import { namedOutside } from '../file-nodes/named-outside.ts';
import { type FlowNode, titleOf } from '../flows/flow-node.ts';
import { partsOf } from './running-flow.ts';

/** A flow that uses a node which is off. */
export interface RefusedFlow {
  flow: string;
  flowLabel: string;
  node: string;
  nodeName: string;
  nodeType: string;
  /** What REDSTART_NODES_ALLOW would have to name. */
  group: string;
  /** Of a file node: the file that it may not use. */
  names?: string;
}

/** Every node that is off, with each flow that uses it, itself or through a subflow. */
export function refusedFlows(nodes: readonly FlowNode[], policy: NodePolicy): RefusedFlow[] {
  const off = new Map(nodes.flatMap((node) => (groupOff(node, policy) === null ? [] : [[node.id, node] as const])));
  if (off.size === 0) return [];
  return nodes
    .filter(({ type, disabled }) => type === 'tab' && disabled !== true)
    .flatMap((tab) =>
      partsOf(tab.id, nodes)
        .filter(({ id, d }) => off.has(id) && d !== true)
        .map((node) => {
          const names = fileOutside(node, policy);
          return {
            flow: tab.id,
            flowLabel: titleOf(tab),
            node: node.id,
            nodeName: titleOf(node),
            nodeType: node.type,
            group: groupOff(node, policy) ?? node.type,
            ...(names !== null && { names }),
          };
        }),
    );
}

function groupOff(node: FlowNode, policy: NodePolicy): string | null {
  const group = policy.groupOff(node.type);
  if (group !== null) return group;
  if (fileOutside(node, policy) !== null) return 'file';
  const modules = node.type === 'function' && Array.isArray(node.libs) && node.libs.length > 0;
  return modules && !policy.functionModules ? 'function-modules' : null;
}

function fileOutside(node: FlowNode, { filesFolder }: NodePolicy): string | null {
  return filesFolder === null ? null : namedOutside(node, filesFolder);
}

/** For the log: which flow does not run, because of which node, and what would allow it. */
export function explainRefused(
  { flowLabel, node, nodeName, nodeType, group, names }: RefusedFlow,
  file: string | null,
): string {
  const what =
    names !== undefined
      ? `names the file "${names}", which is outside of the folder for files of flows and`
      : group === 'function-modules'
        ? 'loads modules, which is'
        : `is of type "${nodeType}", which is`;
  const name = nodeName === nodeType ? node : `"${nodeName}" (${node})`;
  return `flow "${flowLabel}"${file ? ` (${file})` : ''} does not run: node ${name} ${what} off by default; to allow it, start with REDSTART_NODES_ALLOW=${group}`;
}
