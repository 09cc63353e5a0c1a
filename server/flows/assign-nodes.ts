import { type FlowFile, nodesOf, orderIn } from './flow-file.ts';
import { type FlowNode, isContainer, titleOf } from './flow-node.ts';
import { slug } from './slug.ts';

/** Which nodes each file holds after a deploy. */
export interface Assignment {
  /** File name → its nodes, in the order that they are to be written. A file that lost all its nodes is there with none. */
  byFile: Map<string, FlowNode[]>;
  /** File names in the order of their tabs; null to leave it as it is. */
  order: string[] | null;
}

/** Holds the configuration nodes, and the order of the tabs. */
export const SHARED_FILE = 'globals.json';

/**
 * Gives every node of a deploy the file that it goes to:
 * - what an export holds stays there, and so does a tab or subflow with all that lies in it;
 * - a new tab or subflow gets a file of its own, named after it;
 * - every other node, a new configuration node above all, goes to `globals.json`.
 * @param takenNames of files in the folder, that a new one must not have
 */
export function assignNodes(
  files: readonly FlowFile[],
  nodes: readonly FlowNode[],
  takenNames: readonly string[] = [],
): Assignment {
  const owner = new Map<string, FlowFile>();
  for (const file of files) for (const node of nodesOf(file)) owner.set(node.id, file);
  const taken = new Set([...takenNames, ...files.map(({ name }) => name)].map((name) => name.toLowerCase()));
  const place = new Map<string, string>();
  // Tabs first, as in an export that is joined: the same names come out of it.
  for (const node of [...containersOf(nodes, 'tab'), ...containersOf(nodes, 'subflow')]) {
    const file = owner.get(node.id);
    const own = file && (file.form.kind === 'export' || flowIdOf(file) === node.id) ? file.name : undefined;
    place.set(node.id, own ?? newName(titleOf(node), taken));
  }
  const byFile = new Map<string, FlowNode[]>(files.map(({ name }) => [name, []]));
  const shared = sharedName(files);
  for (const node of nodes) {
    const name = place.get(isContainer(node) ? node.id : (node.z ?? '')) ?? ownerOf(node, owner) ?? shared;
    const list = byFile.get(name);
    if (list) list.push(node);
    else byFile.set(name, [node]);
  }
  for (const file of files) {
    if (file.form.kind === 'export') byFile.set(file.name, keepOrder(file, byFile.get(file.name) ?? []));
  }
  return { byFile, order: newOrder(files, byFile, nodes, place) };
}

/** The files in the order of their tabs: those that are listed, then the others by name. */
export function inOrder<T extends { name: string }>(files: readonly T[], order: readonly string[]): T[] {
  const rank = new Map(order.map((name, index) => [name, index]));
  return [...files].sort(
    (a, b) => (rank.get(a.name) ?? order.length) - (rank.get(b.name) ?? order.length) || (a.name < b.name ? -1 : 1),
  );
}

/** The export that a global node came from. A readable file holds one tab or subflow and nothing else. */
function ownerOf(node: FlowNode, owner: ReadonlyMap<string, FlowFile>): string | undefined {
  const file = owner.get(node.id);
  return file?.form.kind === 'export' ? file.name : undefined;
}

function containersOf(nodes: readonly FlowNode[], type: string): FlowNode[] {
  return nodes.filter((node) => node.type === type);
}

/** The tab or subflow that a readable file is of; null for the configuration nodes. */
function flowIdOf(file: FlowFile): string | null {
  return nodesOf(file).find(isContainer)?.id ?? null;
}

/** Somebody may have named the file otherwise. */
function sharedName(files: readonly FlowFile[]): string {
  if (files.some(({ name }) => name === SHARED_FILE)) return SHARED_FILE;
  const holds = (file: FlowFile): boolean => nodesOf(file).length > 0 || orderIn(file).length > 0;
  const known = files.find((file) => file.form.kind === 'readable' && flowIdOf(file) === null && holds(file));
  return known?.name ?? SHARED_FILE;
}

/** By name, unless that is not the order of the deploy. What is listed once stays listed: it would come and go. */
function newOrder(
  files: readonly FlowFile[],
  byFile: ReadonlyMap<string, readonly FlowNode[]>,
  nodes: readonly FlowNode[],
  place: ReadonlyMap<string, string>,
): string[] | null {
  const now = files.flatMap(orderIn);
  const names = [...byFile].filter(([, list]) => list.some(isContainer)).map(([name, list]) => ({ name, list }));
  const loaded = inOrder(names, now).flatMap(({ list }) => list.filter(isContainer));
  const same = ['tab', 'subflow'].every((type) => {
    const want = containersOf(nodes, type);
    return loaded.filter((node) => node.type === type).every(({ id }, index) => want[index]?.id === id);
  });
  const gone = now.some((name) => !byFile.get(name)?.length);
  if (same && !gone) return null;
  if (same) return now.filter((name) => byFile.get(name)?.length);
  return [
    ...new Set(
      [...containersOf(nodes, 'tab'), ...containersOf(nodes, 'subflow')].map(({ id }) => place.get(id) as string),
    ),
  ];
}

/** An export keeps the order that it has; only tabs change places, because their order is what the editor shows. */
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
  const base = slug(title);
  let name = `${base}.json`;
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}.json`;
  taken.add(name);
  return name;
}
