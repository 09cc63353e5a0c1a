import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { parseText, type TextType } from './text-types.ts';

/** One thing that is wrong with a file of entries. Never holds the value of a secret. */
export interface ListFault {
  /** From 1. */
  readonly line: number;
  /** Completes "FILE, line N: …". */
  readonly problem: string;
}

export interface ListField<Value = unknown> {
  readonly type: TextType<Value>;
  /** What an entry without it has; without this it must be there. */
  readonly fallback?: Value;
  /** The entry has a list of such texts. */
  readonly many?: boolean;
}

type ValueOf<F> = F extends { type: TextType<infer V>; many: true }
  ? V[]
  : F extends { type: TextType<infer V>; fallback: infer D }
    ? V | D
    : F extends { type: TextType<infer V> }
      ? V
      : never;

/** An entry as declared by its fields, and the line that it begins in. */
export type ListRow<Fields> = { [Name in keyof Fields]: ValueOf<Fields[Name]> } & { readonly line: number };

export interface ParsedList<Fields> {
  readonly rows: ListRow<Fields>[];
  readonly faults: ListFault[];
}

/**
 * Reads a YAML list of entries, each with the fields declared and no others. Finds every fault in one go; what has a
 * fault is not among the rows.
 */
export function parseYamlList<const Fields extends Record<string, ListField>>(
  text: string,
  fields: Fields,
): ParsedList<Fields> {
  const counter = new LineCounter();
  // Failsafe: every value is the text as it stands. A hash of digits is no number, a name `yes` no flag.
  const document = parseDocument(text, { lineCounter: counter, schema: 'failsafe' });
  const faults: ListFault[] = [];
  const at = (node: { range?: readonly number[] | null | undefined } | null | undefined, otherwise = 1): number =>
    node?.range?.[0] === undefined ? otherwise : counter.linePos(node.range[0]).line;
  for (const error of document.errors) {
    faults.push({ line: counter.linePos(error.pos[0]).line, problem: `is not YAML: ${firstLine(error.message)}` });
  }
  if (faults.length > 0) return { rows: [], faults };
  const list: unknown = document.contents;
  if (!isSeq(list))
    return { rows: [], faults: [{ line: 1, problem: 'is not a list of entries, each beginning with "- "' }] };

  const rows: ListRow<Fields>[] = [];
  for (const entry of list.items) {
    const line = at(entry as Node, at(list));
    if (!isMap(entry)) {
      faults.push({ line, problem: `is not an entry with ${Object.keys(fields).join(', ')}` });
      continue;
    }
    const before = faults.length;
    const row: Record<string, unknown> = { line };
    for (const { key, value } of entry.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const place = at(key as Node, line);
      if (field === undefined) {
        // Not the name itself unless it looks like one: a secret may stand in the wrong place.
        const shown = /^\w{1,24}$/.test(name) ? `"${name}"` : 'something';
        faults.push({ line: place, problem: `has ${shown}, which is none of ${Object.keys(fields).join(', ')}` });
      } else row[name] = readValue(name, field, value, place, faults);
    }
    for (const [name, field] of Object.entries(fields)) {
      if (name in row) continue;
      if ('fallback' in field) row[name] = field.fallback;
      else faults.push({ line, problem: `has no ${name} (${field.type.expected})` });
    }
    if (faults.length === before) rows.push(row as ListRow<Fields>);
  }
  return { rows, faults };
}

function readValue(name: string, field: ListField, value: unknown, line: number, faults: ListFault[]): unknown {
  const one = (node: unknown): unknown => {
    if (!isScalar(node)) {
      faults.push({
        line,
        problem: `${name} is not ${field.many ? 'a list of texts' : 'a text'} (${field.type.expected})`,
      });
      return undefined;
    }
    const text = String(node.value ?? '');
    if (text === '') {
      faults.push({ line, problem: `${name} is empty (${field.type.expected})` });
      return undefined;
    }
    const parsed = parseText(field.type, text);
    if ('value' in parsed) return parsed.value;
    faults.push({ line, problem: `${name} ${parsed.problem} (expected: ${field.type.expected})` });
    return undefined;
  };
  if (!field.many) return one(value);
  if (isSeq(value)) return value.items.map(one);
  return [one(value)];
}

const firstLine = (text: string): string => text.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';

/** Two entries with the same name: the second one is at fault. */
export function duplicates(
  rows: readonly { readonly line: number }[],
  nameOf: (index: number) => string,
  what: string,
): ListFault[] {
  const seen = new Map<string, number>();
  return rows.flatMap(({ line }, index) => {
    const name = nameOf(index);
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, line);
      return [];
    }
    return [{ line, problem: `${what} ${JSON.stringify(name)} is there already, in line ${first}` }];
  });
}
