import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DotEnv } from './dotenv.ts';
import { type Field, namesOf } from './field.ts';
import { describeFileError, mendFileError } from './file-error.ts';
import type { Problem } from './problem.ts';

/** Where a value came from. */
export type Source = 'default' | 'environment' | '.env' | 'file';

export interface Found {
  /** The name that was set: the variable, an alias, or the `_FILE` twin of either. */
  readonly name: string;
  readonly source: Exclude<Source, 'default'>;
  readonly text: string;
  /** Absolute path, when the value came from a file. */
  readonly file: string | null;
}

export type Sought = { found: Found | null } | { problem: Problem };

const MAX_SECRET_BYTES = 64 * 1024;

/** The real environment and `.env` beneath it. An empty string is unset: compose files write `${NAME:-}`. */
export class Sources {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #dotenv: DotEnv;
  readonly #cwd: string;

  constructor(env: Readonly<Record<string, string | undefined>>, dotenv: DotEnv, cwd: string) {
    this.#env = env;
    this.#dotenv = dotenv;
    this.#cwd = cwd;
  }

  /** Every name that is set to something. */
  names(): string[] {
    return [...new Set([...Object.keys(this.#env), ...Object.keys(this.#dotenv.values)])].filter(
      (name) => this.get(name) !== undefined,
    );
  }

  get(name: string): { text: string; source: 'environment' | '.env' } | undefined {
    const real = this.#env[name];
    if (real) return { text: real, source: 'environment' };
    const text = this.#dotenv.values[name];
    return text ? { text, source: '.env' } : undefined;
  }

  /** Under which of its names a field is set. */
  namesSet(field: Pick<Field, 'variable' | 'aliases' | 'secret'>): string[] {
    const set = namesOf(field).filter((name) => {
      const text = this.get(name)?.text ?? '';
      return (field.secret ? text : text.trim()) !== '';
    });
    // The real environment wins as a whole: a NAME_FILE there is not in conflict with a NAME in `.env`.
    const real = set.filter((name) => this.get(name)?.source === 'environment');
    return real.length > 0 ? real : set;
  }

  /** The text of a field, wherever it is; or why there is not exactly one. */
  seek(field: Pick<Field, 'variable' | 'aliases' | 'secret' | 'type' | 'example'>): Sought {
    const candidates = this.namesSet(field).flatMap((name) => {
      const hit = this.get(name);
      return hit ? [{ name, ...hit }] : [];
    });
    const [first] = candidates;
    if (!first) return { found: null };

    const found: Found[] = [];
    for (const { name, text, source } of candidates) {
      if (field.secret && name.endsWith('_FILE')) {
        const twin = name.slice(0, -'_FILE'.length);
        if (candidates.some((other) => other.name === twin)) {
          return this.#problem(field, name, `and ${twin} are both set`, 'only one of the two', `${name}=${text}`);
        }
        const read = this.#readSecret(field, name, text);
        if ('problem' in read) return read;
        found.push(read.found);
      } else {
        found.push({ name, source, text: field.secret ? text : text.trim(), file: null });
      }
    }
    const other = found.find(({ text }) => text !== found[0]?.text);
    if (other) {
      return this.#problem(
        field,
        first.name,
        `and ${other.name} are both set, with different values`,
        'only one of the two',
      );
    }
    return { found: found[0] ?? null };
  }

  #readSecret(field: Pick<Field, 'example'>, name: string, path: string): { found: Found } | { problem: Problem } {
    const file = resolve(this.#cwd, path.trim());
    const example = `${name}=/run/secrets/${name.replace(/_FILE$/, '').toLowerCase()}`;
    const readable = `a file with the secret in it that uid ${process.getuid?.() ?? 'of this process'} can read`;
    let text: string;
    try {
      text = readBounded(file, MAX_SECRET_BYTES);
    } catch (error) {
      const mend = mendFileError(error, file, example);
      return this.#problem(field, name, `cannot be read: ${describeFileError(error, file)}`, readable, mend);
    }
    const secret = text.replace(/\r?\n$/, '');
    if (secret === '') return this.#problem(field, name, `names an empty file: ${file}`, readable, example);
    return { found: { name, source: 'file', text: secret, file } };
  }

  #problem(
    field: Pick<Field, 'example'>,
    variable: string,
    problem: string,
    expected: string,
    example?: string,
  ): { problem: Problem } {
    return { problem: { variable, problem, expected, example: example ?? `${variable}=${field.example}` } };
  }
}

/** Bounded, and only of regular files: /dev/zero never ends, and a pipe without a writer would hold up the start. */
export function readBounded(file: string, maxBytes: number): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (!stat.isFile()) throw new Error('it is not a regular file');
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(descriptor, buffer, length, buffer.length - length, null);
    }
    if (length > maxBytes) throw new Error(`it is larger than ${maxBytes / 1024} KiB`);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer.subarray(0, length));
  } catch (error) {
    throw error instanceof TypeError ? new Error('it is not UTF-8 text') : error;
  } finally {
    closeSync(descriptor);
  }
}
