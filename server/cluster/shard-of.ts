import { createHash } from 'node:crypto';
import type { FlowNode } from '../flows/flow-node.ts';

/**
 * Which shard runs a tab: by a hash of its id, so that the same tab is always in the same one, whatever else changes.
 * Tabs joined by link nodes are one: a message does not go from one process to another.
 */
export function shardsOfTabs(nodes: readonly FlowNode[], shards: number): Map<string, number> {
  const groups = new Map<string, string>();
  const rootOf = (tab: string): string => {
    let root = tab;
    for (let next = groups.get(root); next !== undefined && next !== root; next = groups.get(root)) root = next;
    return root;
  };
  for (const { id, type } of nodes) if (type === 'tab') groups.set(id, id);
  const tabOf = new Map(nodes.map(({ id, z }) => [id, z]));
  for (const node of nodes) {
    if (node.z === undefined || !groups.has(node.z)) continue;
    for (const target of linksOf(node)) {
      const other = tabOf.get(target);
      if (other === undefined || !groups.has(other)) continue;
      const [a = '', b = ''] = [rootOf(node.z), rootOf(other)].sort();
      groups.set(b, a);
    }
  }
  return new Map(Array.from(groups.keys(), (tab) => [tab, shardOf(rootOf(tab), shards)]));
}

export function shardOf(id: string, shards: number): number {
  return createHash('sha256').update(id).digest().readUInt32BE() % shards;
}

const LINKS = new Set(['link in', 'link out', 'link call']);

function linksOf(node: FlowNode): string[] {
  if (!LINKS.has(node.type) || !Array.isArray(node.links)) return [];
  return node.links.filter((id): id is string => typeof id === 'string');
}
