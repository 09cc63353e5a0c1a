/** One element of a Node-RED flow export: a tab, a subflow, a group, a configuration node or a node. */
export interface FlowNode {
  id: string;
  type: string;
  /** The tab or subflow that it lies in; absent for tabs, subflows and global configuration nodes. */
  z?: string;
  [property: string]: unknown;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isFlowNode(value: unknown): value is FlowNode {
  return flowNodeFault(value) === null;
}

/** Why it is no node, to complete "it …"; null: it is one. */
export function flowNodeFault(value: unknown): string | null {
  if (!isObject(value) || typeof value.id !== 'string' || value.id === '' || typeof value.type !== 'string')
    return 'has no text "id" and "type"';
  // Node-RED finds what it takes for a constructor of these, and its start never ends.
  return value.type in Object.prototype ? `has a type that is a word of JavaScript itself ("${value.type}")` : null;
}

/** Tabs and subflows are what other nodes lie in. */
export function isContainer(node: FlowNode): boolean {
  return node.type === 'tab' || node.type === 'subflow';
}

/** What a person calls the node: its label or name, else its type. */
export function titleOf(node: FlowNode): string {
  const title = node.label ?? node.name;
  return typeof title === 'string' && title.trim() !== '' ? title : node.type;
}

/** Structural equality of JSON values; the order of keys does not matter, as it means nothing to Node-RED. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, index) => sameJson(value, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}
