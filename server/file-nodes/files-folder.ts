import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { notPlain, outside } from './file-refused.ts';
import { partsWithin } from './parts-within.ts';

// A link in the file's place is not followed. A pipe is not waited for: this thread would wait with everything.
const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The one folder whose files flows may use. Names that lead out are refused, and so are links, in the file's place and on
 * the way to it.
 *
 * Between looking at a path and opening it somebody else may swap a folder for a link, and Node.js cannot open a file
 * relative to an open folder. What it can: go into the folder, ask the system where that is, and name the file without
 * a path. All in one go, as the working folder is that of the whole process: no other code of this thread runs meanwhile.
 */
export class FilesFolder {
  readonly path: string;
  #real: string | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** @returns a descriptor of an existing plain file, to be closed by the caller */
  openForReading(name: string): number {
    return this.#inFolderOf(name, 'open', (file) => open(name, file, constants.O_RDONLY));
  }

  /** @returns a descriptor that writes at the end; the file is made when there is none, and emptied to `replace` it */
  openForWriting(name: string, replace: boolean): number {
    return this.#inFolderOf(name, 'open', (file) => {
      const descriptor = open(name, file, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
      // Not by O_TRUNC: what was opened is looked at first.
      if (replace) ftruncateSync(descriptor, 0);
      return descriptor;
    });
  }

  /** Makes the folders that a file is to be in. */
  makeFoldersFor(name: string): void {
    const folders = this.#partsOf(name).slice(0, -1);
    for (const [depth, folder] of folders.entries()) {
      this.#in(folders.slice(0, depth), name, 'mkdir', () => {
        try {
          mkdirSync(folder);
        } catch (error) {
          // What is there may be no folder: going into it tells.
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
      });
    }
  }

  remove(name: string): void {
    this.#inFolderOf(name, 'unlink', (file) => {
      refuseOther(name, lstatSync(file));
      unlinkSync(file);
    });
  }

  #inFolderOf<Result>(name: string, call: string, work: (file: string) => Result): Result {
    const parts = this.#partsOf(name);
    const file = parts.at(-1);
    if (file === undefined) throw notPlain(name, 'is a folder');
    return this.#in(parts.slice(0, -1), name, call, () => work(file));
  }

  #partsOf(name: string): string[] {
    const parts = partsWithin(this.path, name);
    if (parts === null) throw outside(name, this.path);
    return parts;
  }

  /** Links above the folder are the operator's; the folder itself must be one. */
  #realPath(): string {
    this.#real ??= join(realpathSync(dirname(this.path)), basename(this.path));
    return this.#real;
  }

  /** Does `work` with a folder as the working folder. */
  #in<Result>(folders: readonly string[], name: string, call: string, work: () => Result): Result {
    const before = workingFolder();
    try {
      let there = '';
      // Step by step: of what is behind a link, not even whether it exists is told.
      for (const step of [this.#realPath(), ...folders]) {
        there = join(there, step);
        process.chdir(step);
        // The system's answer. It is right whatever happens to the path from here on.
        if (workingFolder() !== there) throw notPlain(name, 'is behind a link');
      }
      return work();
    } catch (error) {
      throw withPath(error as NodeJS.ErrnoException, name, call, this.path);
    } finally {
      goBack(before, dirname(this.#realPath()));
    }
  }
}

function open(name: string, file: string, flags: number): number {
  const there = lstatSync(file, { throwIfNoEntry: false });
  // Opening a device can do something already.
  if (there) refuseOther(name, there);
  const descriptor = openSync(file, flags | SAFELY, 0o666);
  try {
    refuseOther(name, fstatSync(descriptor));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return descriptor;
}

function refuseOther(name: string, info: Stats): void {
  if (info.isFile()) return;
  const kind = info.isSymbolicLink()
    ? 'is a link'
    : info.isDirectory()
      ? 'is a folder'
      : info.isFIFO()
        ? 'is a pipe'
        : info.isSocket()
          ? 'is a socket'
          : 'is a device';
  throw notPlain(name, kind);
}

/** Null when somebody removed it. */
function workingFolder(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

/** The permission model may not let this process into the folder that it was started in: then it works in the other. */
function goBack(before: string | null, otherwise: string): void {
  for (const folder of [before, otherwise]) {
    try {
      if (folder === null) continue;
      process.chdir(folder);
      return;
    } catch {
      // Gone, or closed to this process. Nothing of this program depends on where it works.
    }
  }
}

/** An error of the system as it would be with the path that the flow named, and not with this file's detours. */
function withPath(error: NodeJS.ErrnoException, name: string, call: string, folder: string): Error {
  const { code, errno } = error;
  if (errno === undefined || code === undefined) return error;
  // Swapped in between.
  if (code === 'ELOOP') return notPlain(name, 'is a link');
  const [words = code] = error.message.split(', ');
  const path = join(folder, ...(partsWithin(folder, name) ?? [name]));
  return Object.assign(new Error(`${words}, ${call} '${path}'`), { code, errno, syscall: call, path });
}
