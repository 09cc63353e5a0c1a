import { isObject, sameJson } from '../flows/flow-node.ts';
import { mergeLines } from './text-lines.ts';

/** What stands where: a value, or nothing. */
type Value = unknown;

/**
 * A merge of two versions with what both come from. Where both changed the same property differently there are two results,
 * which differ in these properties only.
 */
export interface Merged {
  ours: Value;
  theirs: Value;
  /** Where both changed the same: `nodes[id].property`. */
  conflicts: string[];
}

/** Lists whose order says nothing: both sides' additions and removals stand beside each other. */
const SETS = new Set(['wires', 'links', 'scope', 'nodes', 'order']);
/** Where a node is drawn is worth no conflict: ours stays. */
const POSITIONS = new Set(['x', 'y', 'w', 'h', 'layout']);
/** Told apart from a property that is null. */
const ABSENT = Symbol('absent');

/** Merges flow files as values: nodes by their id, then property by property, then texts by lines. */
export function mergeJson(base: unknown, ours: unknown, theirs: unknown): Merged {
  const conflicts: string[] = [];
  const [mine, yours] = merge(base, ours, theirs, [], conflicts);
  return { ours: mine, theirs: yours, conflicts };
}

type Pair = [ours: Value, theirs: Value];

function merge(base: Value, ours: Value, theirs: Value, path: readonly string[], conflicts: string[]): Pair {
  if (same(ours, theirs)) return [ours, ours];
  if (same(base, ours)) return [theirs, theirs];
  if (same(base, theirs)) return [ours, ours];
  const name = path.at(-1) ?? '';
  if (POSITIONS.has(name) && !isList(ours)) return [ours, ours];
  if (isObject(ours) && isObject(theirs)) {
    // Two new things at one place have nothing in common but the place.
    if (isObject(base)) return mergeObjects(base, ours, theirs, path, conflicts);
    return conflict([ours, theirs], path, conflicts);
  }
  if (isList(ours) && isList(theirs) && (isList(base) || base === ABSENT)) {
    const merged = mergeLists(base === ABSENT ? [] : (base as unknown[]), ours, theirs, path, conflicts);
    if (merged) return merged;
  }
  if (typeof base === 'string' && typeof ours === 'string' && typeof theirs === 'string' && base.includes('\n')) {
    const lines = mergeLines(base.split('\n'), ours.split('\n'), theirs.split('\n'))?.join('\n');
    if (lines !== undefined) return [lines, lines];
  }
  return conflict([ours, theirs], path, conflicts);
}

function conflict(pair: Pair, path: readonly string[], conflicts: string[]): Pair {
  conflicts.push(path.join('.'));
  return pair;
}

function mergeObjects(
  base: Record<string, unknown>,
  ours: Record<string, unknown>,
  theirs: Record<string, unknown>,
  path: readonly string[],
  conflicts: string[],
): Pair {
  const of = (value: Record<string, unknown>, key: string): Value => (Object.hasOwn(value, key) ? value[key] : ABSENT);
  const [mine, yours]: [[string, Value][], [string, Value][]] = [[], []];
  for (const key of mergedOrder(Object.keys(ours), Object.keys(theirs))) {
    const [one, other] = merge(of(base, key), of(ours, key), of(theirs, key), [...path, key], conflicts);
    if (one !== ABSENT) mine.push([key, one]);
    if (other !== ABSENT) yours.push([key, other]);
  }
  // Not an object that is filled by assignment: a property may be called __proto__.
  return [Object.fromEntries(mine), Object.fromEntries(yours)];
}

/** Null when the lists are of no kind that can be merged by element. */
function mergeLists(
  base: readonly unknown[],
  ours: readonly unknown[],
  theirs: readonly unknown[],
  path: readonly string[],
  conflicts: string[],
): Pair | null {
  const name = path.at(-1) ?? '';
  const lists = [base, ours, theirs];
  if (lists.every((list) => list.every((one) => keyOf(one) !== null)) && unique(lists)) {
    return mergeByKey(base, ours, theirs, path, conflicts);
  }
  if (name === 'wires' && lists.every((list) => list.every(isTexts))) {
    // One list an output.
    const outputs = Math.max(ours.length, theirs.length);
    const merged = Array.from({ length: outputs }, (_, output) =>
      mergeSets(textsAt(base, output), textsAt(ours, output), textsAt(theirs, output)),
    );
    const fewer = Math.min(ours.length, theirs.length);
    // An output that one side removed stays removed.
    const removed = fewer < base.length && merged.slice(fewer).every((to) => to.length === 0);
    const list = removed ? merged.slice(0, fewer) : merged;
    return [list, list];
  }
  if (SETS.has(name) && lists.every(isTexts)) {
    const list = mergeSets(base as string[], ours as string[], theirs as string[]);
    return [list, list];
  }
  // The lines of a text.
  if (name.endsWith(':lines') && lists.every(isTexts)) {
    const list = mergeLines(base as string[], ours as string[], theirs as string[]);
    return list && [list, list];
  }
  return null;
}

function mergeByKey(
  base: readonly unknown[],
  ours: readonly unknown[],
  theirs: readonly unknown[],
  path: readonly string[],
  conflicts: string[],
): Pair {
  const maps = [base, ours, theirs].map((list) => new Map(list.map((one) => [keyOf(one) ?? '', one])));
  const of = (which: number, key: string): Value => (maps[which]?.has(key) ? maps[which].get(key) : ABSENT);
  const [mine, yours]: [Value[], Value[]] = [[], []];
  const isLayout = path.at(-1) === 'layout';
  for (const key of mergedOrder([...(maps[1]?.keys() ?? [])], [...(maps[2]?.keys() ?? [])])) {
    const [b, o, t] = [of(0, key), of(1, key), of(2, key)];
    // A row of the layout section: where a node is drawn.
    const [one, other] = isLayout
      ? row(b, o, t)
      : merge(b, o, t, [...path.slice(0, -1), `${path.at(-1) ?? ''}[${key}]`], conflicts);
    if (one !== ABSENT) mine.push(one);
    if (other !== ABSENT) yours.push(other);
  }
  return [mine, yours];
}

function row(base: Value, ours: Value, theirs: Value): Pair {
  const kept = same(base, ours) ? theirs : ours;
  return [kept, kept];
}

/** The id of a node, or of the row of a layout. */
function keyOf(one: unknown): string | null {
  if (isObject(one)) return typeof one.id === 'string' ? one.id : null;
  if (isList(one) && one.length > 1 && typeof one[0] === 'string' && typeof one[1] === 'number') return one[0];
  return null;
}

function unique(lists: readonly (readonly unknown[])[]): boolean {
  return lists.every((list) => new Set(list.map(keyOf)).size === list.length);
}

/** Ours in our order; what only they have stands behind what it stands behind with them. */
function mergedOrder(ours: readonly string[], theirs: readonly string[]): string[] {
  const known = new Set(ours);
  const behind = new Map<string | null, string[]>();
  let last: string | null = null;
  for (const key of theirs) {
    if (known.has(key)) last = key;
    else {
      const list = behind.get(last);
      if (list) list.push(key);
      else behind.set(last, [key]);
    }
  }
  return [...(behind.get(null) ?? []), ...ours.flatMap((key) => [key, ...(behind.get(key) ?? [])])];
}

function mergeSets(base: readonly string[], ours: readonly string[], theirs: readonly string[]): string[] {
  const kept = ours.filter((one) => theirs.includes(one) || !base.includes(one));
  return [...kept, ...theirs.filter((one) => !ours.includes(one) && !base.includes(one))];
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return isList(value) && value.every((one) => typeof one === 'string');
}

function textsAt(list: readonly unknown[], index: number): string[] {
  const value = list[index];
  return isTexts(value) ? value : [];
}

function same(a: Value, b: Value): boolean {
  return a === ABSENT || b === ABSENT ? a === b : sameJson(a, b);
}
