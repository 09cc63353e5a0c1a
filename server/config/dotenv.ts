import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describeFileError } from './file-error.ts';
import type { Problem } from './problem.ts';

export interface DotEnv {
  readonly file: string;
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Others than its owner can read the file. */
  readonly open: boolean;
}

const MAX_BYTES = 1024 * 1024;
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[ \t]*(.*)$/;

/** The `.env` file of a folder; empty when there is none. */
export function readDotEnv(folder: string): DotEnv {
  const file = join(folder, '.env');
  const nothing = { file, values: {}, problems: [], warnings: [], open: false };
  let text: string;
  let mode: number;
  try {
    const stat = statSync(file);
    if (stat.size > MAX_BYTES) throw new Error('it is larger than 1 MiB');
    mode = stat.mode;
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
    const problem = `cannot be read: ${describeFileError(error, file)}`;
    return {
      ...nothing,
      problems: [
        {
          variable: '.env',
          problem,
          expected: 'a readable text file of NAME=value lines, or no such file',
          example: `chmod 600 ${file}`,
        },
      ],
    };
  }
  const { malformed, repeated } = inspectLines(text);
  return {
    file,
    values: parseEnv(text) as Record<string, string>,
    // Not the line itself: it may be half of a secret.
    problems: malformed.map(({ line, words }) => ({
      variable: '.env',
      problem: `line ${line} ${words}`,
      expected: 'NAME=value lines, # comments, empty lines; a value of several lines in quotes',
      example: 'PORT=1880',
    })),
    warnings: repeated.map(({ name, line }) => `.env sets ${name} more than once; line ${line} counts (${file})`),
    open: (mode & 0o044) !== 0,
  };
}

/** parseEnv skips what it does not understand without a word, so the lines are looked at beforehand. */
function inspectLines(text: string): {
  malformed: { line: number; words: string }[];
  repeated: { name: string; line: number }[];
} {
  const malformed: { line: number; words: string }[] = [];
  const seen = new Map<string, number>();
  const repeated = new Map<string, number>();
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value = ''] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined) {
      malformed.push({ line: index + 1, words: 'is not NAME=value' });
      continue;
    }
    if (seen.has(name)) repeated.set(name, index + 1);
    seen.set(name, index + 1);
    const quote = /^["'`]/.exec(value)?.[0];
    if (quote === undefined || value.indexOf(quote, 1) > 0) continue;
    const end = lines.findIndex((later, place) => place > index && later.includes(quote));
    if (end < 0) malformed.push({ line: index + 1, words: `begins a value with ${quote} that no later line ends` });
    else index = end;
  }
  return { malformed, repeated: [...repeated].map(([name, line]) => ({ name, line })) };
}
