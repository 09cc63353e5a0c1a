import type { FlowNode } from '../flow-node.ts';

/** A node's place on its tab; what has none is a configuration node, a tab or a subflow. */
export interface Place {
  x: number;
  y: number;
}

export function placeOfNode(node: FlowNode): Place | null {
  const { x, y } = node;
  return typeof x === 'number' && typeof y === 'number' ? { x, y } : null;
}

/**
 * The order in which a person reads a tab: configuration nodes, groups, then chain by chain from top to bottom, each
 * from left to right. By position and then id, so that it is the same on every machine.
 */
export function readingOrder(nodes: readonly FlowNode[]): FlowNode[] {
  const unplaced: FlowNode[] = [];
  const groups: Placed[] = [];
  const rest: Placed[] = [];
  for (const node of nodes) {
    const place = placeOfNode(node);
    if (!place) unplaced.push(node);
    else (node.type === 'group' ? groups : rest).push({ node, ...place });
  }
  groups.sort((a, b) => a.y - b.y || a.x - b.x || byText(a.node.id, b.node.id));
  const chainOf = chains(rest);
  rest.sort((a, b) => {
    const [left, right] = [chainOf(a.node.id), chainOf(b.node.id)];
    const chain = left === right ? 0 : left.y - right.y || left.x - right.x || byText(left.id, right.id);
    return chain || a.x - b.x || a.y - b.y || byText(a.node.id, b.node.id);
  });
  return [...unplaced, ...groups.map(({ node }) => node), ...rest.map(({ node }) => node)];
}

/**
 * The nodes in the order that the file has them in already, with new ones where they are read. Moving a node changes
 * its coordinates and nothing else.
 */
export function keptOrder(kept: readonly string[], nodes: readonly FlowNode[]): FlowNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const known = new Set(kept.filter((id) => byId.has(id)));
  const after = new Map<string | null, FlowNode[]>();
  let anchor: string | null = null;
  for (const node of readingOrder(nodes)) {
    if (known.has(node.id)) anchor = node.id;
    else {
      const list = after.get(anchor);
      if (list) list.push(node);
      else after.set(anchor, [node]);
    }
  }
  const ordered = [...(after.get(null) ?? [])];
  for (const id of known) ordered.push(byId.get(id) as FlowNode, ...(after.get(id) ?? []));
  return ordered;
}

type Placed = Place & { node: FlowNode };

interface Chain extends Place {
  id: string;
}

/** Nodes that are wired together, each with its chain's topmost, then leftmost place. */
function chains(nodes: readonly Placed[]): (id: string) => Chain {
  const parent = new Map(nodes.map(({ node }) => [node.id, node.id]));
  const root = (id: string): string => {
    let top = id;
    for (let next = parent.get(top); next !== undefined && next !== top; next = parent.get(top)) top = next;
    for (let at = id; at !== top; ) {
      const next = parent.get(at) as string;
      parent.set(at, top);
      at = next;
    }
    return top;
  };
  for (const { node } of nodes) {
    for (const target of targetsOf(node)) if (parent.has(target)) parent.set(root(target), root(node.id));
  }
  const chain = new Map<string, Chain>();
  for (const { node, x, y } of nodes) {
    const top = root(node.id);
    const known = chain.get(top);
    const first =
      !known || y < known.y || (y === known.y && (x < known.x || (x === known.x && byText(node.id, known.id) < 0)));
    if (first) chain.set(top, { x, y, id: node.id });
  }
  return (id) => chain.get(root(id)) as Chain;
}

/** Ids of the nodes that a node's outputs are wired to. */
export function* targetsOf(node: FlowNode): Generator<string> {
  if (!Array.isArray(node.wires)) return;
  for (const output of node.wires) {
    if (!Array.isArray(output)) continue;
    for (const target of output) if (typeof target === 'string') yield target;
  }
}

/** By code unit, not by locale: the same on every machine. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
