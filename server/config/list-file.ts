import { statSync } from 'node:fs';
import type { Field } from './field.ts';
import { describeFileError, mendFileError } from './file-error.ts';
import type { Reader } from './reader.ts';
import { readBounded } from './sources.ts';
import type { ListFault } from './yaml-list.ts';

const MAX_BYTES = 1024 * 1024;

/** Reads a file of users or tokens; null when it is not set or has a fault, all of which are then reported. */
export function readList<Item>(
  reader: Reader,
  field: Field<string | null>,
  example: string,
  parse: (text: string) => { list: Item[]; faults: ListFault[] },
  page = 'docs/sign-in.md',
): { file: string; list: Item[] } | null {
  const path = reader.get(field);
  if (path === null) return null;
  const file = reader.absolute(path);
  let text: string;
  try {
    text = readBounded(file, MAX_BYTES);
    if ((statSync(file).mode & 0o002) !== 0) {
      reader.problem(
        field,
        `can be changed by every user of this machine: ${file}`,
        'a file that only its owner can write',
        `chmod o-w ${file}`,
      );
    }
  } catch (error) {
    const mend = mendFileError(error, file, `${field.variable}=${field.example}`);
    reader.problem(field, `cannot be read: ${describeFileError(error, file)}`, 'a file that can be read', mend);
    return null;
  }
  const { list, faults } = parse(text);
  for (const { line, problem } of faults)
    reader.problem(field, `(${file}), line ${line}: ${problem}`, `entries such as ${example}`, `see ${page}`);
  return faults.length > 0 ? null : { file, list };
}
