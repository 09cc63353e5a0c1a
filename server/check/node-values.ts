import { type FlowNode, isObject } from '../flows/flow-node.ts';
import type { JsonPath } from './json-place.ts';
import type { NodeType } from './node-type.ts';

/** A text somewhere in a node. */
export interface NodeText {
  path: JsonPath;
  text: string;
  /** What a typed input says that it is: `jsonata`, `json`, `env`, `re`, `str`…; null for an untyped property. */
  type: string | null;
}

/** Where it lies in the editor and what it is wired to: never an input of a person. */
const NOT_VALUES = new Set([
  'id',
  'type',
  'z',
  'g',
  'x',
  'y',
  'w',
  'h',
  'wires',
  'links',
  'nodes',
  'in',
  'out',
  'l',
  'd',
]);

/** Typed inputs whose type has a name of its own. */
const TYPE_KEYS: Readonly<Record<string, string>> = {
  complete: 'targetType',
  keyValue: 'keyType',
  valueValue: 'valueType',
  statusVal: 'statusType',
};
/** Node-RED's short ones: a rule's value, second value, property, target, source. */
const SHORT = new Set(['v', 'v2', 'p', 'to', 'from']);

/** Every text of a node that a person could have entered. */
export function textsIn(node: FlowNode, known: NodeType | undefined): NodeText[] {
  const found: NodeText[] = [];
  for (const [name, value] of Object.entries(node)) {
    if (!NOT_VALUES.has(name)) collect(value, [name], typeOf(node, name) ?? defaultType(known, name), found);
  }
  return found;
}

function collect(value: unknown, path: JsonPath, type: string | null, found: NodeText[]): void {
  if (typeof value === 'string') found.push({ path, text: value, type });
  else if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) collect(one, [...path, index], null, found);
  } else if (isObject(value)) {
    for (const [name, inner] of Object.entries(value)) collect(inner, [...path, name], typeOf(value, name), found);
  }
}

function typeOf(holder: Record<string, unknown>, name: string): string | null {
  const keys = [
    Object.hasOwn(TYPE_KEYS, name) ? TYPE_KEYS[name] : undefined,
    `${name}Type`,
    `${name}type`,
    SHORT.has(name) ? `${name}t` : undefined,
    // The variables of tabs, groups and subflows: {name, value, type}.
    name === 'value' && 'name' in holder ? 'type' : undefined,
  ];
  for (const key of keys) {
    const type = key !== undefined && Object.hasOwn(holder, key) ? holder[key] : undefined;
    if (typeof type === 'string') return type;
  }
  return null;
}

function defaultType(known: NodeType | undefined, name: string): string | null {
  return known?.typed && Object.hasOwn(known.typed, name) ? (known.typed[name] ?? null) : null;
}

/** `${NAME}` or `$(NAME)` as the whole value: Node-RED fills it in when the flow starts. */
export function wholeVariable(text: string): string | null {
  const match = /^\$(?:\{(\S+)\}|\((\S+)\))$/.exec(text);
  return match?.[1] ?? match?.[2] ?? null;
}

/** Line and column of an index within a text. */
export function spotIn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset));
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}
