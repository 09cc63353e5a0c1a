import { type FlowNode, titleOf } from '../flows/flow-node.ts';

/** Where a message or error comes from, as it is logged. */
export interface NodePlace {
  node: string;
  nodeType?: string;
  nodeName?: string;
  /** Id and label of the tab or subflow. */
  flow?: string;
  flowLabel?: string;
}

export interface FlowIndex {
  /** Takes the flows that run from now on. */
  replace(nodes: readonly FlowNode[]): void;
  /** Also of a node in a subflow, by the id that it has in an instance. */
  find(id: string): FlowNode | undefined;
  place(id: string): NodePlace;
  /** The same in words, for messages. */
  describe(id: string): string;
  nodes(): readonly FlowNode[];
}

/** Finds a node of the running flows by id. Built when first asked after a deploy: most deploys log nothing. */
export function createFlowIndex(): FlowIndex {
  let current: readonly FlowNode[] = [];
  let byId: Map<string, FlowNode> | null = null;

  const index: FlowIndex = {
    replace(nodes) {
      current = nodes;
      byId = null;
    },
    find(id) {
      byId ??= new Map(current.map((node) => [node.id, node]));
      // A node of a subflow instance is `<instance>-<node>` deep down.
      return byId.get(id) ?? byId.get(id.slice(id.lastIndexOf('-') + 1));
    },
    place(id) {
      const node = index.find(id);
      if (!node) return { node: id };
      const flow = node.z === undefined ? undefined : index.find(node.z);
      const name = titleOf(node);
      return {
        node: id,
        nodeType: node.type,
        ...(name !== node.type && { nodeName: name }),
        ...(node.z && { flow: node.z }),
        ...(flow && { flowLabel: titleOf(flow) }),
      };
    },
    describe(id) {
      const { nodeType, nodeName, flow, flowLabel } = index.place(id);
      const node = nodeType === undefined ? `node ${id}` : `node "${nodeName ?? nodeType}" (${nodeType}, id ${id})`;
      return flow === undefined ? node : `${node} in flow "${flowLabel ?? flow}"`;
    },
    nodes: () => current,
  };
  return index;
}
