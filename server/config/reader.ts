import { resolve } from 'node:path';
import type { Field } from './field.ts';
import type { Problem } from './problem.ts';
import type { Found, Source, Sources } from './sources.ts';
import { parseText } from './text-types.ts';

/** One line of `redstart config`. Holds no secret. */
export interface Setting {
  readonly variable: string;
  readonly value: string;
  readonly source: Source;
  /** Where exactly: the alias or `_FILE` variable and the file, when not simply the variable. */
  readonly from: string | null;
  readonly secret: boolean;
  /** false: it is set, and a problem says what is wrong with it. */
  readonly valid: boolean;
}

/** Reads fields one by one and goes on after a problem, so that all of them are found in one go. */
export class Reader {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];
  /** Files that a secret was read from. */
  readonly secretFiles: string[] = [];
  readonly #settings = new Map<string, Omit<Setting, 'valid'>>();
  readonly #faulty = new Set<string>();
  readonly #sources: Sources;
  readonly #cwd: string;

  constructor(sources: Sources, cwd: string) {
    this.#sources = sources;
    this.#cwd = cwd;
  }

  /** Set to something, be it right or wrong: what other rules go by, so that one mistake is reported once. */
  has(field: Pick<Field, 'variable' | 'aliases' | 'secret'>): boolean {
    return this.#sources.namesSet(field).length > 0;
  }

  /** Whether no problem has been found with it. */
  accepted(field: Pick<Field, 'variable'>): boolean {
    return !this.#faulty.has(field.variable);
  }

  /** The name under which a field is set, for messages; its own name when it is not. */
  nameOf(field: Pick<Field, 'variable' | 'aliases' | 'secret'>): string {
    return this.#sources.namesSet(field)[0] ?? field.variable;
  }

  settings(): Setting[] {
    return [...this.#settings.values()].map((setting) => ({
      ...setting,
      valid: setting.source === 'default' || !this.#faulty.has(setting.variable),
    }));
  }

  /** The value, or the field's fallback when it is unset or wrong. */
  get<Value>(field: Field<Value>, computed?: { value: Value; text: string }): Value {
    return this.find(field, computed).value;
  }

  find<Value>(field: Field<Value>, computed?: { value: Value; text: string }): { value: Value; found: Found | null } {
    const fallback = computed ? computed.value : field.fallback;
    const show = field.type.show ?? textOf;
    if (field.later) {
      if (this.has(field)) {
        this.problem(field, 'is not available yet', 'unset', `unset ${this.nameOf(field)}`, this.nameOf(field));
        this.#note(field, { value: 'set', source: 'environment', from: null });
      }
      return { value: fallback, found: null };
    }
    const sought = this.#sources.seek(field);
    if ('problem' in sought) {
      this.problems.push(sought.problem);
      this.#faulty.add(field.variable);
      this.#note(field, { value: 'not accepted', source: 'environment', from: null });
      return { value: fallback, found: null };
    }
    const { found } = sought;
    if (!found) {
      const text = computed?.text ?? show(field.fallback);
      this.#note(field, { value: field.secret ? 'unset' : text, source: 'default', from: null });
      return { value: fallback, found };
    }
    if (field.secret && found.file) this.secretFiles.push(this.absolute(found.file));
    const parsed = parseText(field.type, found.text);
    const valid = 'value' in parsed;
    const from = found.file ? `${found.name} → ${found.file}` : found.name === field.variable ? null : found.name;
    const shown = field.secret ? 'set' : valid ? withoutPassword(show(parsed.value)) : 'not accepted';
    this.#note(field, { value: shown, source: found.source, from });
    if (valid) return { value: parsed.value, found };
    const where = found.source === '.env' ? ' (in .env)' : found.file ? ` (in ${found.file})` : '';
    this.problem(field, `${parsed.problem}${where}`, field.type.expected, undefined, found.name);
    return { value: fallback, found: null };
  }

  problem(
    field: Pick<Field, 'variable' | 'example'>,
    problem: string,
    expected: string,
    example?: string,
    variable = field.variable,
  ): void {
    const value = variable.endsWith('_FILE') && variable !== field.variable ? '/run/secrets/…' : field.example;
    this.#faulty.add(field.variable);
    this.problems.push({ variable, problem, expected, example: example ?? `${variable}=${value}` });
  }

  warn(text: string): void {
    this.warnings.push(text);
  }

  absolute(path: string): string {
    return resolve(this.#cwd, path);
  }

  #note(field: Field, setting: Pick<Setting, 'value' | 'source' | 'from'>): void {
    this.#settings.set(field.variable, { variable: field.variable, secret: field.secret, ...setting });
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** A proxy's address may hold the password for it. */
function withoutPassword(text: string): string {
  return text.replace(/(\/\/|^)[^/@\s]*:[^/@\s]*@/, '$1…@');
}
