import { hash } from 'node:crypto';
import { type FlowNode, isContainer, isObject, titleOf } from '../flows/flow-node.ts';

/** What deploys are told by: flows (tabs), subflows, and all that lies outside of them as one. */
export interface FlowHash {
  id: string;
  label: string;
  /** SHA-256 of its nodes; the order of nodes and of their properties does not matter. */
  hash: string;
}

/** Configuration nodes that belong to no flow. */
export const GLOBAL = 'global';

interface Group {
  label: string;
  nodes: FlowNode[];
  hash: string;
}

/** Remembers of each flow the nodes that it had: of those that are the very same no hash is made again. */
export function createFlowHashes(): (nodes: readonly FlowNode[]) => FlowHash[] {
  let known = new Map<string, Group>();
  return (nodes) => {
    const groups = groupsOf(nodes);
    for (const [id, group] of groups) {
      const before = known.get(id);
      const same =
        before?.nodes.length === group.nodes.length && group.nodes.every((node, at) => node === before.nodes[at]);
      group.hash = same ? before.hash : hashOfNodes(group.nodes);
    }
    known = groups;
    return [...groups].map(([id, group]) => ({ id, label: group.label, hash: group.hash }));
  };
}

export const flowHashes = (nodes: readonly FlowNode[]): FlowHash[] => createFlowHashes()(nodes);

function groupsOf(nodes: readonly FlowNode[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const node of nodes)
    if (isContainer(node)) groups.set(node.id, { label: titleOf(node), nodes: [node], hash: '' });
  for (const node of nodes) {
    if (isContainer(node)) continue;
    const id = node.z !== undefined && groups.has(node.z) ? node.z : GLOBAL;
    const group = groups.get(id) ?? { label: 'configuration nodes', nodes: [], hash: '' };
    group.nodes.push(node);
    groups.set(id, group);
  }
  return groups;
}

function hashOfNodes(nodes: readonly FlowNode[]): string {
  const sorted = nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return hash('sha256', JSON.stringify(sorted, sortKeys));
}

const sortKeys = (_key: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

export interface FlowChange {
  flow: string;
  label: string;
  change: 'added' | 'removed' | 'changed';
  before: string | null;
  after: string | null;
}

export function flowChanges(before: readonly FlowHash[], after: readonly FlowHash[]): FlowChange[] {
  const old = new Map(before.map((each) => [each.id, each]));
  const now = new Map(after.map((each) => [each.id, each]));
  const changes: FlowChange[] = [];
  for (const [id, { label, hash: own }] of now) {
    const was = old.get(id)?.hash ?? null;
    if (was !== own)
      changes.push({ flow: id, label, change: was === null ? 'added' : 'changed', before: was, after: own });
  }
  for (const [id, { label, hash: own }] of old)
    if (!now.has(id)) changes.push({ flow: id, label, change: 'removed', before: own, after: null });
  return changes;
}

/** Of all flows together. */
export const totalHash = (flows: readonly FlowHash[]): string =>
  hash(
    'sha256',
    flows
      .map(({ id, hash: own }) => `${id} ${own}\n`)
      .sort()
      .join(''),
  );
