import { type FlowNode, flowNodeFault, isContainer, isFlowNode, isObject, sameJson, titleOf } from '../flow-node.ts';
import { slug } from '../slug.ts';
import { decodeProperty, encodeNode, fileOfText, filesNamedBy } from './node-json.ts';
import { keptOrder, placeOfNode } from './node-order.ts';
import { fileEnding } from './text-language.ts';
import { broken, property, writeJson } from './write-json.ts';

/** What a readable file holds besides its nodes. */
export interface ReadableForm {
  kind: 'readable';
  /** File names in the order of their tabs; only the file of the configuration nodes has it. */
  order: readonly string[];
  /** Ids in the order in which the nodes stand in the file: the order to read in. */
  read: readonly string[];
  /** Which text is in which file of the folder beside: `<node id>\0<property>` → name. */
  texts: ReadonlyMap<string, string>;
}

export const EMPTY_READABLE: ReadableForm = { kind: 'readable', order: [], read: [], texts: new Map() };

const VERSION = 1;
const KEYS = new Set(['redstart', 'order', 'flow', 'nodes', 'layout']);

/** Why a file is none; `element` is the index of the node that is wrong, -1 for the tab. */
export class NotReadable extends Error {
  readonly element: number | null;
  constructor(message: string, element: number | null = null) {
    super(message);
    this.element = element;
  }
}

export function isReadable(value: unknown): value is Record<string, unknown> {
  return isObject(value) && Object.hasOwn(value, 'redstart');
}

/** The folder, beside a readable file, with its texts. */
export function textFolder(fileName: string): string {
  return fileName.replace(/\.json$/, '');
}

/** Names of the text files of a file, within its folder. */
export function textFilesOf(value: unknown): string[] {
  if (!isReadable(value)) return [];
  return [value.flow, ...(Array.isArray(value.nodes) ? value.nodes : [])].flatMap(filesNamedBy);
}

/**
 * The nodes of a readable file in the order of Node-RED's array: the tab, what has no place on it, groups, junctions,
 * nodes. Throws NotReadable.
 * @param readText content of a file of the folder beside
 */
export function parseReadable(
  value: Record<string, unknown>,
  readText: (name: string) => string,
): { nodes: FlowNode[]; raw: Map<string, number>; form: ReadableForm } {
  if (value.redstart !== VERSION)
    throw new NotReadable(`"redstart" is ${JSON.stringify(value.redstart)}, and this version knows ${VERSION} only`);
  const unknown = Object.keys(value).find((key) => !KEYS.has(key));
  if (unknown !== undefined) throw new NotReadable(`"${unknown}" is no property of a flow file`);
  const { flow, nodes = [], order = [] } = value;
  if (!Array.isArray(nodes)) throw new NotReadable('"nodes" must be a list');
  if (!Array.isArray(order) || !order.every((name) => typeof name === 'string'))
    throw new NotReadable('"order" must be a list of file names');
  if (flow !== undefined && !(isFlowNode(flow) && isContainer(flow)))
    throw new NotReadable('"flow" must be a tab or a subflow, with "id" and "type"');

  const rows = readRows(value.layout);
  const texts = new Map<string, string>();
  const z = isFlowNode(flow) ? flow.id : undefined;
  const decode = (raw: unknown, element: number): FlowNode => {
    if (!isFlowNode(raw)) throw new NotReadable(flowNodeFault(raw) ?? '', element);
    if (element !== -1 && isContainer(raw))
      throw new NotReadable(`is a ${raw.type}: each has a file of its own, where it is "flow"`, element);
    try {
      return decodeNode(raw, element === -1 ? undefined : z, rows.get(raw.id), (key, name) => {
        texts.set(textKey(raw.id, key), name);
        return readText(name);
      });
    } catch (error) {
      if (!(error instanceof Error) || error.constructor !== Error) throw error;
      throw new NotReadable(`(id ${raw.id}): ${error.message}`, element);
    }
  };
  const own = flow === undefined ? [] : [decode(flow, -1)];
  const inside = nodes.map((raw, index) => decode(raw, index));
  const raw = new Map(inside.map(({ id }, index) => [id, index]));
  const rowOrder = new Map([...rows.keys()].map((id, index) => [id, index]));
  const drawn = [...inside].sort((a, b) => (rowOrder.get(a.id) ?? -1) - (rowOrder.get(b.id) ?? -1));
  return {
    nodes: [...own, ...arrayOrder(drawn, [])],
    raw,
    form: { kind: 'readable', order, read: inside.map(({ id }) => id), texts },
  };
}

/**
 * The text of a readable file and of the files beside it, by name within the flows folder.
 * @param taken names that new text files must not have, in lower case
 */
export function renderReadable(
  fileName: string,
  form: ReadableForm,
  nodes: readonly FlowNode[],
  taken: Iterable<string>,
): Map<string, string> {
  const flow = flowOf(nodes);
  const inside = nodes.filter((node) => node !== flow);
  const parts = new Map<string, string>();
  const folder = textFolder(fileName);
  const names = nameTexts(form, taken);
  const encode = (node: FlowNode, leaveOut: ReadonlySet<string>) =>
    encodeNode(node, leaveOut, (key, text) => {
      const name = names(node, key);
      if (name !== null) parts.set(`${folder}/${name}`, fileOfText(text));
      return name;
    });

  const sections = [`  "redstart": ${VERSION}`];
  if (form.order.length > 0) sections.push(`  "order": ${broken(form.order, '  ')}`);
  if (flow) sections.push(`  "flow": ${writeNode(encode(flow, NONE), '  ')}`);
  const read = keptOrder(form.read, inside);
  const rows: string[] = [];
  const texts = read.map((node) => {
    const leaveOut = new Set(flow && node.z === flow.id ? ['z'] : []);
    for (const key of Object.keys(coordinates(node))) leaveOut.add(key);
    return `    ${writeNode(encode(node, leaveOut), '    ')}`;
  });
  sections.push(`  "nodes": ${list(texts)}`);
  for (const node of arrayOrder(inside, form.read)) {
    const row = Object.values(coordinates(node));
    if (row.length > 0) rows.push(`    ${writeJson([node.id, ...row], '', -1e9)}`);
  }
  if (rows.length > 0) sections.push(`  "layout": ${list(rows)}`);
  return new Map([[fileName, `{\n${sections.join(',\n')}\n}\n`], ...parts]);
}

/** Whether the file says all of this already. */
export function readableHolds(
  form: ReadableForm,
  before: readonly FlowNode[],
  nodes: readonly FlowNode[],
  order: readonly string[],
): boolean {
  const flow = flowOf(nodes);
  const wanted = [
    ...(flow ? [flow] : []),
    ...arrayOrder(
      nodes.filter((node) => node !== flow),
      form.read,
    ),
  ];
  return (
    sameJson(form.order, order) &&
    before.length === wanted.length &&
    wanted.every((node, index) => before[index]?.id === node.id && sameJson(before[index], node))
  );
}

const NONE: ReadonlySet<string> = new Set();

function textKey(id: string, key: string): string {
  return `${id}\0${key}`;
}

function flowOf(nodes: readonly FlowNode[]): FlowNode | undefined {
  return nodes.find(isContainer);
}

/**
 * The order of Node-RED's array, as far as it means anything: which configuration node is made first, which node lies
 * above which. Among different kinds it means nothing, and the editor mixes them.
 */
function arrayOrder(nodes: readonly FlowNode[], kept: readonly string[]): FlowNode[] {
  const kinds: [FlowNode[], FlowNode[], FlowNode[], FlowNode[]] = [[], [], [], []];
  for (const node of nodes)
    kinds[!placeOfNode(node) ? 0 : node.type === 'group' ? 1 : node.type === 'junction' ? 2 : 3].push(node);
  // The editor gives configuration nodes back in an order of its own.
  if (kept.length > 0) {
    const rank = new Map(kept.map((id, index) => [id, index]));
    kinds[0].sort((a, b) => (rank.get(a.id) ?? kept.length) - (rank.get(b.id) ?? kept.length));
  }
  return kinds.flat();
}

/** What stands in the layout section: the place, and of a group its size. */
function coordinates(node: FlowNode): Record<string, number> {
  const place = placeOfNode(node);
  if (!place) return {};
  const { w, h } = node;
  return typeof w === 'number' && typeof h === 'number' ? { ...place, w, h } : { ...place };
}

function readRows(layout: unknown): Map<string, Record<string, number>> {
  if (layout === undefined) return new Map();
  if (!Array.isArray(layout)) throw new NotReadable('"layout" must be a list');
  const rows = new Map<string, Record<string, number>>();
  for (const row of layout) {
    const [id, ...numbers] = Array.isArray(row) ? row : [];
    const [x, y, w, h] = numbers;
    if (typeof id !== 'string' || !/^(?:2|4)$/.test(String(numbers.length)) || numbers.some(isNoNumber))
      throw new NotReadable(`a row of "layout" must be ["id", x, y] or ["id", x, y, w, h]: ${JSON.stringify(row)}`);
    if (!rows.has(id)) rows.set(id, numbers.length === 2 ? { x, y } : { x, y, w, h });
  }
  return rows;
}

function isNoNumber(value: unknown): boolean {
  return typeof value !== 'number';
}

function decodeNode(
  raw: FlowNode,
  z: string | undefined,
  row: Record<string, number> | undefined,
  readText: (key: string, name: string) => string,
): FlowNode {
  const node: FlowNode = { id: raw.id, type: raw.type };
  if (z !== undefined && !Object.hasOwn(raw, 'z')) node.z = z;
  for (const key of Object.keys(raw)) {
    if (key === 'id' || key === 'type' || key === 'wires') continue;
    const [name, value] = key.includes(':')
      ? decodeProperty(key, raw[key], (file) => readText(keyOfFile(key), file))
      : [key, raw[key]];
    if (Object.hasOwn(node, name)) throw new Error(`"${name}" is there twice, once as "${key}"`);
    set(node, name, value);
  }
  if (row !== undefined) Object.assign(node, row);
  if (Object.hasOwn(raw, 'wires')) {
    if (Object.hasOwn(node, 'wires')) throw new Error('"wires" is there twice');
    node.wires = raw.wires;
  }
  return node;
}

/** A property may be called __proto__, which is no property when it is assigned. */
function set(node: FlowNode, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(node, name, { value, enumerable: true, writable: true, configurable: true });
  else node[name] = value;
}

function keyOfFile(key: string): string {
  return key.slice(0, key.lastIndexOf(':'));
}

function writeNode(entries: readonly [string, unknown][], indent: string): string {
  const inner = `${indent}  `;
  const lines = entries.map(([key, value]) =>
    key.endsWith(':lines') && Array.isArray(value)
      ? `${inner}${JSON.stringify(key)}: ${broken(value, inner)}`
      : property(key, value, inner),
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n  ]`;
}

/** Gives each text its file: the one that it has, or a new one named after its node. */
function nameTexts(form: ReadableForm, taken: Iterable<string>): (node: FlowNode, key: string) => string | null {
  const used = new Set<string>();
  const reserved = new Set([...taken, ...[...form.texts.values()].map((name) => name.toLowerCase())]);
  return (node, key) => {
    const ending = fileEnding(node, key);
    if (ending === null) return null;
    const old = form.texts.get(textKey(node.id, key));
    if (old?.endsWith(ending) && !used.has(old.toLowerCase())) {
      used.add(old.toLowerCase());
      return old;
    }
    const base = slug(titleOf(node));
    let name = base + ending;
    for (let number = 2; used.has(name) || reserved.has(name); number++) name = `${base}-${number}${ending}`;
    used.add(name);
    return name;
  };
}
