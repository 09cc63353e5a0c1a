import { readFile } from 'node:fs/promises';
import { splitLines } from './audit-file.ts';
import { type AuditLine, fromLogLine, hashOf, NO_HASH, parseLine } from './audit-line.ts';

interface Place {
  file: string;
  /** Number of the line in the file, from 1. */
  line: number;
}

export interface Fault extends Place {
  problem: string;
}

export interface Verdict {
  faults: Fault[];
  /** What is no fault, but should be known. */
  notes: string[];
  lines: number;
  first: { seq: number; time: string } | null;
  last: { seq: number; time: string; hash: string } | null;
}

/**
 * Checks the chain over files in the order in which they follow each other. Throws when one cannot be read.
 * @param head hash of a line that was there once: shows an end that was cut off or written anew
 */
export async function verifyFiles(files: readonly string[], head?: string): Promise<Verdict> {
  const check = new ChainCheck(head);
  for (const file of files) check.file(file, await readFile(file));
  return check.verdict();
}

/** Goes along the chain, and after a broken line along what follows it, so that one change is one fault. */
export class ChainCheck {
  readonly #faults: Fault[] = [];
  readonly #notes: string[] = [];
  readonly #head: string | undefined;
  #headSeen = false;
  #lines = 0;
  #first: AuditLine | null = null;
  #last: AuditLine | null = null;
  /** What the next line must carry on from; null before the first. No hash: the line before cannot be told by one. */
  #before: { at: Place; seq: number; hash: string | null } | null = null;

  constructor(head?: string) {
    this.#head = head;
  }

  file(name: string, bytes: Buffer): void {
    const lines = splitLines(bytes);
    const ended = lines.at(-1)?.length === 0;
    if (ended) lines.pop();
    // A log stream has other lines too; a trail's own file has none.
    const log = lines.some((line) => fromLogLine(line.toString()) !== null);
    for (const [index, line] of lines.entries()) {
      const text = log ? fromLogLine(line.toString()) : line;
      if (text === null) continue;
      const next = lines[index + 1];
      const where = { file: name, line: index + 1 };
      if (!log && index === lines.length - 1 && !ended && !parseLine(line.toString()))
        this.#notes.push(`${name}: the last line is cut off, as a crash leaves it`);
      else if (!log && next && isFragment(line, next))
        this.#notes.push(`${name}, line ${index + 1}: cut off by a crash; the line after it says so`);
      else this.#line(where, text, log);
    }
  }

  verdict(): Verdict {
    const first = this.#first && { seq: this.#first.seq, time: this.#first.time };
    const last = this.#last && { seq: this.#last.seq, time: this.#last.time, hash: this.#before?.hash ?? '' };
    const faults = [...this.#faults];
    if (this.#head !== undefined && !this.#headSeen)
      faults.push({
        ...(this.#before?.at ?? { file: '', line: 0 }),
        problem: `no line has the hash ${this.#head}: the end was cut off or written anew, or it is another trail`,
      });
    return { faults, notes: this.#notes, lines: this.#lines, first, last };
  }

  #line(where: Place, text: string | Buffer, log: boolean): void {
    this.#lines++;
    const line = parseLine(text.toString());
    if (!line) {
      this.#faults.push({ ...where, problem: 'it is no line of an audit trail' });
      // One change, one fault: what the line after it carries is the hash of what was here.
      this.#before = { at: where, seq: (this.#before?.seq ?? 0) + 1, hash: null };
      return;
    }
    if (this.#before) this.#follows(where, line, this.#before, log);
    else if (line.seq !== 1)
      this.#notes.push(`it begins with number ${line.seq}: what was before is in files that are not here`);
    else if (line.prev !== NO_HASH)
      this.#faults.push({ ...where, problem: 'it has number 1, and yet carries the hash of a line before it' });
    if (line.event === 'gap')
      this.#notes.push(
        `number ${line.seq}: ${line.lost} event(s) are missing before it (${line.reason}); the log has them`,
      );
    this.#first ??= line;
    this.#last = line;
    const hash = hashOf(text);
    this.#headSeen ||= hash === this.#head;
    this.#before = { at: where, seq: line.seq, hash };
  }

  #follows(where: Place, line: AuditLine, before: { at: Place; seq: number; hash: string | null }, log: boolean): void {
    if (log && line.seq === 1 && line.prev === NO_HASH)
      this.#notes.push(`a new chain begins at ${line.time}: the program was started`);
    else if (line.seq !== before.seq + 1)
      this.#faults.push({
        ...where,
        problem: `it has number ${line.seq} where ${before.seq + 1} follows: lines are missing, added, or in another order`,
      });
    else if (before.hash !== null && line.prev !== before.hash)
      this.#faults.push({
        ...before.at,
        problem: `it is not what it was: number ${line.seq} after it carries another hash of it`,
      });
  }
}

/** A cut-off line, accounted for by the one after it. */
function isFragment(line: Buffer, next: Buffer): boolean {
  const after = parseLine(next.toString());
  return after?.event === 'cut-off' && after.bytes === line.length && after.sha256 === hashOf(line);
}
