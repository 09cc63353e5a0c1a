import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { hashOf, MAX_LINE_BYTES, NO_HASH, parseLine } from './audit-line.ts';

export const AUDIT_FILE = 'audit.jsonl';
/** Named after the number of their last line, so that they sort as they follow each other, before the current one. */
const ROTATED = /^audit-\d{12,}\.jsonl$/;

/** At the end of what is kept. */
export interface Tail {
  /** Number of the last line, and its hash. */
  seq: number;
  hash: string;
  /** A last line that has no end, as a crash leaves it: its length and hash. */
  fragment: { bytes: number; hash: string } | null;
}

/** Where lines go. Throws what the file system throws. */
export interface LineSink {
  /** Opens it, again after an error. Null: nothing is kept yet. */
  open(): Tail | null;
  /** @returns files that were removed to make room, by the rotation before this line */
  append(line: string, seq: number): readonly string[];
  close(): void;
}

export interface AuditFileOptions {
  dir: string;
  maxBytes: number;
  /** Rotated files that are kept, besides the current one. */
  keep: number;
}

/**
 * From one event to the next fsync. A line is handed to the system before `append` returns, so what the process does
 * next, dying included, takes nothing away. What a power cut may take is this much: an fsync takes milliseconds, on a
 * network disk tens of them, and doing it for each launch would stop all flows as long.
 */
const SYNC_AFTER_MS = 200;

/** Node's permission model refuses fsync. There the file is opened so that each write waits for the disk instead. */
const EACH_WRITE_SYNCED = 'permission' in process && process.permission !== undefined;

const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT;

/** The audit trail's file, rotated by size. One process writes it: the data folder is locked. */
export class AuditFile implements LineSink {
  readonly #options: AuditFileOptions;
  readonly #path: string;
  #fd: number | null = null;
  #inode = 0;
  #size = 0;
  /** Number of the last line in the current file. */
  #last = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AuditFileOptions) {
    this.#options = options;
    this.#path = join(options.dir, AUDIT_FILE);
  }

  open(): Tail | null {
    this.close();
    mkdirSync(this.#options.dir, { recursive: true, mode: 0o700 });
    const fd = openSync(this.#path, FLAGS | (EACH_WRITE_SYNCED ? constants.O_DSYNC : 0), 0o600);
    this.#fd = fd;
    const { ino, size } = fstatSync(fd);
    this.#inode = ino;
    this.#size = size;
    const here = size > 0 ? tailOf(fd, size) : null;
    const before = here === null || here.seq === 0 ? this.#tailBefore() : null;
    // The fragment is evidence and stays; ended, it is a line of its own, which the next line accounts for.
    if (here?.unended) this.#write('\n');
    // A file that holds nothing but a fragment goes on from the one before it.
    const tail = before && here?.hash === NO_HASH ? { ...before, fragment: here.fragment } : (here ?? before);
    this.#last = tail?.seq ?? 0;
    return tail && { seq: tail.seq, hash: tail.hash, fragment: tail.fragment };
  }

  append(line: string, seq: number): readonly string[] {
    if (this.#fd === null || this.#moved()) this.open();
    const text = `${line}\n`;
    const removed =
      this.#size > 0 && this.#size + Buffer.byteLength(text) > this.#options.maxBytes ? this.#rotate() : [];
    this.#write(text);
    this.#last = seq;
    this.#syncSoon();
    return removed;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#fd === null) return;
    const fd = this.#fd;
    this.#fd = null;
    try {
      if (!EACH_WRITE_SYNCED) fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** Somebody renamed or removed it: what is written to the old one would be lost to whoever looks here. */
  #moved(): boolean {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    return there === undefined || there.ino !== this.#inode;
  }

  #write(text: string): void {
    const fd = this.#fd as number;
    const bytes = Buffer.from(text);
    try {
      let done = 0;
      // A disk that fills up takes a part, and refuses the rest.
      while (done < bytes.length) done += writeSync(fd, bytes, done);
      this.#size += bytes.length;
    } catch (error) {
      this.#undo(fd);
      throw error;
    }
  }

  /** Takes back what was written of a line. Where even that fails, opening it again finds the fragment. */
  #undo(fd: number): void {
    this.#fd = null;
    try {
      ftruncateSync(fd, this.#size);
    } catch {
      // As said.
    }
    try {
      closeSync(fd);
    } catch {
      // The system has it closed in any case.
    }
  }

  #rotate(): string[] {
    const { dir, keep } = this.#options;
    this.close();
    renameSync(this.#path, join(dir, `audit-${String(this.#last).padStart(12, '0')}.jsonl`));
    const removed = rotatedFiles(dir).slice(0, -keep || undefined);
    for (const name of removed) rmSync(join(dir, name), { force: true });
    this.open();
    return removed;
  }

  /** The current file is empty after a rotation: the chain goes on from the one before. */
  #tailBefore(): Tail | null {
    const name = rotatedFiles(this.#options.dir).at(-1);
    if (name === undefined) return null;
    const fd = openSync(join(this.#options.dir, name), 'r');
    try {
      const { size } = fstatSync(fd);
      const tail = size > 0 ? tailOf(fd, size) : null;
      return tail && { ...tail, fragment: null };
    } finally {
      closeSync(fd);
    }
  }

  #syncSoon(): void {
    if (EACH_WRITE_SYNCED || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#fd !== null) fdatasync(this.#fd, () => {});
    }, SYNC_AFTER_MS);
    this.#timer.unref();
  }
}

/** Of one folder, oldest first. */
export function auditFiles(dir: string): string[] {
  const current = statSync(join(dir, AUDIT_FILE), { throwIfNoEntry: false }) ? [AUDIT_FILE] : [];
  return [...rotatedFiles(dir), ...current].map((name) => join(dir, name));
}

function rotatedFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => ROTATED.test(name))
    .sort();
}

function tailOf(fd: number, size: number): Tail & { unended: boolean } {
  // Two whole lines at least: the last one, and one before it that has a number in case the last was tampered with.
  const length = Math.min(size, 2 * MAX_LINE_BYTES + 4096);
  const buffer = Buffer.alloc(length);
  readSync(fd, buffer, 0, length, size - length);
  const lines = splitLines(buffer);
  // What follows the last line end: nothing, when all is well. Not text yet, as a character may be cut in two.
  const rest = lines.pop() ?? Buffer.alloc(0);
  let fragment: Tail['fragment'] = null;
  // Of a line that can be read only its end is missing.
  if (parseLine(rest.toString())) lines.push(rest);
  else if (rest.length > 0) fragment = { bytes: rest.length, hash: hashOf(rest) };
  const last = lines.at(-1);
  return {
    seq: lines.reduce((highest, line) => Math.max(highest, parseLine(line.toString())?.seq ?? 0), 0),
    hash: last ? hashOf(last) : NO_HASH,
    fragment,
    unended: rest.length > 0,
  };
}

/** By line ends; the last piece is what follows the last of them. */
export function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  lines.push(bytes.subarray(from));
  return lines;
}
