import { type FlowFile, nodesOf } from './flow-file.ts';
import { type FlowNode, isContainer, titleOf } from './flow-node.ts';

/** Which nodes each file holds after a deploy. `files` are those that exist; the others are new. */
export interface Assignment {
  /** File name → its nodes, in the order that they are to be written. A file that lost all its nodes is there with none. */
  byFile: Map<string, FlowNode[]>;
}

export const SHARED_FILE = 'globals.json';

/**
 * Gives every node of a deploy the file that it goes to:
 * - a tab, subflow or global configuration node goes back to the file that it came from, and takes what lies in it along;
 * - a new tab gets a file of its own, named after its label;
 * - a new subflow or configuration node goes to the file whose nodes use it, or to `globals.json` when several do (a
 *   subflow then gets a file of its own).
 * The order within a file stays as it was; new nodes follow. Only tabs change places among themselves, because their
 * order is what the editor shows.
 */
export function assignNodes(
  files: readonly FlowFile[],
  nodes: readonly FlowNode[],
  takenNames: Iterable<string>,
): Assignment {
  const owner = new Map<string, string>();
  for (const file of files) for (const node of nodesOf(file)) owner.set(node.id, file.name);

  const taken = new Set([...takenNames, ...files.map(({ name }) => name)].map((name) => name.toLowerCase()));
  const place = new Map<string, string>();
  const containers = nodes.filter(isContainer);
  for (const node of containers) {
    const file = owner.get(node.id) ?? (node.type === 'tab' ? newName(titleOf(node), taken) : undefined);
    if (file) place.set(node.id, file);
  }
  const waiting = new Set<FlowNode>();
  const inside = (node: FlowNode): string | undefined => (node.z === undefined || node.z === '' ? undefined : node.z);
  for (const node of nodes) {
    if (place.has(node.id)) continue;
    const z = inside(node);
    const file = z === undefined ? owner.get(node.id) : place.get(z);
    if (file) place.set(node.id, file);
    else waiting.add(node);
  }

  settleByUse(nodes, place, waiting);
  let sharedName = files.find(({ name }) => name === SHARED_FILE)?.name;
  for (const node of [...waiting].filter(isContainer)) place.set(node.id, newName(titleOf(node), taken));
  for (const node of waiting) {
    if (place.has(node.id)) continue;
    const z = inside(node);
    const known = (z && place.get(z)) || owner.get(node.id);
    if (!known) sharedName ??= newName(SHARED_FILE, taken);
    place.set(node.id, known || (sharedName as string));
  }

  const byFile = new Map<string, FlowNode[]>(files.map(({ name }) => [name, []]));
  for (const node of nodes) {
    const name = place.get(node.id) as string;
    const list = byFile.get(name);
    if (list) list.push(node);
    else byFile.set(name, [node]);
  }
  for (const file of files) byFile.set(file.name, keepOrder(file, byFile.get(file.name) ?? []));
  return { byFile };
}

/** New subflows and configuration nodes: where the only file is that uses them. What they hold goes along. */
function settleByUse(nodes: readonly FlowNode[], place: Map<string, string>, waiting: Set<FlowNode>): void {
  // A configuration node may be used by another new one, so this repeats until nothing moves.
  for (let moved = true; moved && waiting.size > 0; ) {
    moved = false;
    const wanted = new Map([...waiting].map((node) => [node.id, new Set<string>()]));
    for (const node of nodes) {
      const file = place.get(node.id);
      if (!file) continue;
      for (const id of idsIn(node)) wanted.get(id)?.add(file);
    }
    for (const node of waiting) {
      const z = node.z ? place.get(node.z) : undefined;
      const users = wanted.get(node.id);
      const file = z ?? (users?.size === 1 ? [...users][0] : undefined);
      if (!file) continue;
      place.set(node.id, file);
      waiting.delete(node);
      moved = true;
    }
  }
}

/** Every text of a node that could be another node's id: properties, entries of lists, subflow types. */
function* idsIn(node: FlowNode): Generator<string> {
  const stack: unknown[] = [];
  for (const [key, value] of Object.entries(node))
    if (key !== 'id' && key !== 'z' && key !== 'wires') stack.push(value);
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value === 'string') yield value.startsWith('subflow:') ? value.slice('subflow:'.length) : value;
    else if (typeof value === 'object' && value !== null) stack.push(...Object.values(value));
  }
}

function keepOrder(file: FlowFile, nodes: readonly FlowNode[]): FlowNode[] {
  const rest = new Map(nodes.map((node) => [node.id, node]));
  const ordered: FlowNode[] = [];
  for (const old of nodesOf(file)) {
    const node = rest.get(old.id);
    if (!node) continue;
    rest.delete(old.id);
    ordered.push(node);
  }
  ordered.push(...rest.values());
  const tabs = nodes.filter(({ type }) => type === 'tab');
  return ordered.map((node) => (node.type === 'tab' ? (tabs.shift() ?? node) : node));
}

function newName(title: string, taken: Set<string>): string {
  const base = slug(title.replace(/\.json$/, ''));
  let name = `${base}.json`;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${base}-${number}.json`;
  taken.add(name.toLowerCase());
  return name;
}

/** A file name that is the same on every file system: lower case ASCII letters, digits and dashes. */
export function slug(title: string): string {
  const ascii = title
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
  return ascii || 'flow';
}
