import { isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';

/** Beside the flows: what the names that they use stand for, in each environment. */
export const NAMES_FILE = 'redstart.yaml';

/** Kinds of names: how the file lists them, and how flows refer to one. */
export const NAME_KINDS = {
  pipelines: 'pipeline',
  'data-links': 'data-link',
  'compute-environments': 'compute-environment',
  workspaces: 'workspace',
  connections: 'connection',
} as const;

export type NameKind = (typeof NAME_KINDS)[keyof typeof NAME_KINDS];

/** `pipeline:qc` → what it is. */
export type Names = ReadonlyMap<string, string>;

export interface NamesFile {
  /** By environment. */
  environments: ReadonlyMap<string, Names>;
  /** Line of each environment, from 1. */
  lines: ReadonlyMap<string, number>;
}

/** What is wrong with the file, and where. */
export interface NamesFault {
  line: number;
  message: string;
}

const ENVIRONMENT = /^[A-Za-z][\w-]{0,62}$/;
const NAME = /^[A-Za-z0-9][\w.-]{0,99}$/;

/** Reads it with all its faults at once. A fault leaves out what it is about. */
export function parseNames(text: string): NamesFile & { faults: NamesFault[] } {
  const counter = new LineCounter();
  // Everything is text: a workspace id stays as it is written.
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, schema: 'failsafe' });
  const faults: NamesFault[] = [];
  const environments = new Map<string, Names>();
  const lines = new Map<string, number>();
  const lineOf = (node: unknown): number => {
    const { range } = (node ?? {}) as { range?: [number, number, number] };
    return range ? counter.linePos(range[0]).line : 1;
  };
  for (const error of document.errors)
    faults.push({ line: counter.linePos(error.pos[0]).line, message: error.message.split('\n')[0] ?? 'is no YAML' });
  if (faults.length > 0) return { environments, lines, faults };

  /** The entries of a mapping, each with the name as text. */
  const entries = (node: unknown, what: string): { key: string; line: number; value: unknown }[] => {
    if (node === null || node === undefined || (isScalar(node) && node.value === '')) return [];
    if (!isMap(node)) {
      faults.push({ line: lineOf(node), message: `${what} must be a mapping` });
      return [];
    }
    return node.items.flatMap((pair) =>
      isPair(pair) && isScalar(pair.key)
        ? [{ key: String(pair.key.value), line: lineOf(pair.key), value: pair.value }]
        : [],
    );
  };

  for (const { key, line, value } of entries(document.contents, 'the file')) {
    if (key !== 'environments') {
      faults.push({ line, message: `"${key}" is not known here; the file has "environments" and nothing else` });
      continue;
    }
    for (const environment of entries(value, '"environments"')) {
      if (!ENVIRONMENT.test(environment.key)) {
        faults.push({
          line: environment.line,
          message: `"${environment.key}" is no name that REDSTART_ENVIRONMENT can have`,
        });
        continue;
      }
      const names = new Map<string, string>();
      for (const kind of entries(environment.value, `"${environment.key}"`)) {
        if (!Object.hasOwn(NAME_KINDS, kind.key)) {
          faults.push({ line: kind.line, message: `"${kind.key}" is none of ${Object.keys(NAME_KINDS).join(', ')}` });
          continue;
        }
        const prefix = NAME_KINDS[kind.key as keyof typeof NAME_KINDS];
        for (const name of entries(kind.value, `"${kind.key}"`)) {
          const stands = isScalar(name.value) ? String(name.value.value) : '';
          if (!NAME.test(name.key))
            faults.push({ line: name.line, message: `"${name.key}" has characters in it that a name cannot have` });
          else if (stands === '') faults.push({ line: name.line, message: `"${name.key}" must be a text or a number` });
          else names.set(`${prefix}:${name.key}`, stands);
        }
      }
      environments.set(environment.key, names);
      lines.set(environment.key, environment.line);
    }
  }
  return { environments, lines, faults };
}
