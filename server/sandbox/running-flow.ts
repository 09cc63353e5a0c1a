import { createHash } from 'node:crypto';
import { type FlowNode, titleOf } from '../flows/flow-node.ts';

/** The flow that a node runs in, as far as it can be told. */
export interface RunningFlow {
  /** Id and label of the tab. */
  flow: string;
  flowLabel: string;
  node: string;
  nodeName: string;
  /** Of the flow as it ran. */
  fingerprint: string;
}

/** The tab that a node of the running flows works in. A node of a subflow works in the tab of its instance. */
export function flowOf(nodeId: string, nodes: readonly FlowNode[]): RunningFlow | null {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  // `<instance>-<node>`, deeper with subflows in subflows: the first part lies in the tab.
  const parts = nodeId.split('-');
  const candidates = parts.map((_, index) => parts.slice(0, index + 1).join('-'));
  for (const id of candidates) {
    const node = byId.get(id);
    const tab = node?.z === undefined ? undefined : byId.get(node.z);
    if (!node || tab?.type !== 'tab') continue;
    const named = byId.get(nodeId) ?? byId.get(parts.at(-1) ?? '') ?? node;
    return {
      flow: tab.id,
      flowLabel: titleOf(tab),
      node: nodeId,
      nodeName: titleOf(named),
      fingerprint: fingerprintOf(tab.id, nodes),
    };
  }
  return null;
}

/** Changes when the tab does, or a subflow that it uses; the place of nodes on the canvas and `disabled` do not count. */
export function fingerprintOf(tabId: string, nodes: readonly FlowNode[]): string {
  const hash = createHash('sha256');
  for (const node of partsOf(tabId, nodes).sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const { x: _x, y: _y, disabled: _disabled, ...rest } = node;
    hash.update(JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
  }
  return hash.digest('hex');
}

/** A tab with what is in it, and the subflows that it uses, and those that they use. */
export function partsOf(tabId: string, nodes: readonly FlowNode[]): FlowNode[] {
  const wanted = new Set([tabId]);
  for (const container of wanted) {
    for (const node of nodes) {
      if (node.z === container && node.type.startsWith('subflow:')) wanted.add(node.type.slice('subflow:'.length));
    }
  }
  return nodes.filter((node) => wanted.has(node.id) || (node.z !== undefined && wanted.has(node.z)));
}
