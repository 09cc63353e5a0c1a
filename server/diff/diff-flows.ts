import { CORE_TYPES, PACK_TYPES } from '../check/known-types.ts';
import { textsIn } from '../check/node-values.ts';
import { secretsIn } from '../check/rules/secrets.ts';
import { nameOf } from '../check/rules/values.ts';
import { redact } from '../config/redact.ts';
import { type FlowNode, isContainer, isObject, sameJson } from '../flows/flow-node.ts';
import type { FlowChange, NodeChange, NodeName, PropertyChange, WireChange } from './flow-change.ts';
import { changedLines } from './text-lines.ts';

const TYPES = new Map([...Object.entries(CORE_TYPES), ...Object.entries(PACK_TYPES)]);

/** Where a node is drawn. */
const POSITION = new Set(['x', 'y', 'w', 'h']);
/** Told as wires, or by where a node stands. */
const NOT_PROPERTIES = new Set(['id', 'z', 'wires']);
/** Of a subflow: its ends, whose wires are told as such. */
const PORTS: ReadonlySet<string> = new Set(['in', 'out', 'status']);
const LINKS: ReadonlySet<string> = new Set(['links']);
const NONE: ReadonlySet<string> = new Set();
const HIDDEN = '[secret]';

export interface DiffOptions {
  /** Tell moved nodes too. */
  positions?: boolean;
}

/** What changed in meaning from one version of flows to another: in a stable order, empty when nothing did. */
export function diffFlows(
  before: readonly FlowNode[],
  after: readonly FlowNode[],
  { positions = false }: DiffOptions = {},
): FlowChange[] {
  const comparison = new Comparison(before, after, positions);
  const flows = new Map<string | null, FlowChange>();
  const flowFor = (id: string | null): FlowChange => {
    let flow = flows.get(id);
    if (!flow) {
      const node = id === null ? undefined : comparison.find(id);
      flow = {
        kind: node?.type === 'subflow' ? 'subflow' : node?.type === 'tab' ? 'tab' : 'global',
        id,
        name: node ? nameOfNode(node) : (id ?? ''),
        change: 'changed',
        properties: [],
        wires: [],
        nodes: [],
      };
      flows.set(id, flow);
    }
    return flow;
  };

  for (const id of comparison.ids()) {
    const change = comparison.compare(id);
    if (!change) continue;
    const node = comparison.find(id);
    if (!node) continue;
    if (isContainer(node)) {
      Object.assign(flowFor(id), { change: change.change, properties: change.properties, wires: change.wires });
    } else {
      // What lies in a flow that is in none of the files stands by itself.
      flowFor(node.z && comparison.find(node.z) ? node.z : null).nodes.push(change);
    }
  }
  for (const flow of flows.values()) flow.nodes.sort(byName);
  return [...flows.values()].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || byName(a, b));
}

const KINDS: readonly FlowChange['kind'][] = ['tab', 'subflow', 'global'];

function byName(a: { name: string; id: string | null }, b: { name: string; id: string | null }): number {
  const [one, other] = [`${a.name}\0${a.id}`, `${b.name}\0${b.id}`];
  return one < other ? -1 : one > other ? 1 : 0;
}

class Comparison {
  readonly #before: ReadonlyMap<string, FlowNode>;
  readonly #after: ReadonlyMap<string, FlowNode>;
  readonly #positions: boolean;

  constructor(before: readonly FlowNode[], after: readonly FlowNode[], positions: boolean) {
    this.#before = new Map(before.map((node) => [node.id, node]));
    this.#after = new Map(after.map((node) => [node.id, node]));
    this.#positions = positions;
  }

  ids(): Set<string> {
    return new Set([...this.#after.keys(), ...this.#before.keys()]);
  }

  find(id: string): FlowNode | undefined {
    return this.#after.get(id) ?? this.#before.get(id);
  }

  compare(id: string): NodeChange | null {
    const [old, now] = [this.#before.get(id), this.#after.get(id)];
    const node = now ?? old;
    if (!node) return null;
    const head = { id, type: node.type, name: nameOfNode(node) };
    const wires = this.#wires(old, now);
    // A node that came or went is told as a whole, by its wires and what it is; of a new one the code is to be reviewed.
    if (!old || !now) return { ...head, change: now ? 'added' : 'removed', properties: now ? codeOf(now) : [], wires };
    const properties = this.#properties(old, now);
    const moved = old.z !== now.z && !isContainer(now);
    if (properties.length === 0 && wires.length === 0 && !moved) return null;
    const from = old.z === undefined ? undefined : this.find(old.z);
    return {
      ...head,
      change: 'changed',
      ...(moved && { movedFrom: from ? nameOfNode(from) || from.id : (old.z ?? '') }),
      properties,
      wires,
    };
  }

  #properties(old: FlowNode, now: FlowNode): PropertyChange[] {
    const found: PropertyChange[] = [];
    const names = new Set([...Object.keys(now), ...Object.keys(old)]);
    const texts = { old: hiddenTexts(old), now: hiddenTexts(now) };
    const told = now.type === 'subflow' ? PORTS : isLink(now) ? LINKS : NONE;
    for (const name of [...names].sort()) {
      if (NOT_PROPERTIES.has(name) || told.has(name)) continue;
      if (POSITION.has(name) && !this.#positions) continue;
      collect([name], own(old, name), own(now, name), texts, found);
    }
    if (now.type !== 'subflow') return found;
    for (const name of PORTS) {
      const [were, are] = [portsOf(old[name], this.#positions), portsOf(now[name], this.#positions)];
      collect([name], were, are, texts, found);
    }
    return found;
  }

  #wires(old: FlowNode | undefined, now: FlowNode | undefined): WireChange[] {
    const [before, after] = [endsOf(old), endsOf(now)];
    const changes: WireChange[] = [];
    for (const from of new Set([...before.keys(), ...after.keys()])) {
      const [were, are] = [before.get(from) ?? [], after.get(from) ?? []];
      for (const id of new Set(are))
        if (!were.includes(id)) changes.push({ change: 'added', from, to: this.#name(id) });
      for (const id of new Set(were))
        if (!are.includes(id)) changes.push({ change: 'removed', from, to: this.#name(id) });
    }
    return changes.sort(
      (a, b) => compareText(a.from, b.from) || compareText(a.to.name, b.to.name) || compareText(a.to.id, b.to.id),
    );
  }

  #name(id: string): NodeName {
    const node = this.find(id);
    return node ? { id, type: node.type, name: nameOfNode(node) } : { id, type: 'missing', name: '' };
  }
}

function compareText(a: string, b: string): number {
  const numeric = a.length - b.length;
  return a === b ? 0 : /^output \d+$/.test(a) && /^output \d+$/.test(b) && numeric !== 0 ? numeric : a < b ? -1 : 1;
}

function isLink(node: FlowNode): boolean {
  return node.type.startsWith('link ');
}

/** Where a node's outputs, a subflow's ends and a link lead to. */
function endsOf(node: FlowNode | undefined): Map<string, string[]> {
  const ends = new Map<string, string[]>();
  if (!node) return ends;
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
  const wires: unknown[] = Array.isArray(node.wires) ? node.wires : [];
  for (const [index, to] of wires.entries()) ends.set(`output ${index + 1}`, texts(to));
  if (isLink(node)) ends.set('link', texts(node.links));
  if (node.type !== 'subflow') return ends;
  for (const [side, label] of [
    ['in', 'input'],
    ['out', 'output'],
    ['status', 'status'],
  ] as const) {
    const ports: unknown[] = Array.isArray(node[side]) ? node[side] : [node[side]];
    for (const [index, port] of ports.entries()) {
      const wired = isObject(port) && Array.isArray(port.wires) ? port.wires : [];
      const ids = wired.flatMap((wire: unknown) =>
        isObject(wire) && typeof wire.id === 'string' ? [`${wire.id}`] : [],
      );
      ends.set(side === 'out' ? `${label} ${index + 1}` : label, ids);
    }
  }
  return ends;
}

/** The ends of a subflow without the nodes that they are wired to, and without where they are drawn. */
function portsOf(value: unknown, positions: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => portsOf(one, positions));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => positions || !POSITION.has(name))
      .map(([name, inner]) => [
        name,
        name === 'wires' && Array.isArray(inner)
          ? inner.map((wire) => (isObject(wire) ? (wire.port ?? 0) : wire))
          : inner,
      ]),
  );
}

/** A property may be called like one that every object has. */
function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

interface Texts {
  old: ReadonlyMap<string, string>;
  now: ReadonlyMap<string, string>;
}

/** The differences between two values, down to the single value; a text of several lines as lines. */
function collect(
  path: readonly (string | number)[],
  old: unknown,
  now: unknown,
  texts: Texts,
  found: PropertyChange[],
): void {
  if (sameJson(old, now)) return;
  if (Array.isArray(old) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(old.length, now.length); index += 1)
      collect([...path, index], old[index], now[index], texts, found);
    return;
  }
  if (isObject(old) && isObject(now)) {
    for (const name of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort())
      collect([...path, name], own(old, name), own(now, name), texts, found);
    return;
  }
  const name = nameOf(path);
  const [before, after] = [shown(old, path, texts.old), shown(now, path, texts.now)];
  if (sameJson(before, after)) found.push({ path: name, secret: true });
  else if (typeof before === 'string' && typeof after === 'string' && /\n/.test(before + after))
    found.push({ path: name, lines: changedLines(before, after) });
  else found.push({ path: name, ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
}

/** The texts of several lines of a node that is new. */
function codeOf(node: FlowNode): PropertyChange[] {
  const hidden = hiddenTexts(node);
  return Object.entries(node).flatMap(([name, value]) => {
    if (typeof value !== 'string' || !value.trim().includes('\n')) return [];
    const text = hidden.get(name) ?? redact(value);
    return [{ path: name, lines: text.split('\n').map((line) => ({ change: 'added' as const, text: line })) }];
  });
}

/** The value with its secrets taken out. */
function shown(value: unknown, path: readonly (string | number)[], texts: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return texts.get(nameOf(path)) ?? redact(value);
  if (Array.isArray(value)) return value.map((one, index) => shown(one, [...path, index], texts));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one, [...path, name], texts)]));
  return value;
}

/** The texts of a node that hold secrets, without them. */
function hiddenTexts(node: FlowNode): Map<string, string> {
  const type = TYPES.get(node.type);
  const hidden = new Map<string, string>();
  for (const value of textsIn(node, type)) {
    const secrets = secretsIn(value, node, type?.credentials ?? []);
    if (secrets.length === 0) continue;
    let text = '';
    let at = 0;
    for (const { start, end } of secrets) {
      if (end <= at) continue;
      text += value.text.slice(at, Math.max(at, start)) + HIDDEN;
      at = end;
    }
    hidden.set(nameOf(value.path), redact(text + value.text.slice(at)));
  }
  return hidden;
}

function nameOfNode(node: FlowNode): string {
  const name = node.label ?? node.name;
  return typeof name === 'string' ? redact(name.trim()) : '';
}
