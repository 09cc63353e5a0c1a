import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fchmodSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failpoint } from '../state/failpoint.ts';

/** One file to change: its new text, or null to remove it. */
export interface FileChange {
  path: string;
  text: string | Uint8Array | null;
  /** Permissions of a new file; an existing one keeps its own. */
  mode: number;
  /** It is known that there is none yet. */
  fresh?: boolean;
}

interface Staged {
  change: FileChange;
  target: string;
  temporary: string | null;
  before: Buffer | null;
  mode: number;
}

/** At once: a folder of thousands of files would otherwise wait for each of them. */
const AT_ONCE = 32;

/**
 * Changes several files as one: everything is first written beside its target, which is where a full disk shows; only
 * then the renames follow. When one of these fails, those already done are put back. Throws the first failure.
 * @param journal where the renames are written down meanwhile: of a process that dies between two of them, the next one
 * does the rest with `finishWriting`
 * @param options.durable false where what is written can be had again: a power cut may then take it
 */
export async function writeFiles(
  changes: readonly FileChange[],
  journal?: string,
  { durable = true }: { durable?: boolean } = {},
): Promise<void> {
  const staged: Staged[] = [];
  const stage = async (change: FileChange): Promise<void> => {
    const fresh = change.fresh ?? (await lstat(change.path).catch(ignoreMissing)) === null;
    // The target of a link is replaced, not the link.
    const target = fresh ? change.path : await realpath(change.path).catch(() => change.path);
    const before = fresh ? null : await readFile(target).catch(ignoreMissing);
    const mode = before === null ? change.mode : (await stat(target)).mode & 0o7777;
    const entry: Staged = { change, target, temporary: null, before, mode };
    staged.push(entry);
    if (change.text === null) return;
    entry.temporary = temporaryFor(target);
    await writeWhole(entry.temporary, change.text, mode, durable);
  };
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    const outcomes = await Promise.allSettled(changes.slice(at, at + AT_ONCE).map(stage));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (!failed) continue;
    await discard(staged);
    throw failed.reason;
  }

  if (journal !== undefined && staged.length > 1) {
    const renames = staged.map(({ temporary, target, before, change }): Rename => {
      return { temporary, target, before: hashOf(before), after: hashOf(change.text) };
    });
    try {
      await mkdir(dirname(journal), { recursive: true, mode: 0o700 });
      await replaceFile(journal, JSON.stringify(renames), 0o600);
      await syncFolder(dirname(journal));
    } catch (error) {
      await discard(staged);
      throw error;
    }
  }
  failpoint('flows.staged');
  const done: typeof staged = [];
  const replace = async (entry: Staged): Promise<void> => {
    if (entry.temporary === null) await rm(entry.target, { force: true });
    else if (durable) await rename(entry.temporary, entry.target);
    else renameSync(entry.temporary, entry.target);
    done.push(entry);
    failpoint('flows.renamed');
  };
  try {
    // One after the other where the next start goes on with them.
    const step = journal === undefined ? AT_ONCE : 1;
    for (let at = 0; at < staged.length; at += step) {
      const outcomes = await Promise.allSettled(staged.slice(at, at + step).map(replace));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
    }
  } catch (error) {
    // First: what is being put back must not be done again.
    if (journal !== undefined) await rm(journal, { force: true }).catch(() => {});
    for (const { target, before, mode } of done.reverse()) {
      if (before === null) await rm(target, { force: true }).catch(() => {});
      else await replaceFile(target, before, mode).catch(() => {});
    }
    await discard(staged);
    throw error;
  }
  for (const folder of new Set(staged.map(({ target }) => dirname(target)))) await syncFolder(folder);
  if (journal !== undefined) await rm(journal, { force: true }).catch(() => {});
}

interface Rename {
  /** Null: the target is removed. */
  temporary: string | null;
  target: string;
  /** Hash of what is in the target, and of what is to be; null: nothing. */
  before: string | null;
  after: string | null;
}

function hashOf(content: string | Uint8Array | null): string | null {
  return content === null ? null : createHash('sha256').update(content).digest('hex');
}

/**
 * Does the rest of what a process that died was writing. Not when somebody has changed one of the files since, as with
 * `git checkout`: what is there is then what they want. To be called while nobody writes there.
 */
export async function finishWriting(journal: string): Promise<void> {
  const text = await readFile(journal, 'utf8').catch(ignoreMissing);
  if (text === null) return;
  const renames = JSON.parse(text) as Rename[];
  if (!(await isAsLeft(renames))) {
    await discard(renames);
    await rm(journal, { force: true });
    return;
  }
  for (const { temporary, target } of renames) {
    if (temporary === null) await rm(target, { force: true });
    else await rename(temporary, target).catch(ignoreMissing);
  }
  for (const folder of new Set(renames.map(({ target }) => dirname(target)))) await syncFolder(folder);
  await rm(journal, { force: true });
}

/** Renames are done one after the other: up to some point all are, and from there on none is. */
async function isAsLeft(renames: readonly Rename[]): Promise<boolean> {
  const now = await Promise.all(renames.map(async ({ target }) => hashOf(await readFile(target).catch(() => null))));
  const todo = renames.findIndex(({ temporary, after }, index) =>
    temporary === null ? now[index] !== after : existsSync(temporary),
  );
  const done = todo === -1 ? renames.length : todo;
  return renames.every(({ temporary, before, after }, index) =>
    index < done ? now[index] === after : now[index] === before && (temporary === null || existsSync(temporary)),
  );
}

/** Removes what a process that died had only begun to write in the folder. */
export async function removeLeftOvers(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (/^\..+\.[0-9a-f]{8}\.tmp$/.test(name)) await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

/** Writes one file so that a crash leaves either the old or the new content. */
export async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    await writeWhole(temporary, content, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

// A leading dot, so that a crash in between leaves nothing that is taken for a flow file.
function temporaryFor(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
}

async function writeWhole(path: string, content: string | Uint8Array, mode: number, durable = true): Promise<void> {
  if (!durable) {
    writeSmall(path, content, mode);
    return;
  }
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    if (durable) await file.sync().catch(ignoreDenied);
  } finally {
    await file.close();
  }
  // The umask (077) took bits away that the file had; some file systems know no modes at all.
  await chmod(path, mode).catch(() => {});
}

/** Nothing waits for the disk here: of thousands of small files, handing each to a thread takes several times as long. */
function writeSmall(path: string, content: string | Uint8Array, mode: number): void {
  const file = openSync(path, 'wx', mode);
  try {
    writeFileSync(file, content);
    try {
      fchmodSync(file, mode);
    } catch {
      // As above.
    }
  } finally {
    closeSync(file);
  }
}

async function syncFolder(path: string): Promise<void> {
  // The rename itself is durable only after this. Not every platform lets a folder be opened.
  const folder = await open(path, 'r').catch(() => null);
  if (!folder) return;
  await folder.sync().catch(() => {});
  await folder.close();
}

async function discard(staged: readonly { temporary: string | null }[]): Promise<void> {
  for (const { temporary } of staged) if (temporary) await rm(temporary, { force: true }).catch(() => {});
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

// Under Node's permission model fsync is refused though writing is allowed.
function ignoreDenied(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ERR_ACCESS_DENIED') throw error;
}
