import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { RedstartError } from '../errors.ts';
import { SCHEMA_VERSION } from './migrations.ts';

/** What of a data folder a backup holds; names within the folder. */
export interface BackupParts {
  /** The store: copied as one moment of it. */
  state: string;
  /** Files and folders that go along. */
  others: readonly string[];
}

export interface BackupSummary {
  /** When it was made, ISO. */
  at: string;
  version: string;
  /** Entries of context. */
  entries: number;
  files: string[];
}

const FORMAT = 1;

/**
 * Copies the data folder into one file while the program may be running: a SQLite database, which is the store as of
 * one moment, with the other files in a table beside it.
 */
export async function createBackup(o: {
  dataDir: string;
  parts: BackupParts;
  file: string;
  version: string;
}): Promise<BackupSummary> {
  const { dataDir, parts, file, version } = o;
  if (await stat(file).catch(() => null))
    throw failed(`${file} exists already`, 'Give a name that is not taken: a backup never replaces one.');
  const state = join(dataDir, parts.state);
  if (!(await stat(state).catch(() => null)))
    throw failed(`there is no store in ${dataDir}`, 'Set REDSTART_DATA_DIR to the data folder that is meant.');
  const partial = `${file}.partial`;
  try {
    await rm(partial, { force: true });
    // For this user alone: messages of flows and encrypted credentials are in it.
    await writeFile(partial, '', { mode: 0o600 });
    const source = new DatabaseSync(state, { timeout: 5000 });
    try {
      // All pages in one step: in several, each write of the running program would begin it anew.
      await backup(source, partial, { rate: 2 ** 30 });
    } finally {
      source.close();
    }
    const at = new Date().toISOString();
    const files = await filesOf(dataDir, parts.others);
    const entries = await complete(partial, { at, version, dataDir, files });
    await rename(partial, file);
    return { at, version, entries, files };
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {});
    if (error instanceof RedstartError) throw error;
    throw failed((error as Error).message, 'Make room or choose another place, and run it again.', error);
  }
}

async function complete(
  path: string,
  o: { at: string; version: string; dataDir: string; files: readonly string[] },
): Promise<number> {
  const database = new DatabaseSync(path);
  try {
    // One file, without a journal beside it.
    database.exec('PRAGMA journal_mode = DELETE');
    database.exec(`CREATE TABLE backup_info (format INTEGER NOT NULL, at TEXT NOT NULL, version TEXT NOT NULL) STRICT;
      CREATE TABLE backup_files (name TEXT PRIMARY KEY, mode INTEGER NOT NULL, content BLOB NOT NULL) STRICT;`);
    const insert = database.prepare('INSERT INTO backup_files (name, mode, content) VALUES (?, ?, ?)');
    for (const name of o.files) {
      const from = join(o.dataDir, name);
      insert.run(name, (await stat(from)).mode & 0o777, await readFile(from));
    }
    database.prepare('INSERT INTO backup_info (format, at, version) VALUES (?, ?, ?)').run(FORMAT, o.at, o.version);
    const { count } = database.prepare('SELECT count(*) AS count FROM context').get() as { count: number };
    return count;
  } finally {
    database.close();
  }
}

async function filesOf(dataDir: string, others: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of others) {
    const info = await stat(join(dataDir, name)).catch(() => null);
    if (info?.isFile()) files.push(name);
    if (!info?.isDirectory()) continue;
    const entries = await readdir(join(dataDir, name), { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isFile()) files.push(relative(dataDir, join(entry.parentPath, entry.name)));
  }
  return files.sort();
}

/**
 * Puts a backup in the place of what the data folder holds, which is kept aside. To be called with the folder locked. What is
 * interrupted leaves the old or the new of each file, and can be run again.
 * @returns what it held, and where the old is
 */
export async function restoreBackup(o: {
  dataDir: string;
  parts: BackupParts;
  file: string;
}): Promise<BackupSummary & { aside: string | null }> {
  const { dataDir, parts, file } = o;
  const staged = join(dataDir, '.restoring');
  await rm(staged, { recursive: true, force: true });
  await mkdir(staged, { mode: 0o700 });
  try {
    await copyFile(file, join(staged, parts.state)).catch((error: NodeJS.ErrnoException) => {
      throw unusable(file, error.code === 'ENOENT' ? 'there is no such file' : error.message, error);
    });
    await chmod(join(staged, parts.state), 0o600);
    const summary = await unpack(file, staged, parts);
    const aside = await keepAside(dataDir, parts);
    const state = join(dataDir, parts.state);
    for (const suffix of ['-wal', '-shm']) await rm(state + suffix, { force: true });
    for (const name of [...parts.others, parts.state]) {
      const next = join(staged, name);
      const there = await stat(next).catch(() => null);
      if (!there || there.isDirectory()) await rm(join(dataDir, name), { recursive: true, force: true });
      if (there) await rename(next, join(dataDir, name));
    }
    return { ...summary, aside };
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** Checks it, writes its files into the folder and leaves the store of it as the program keeps it. */
async function unpack(file: string, folder: string, parts: BackupParts): Promise<BackupSummary> {
  const database = new DatabaseSync(join(folder, parts.state));
  try {
    const info = read(file, () => database.prepare('SELECT format, at, version FROM backup_info').get()) as {
      format: number;
      at: string;
      version: string;
    };
    const { user_version: schema } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (info.format > FORMAT || schema > SCHEMA_VERSION)
      throw unusable(file, `it was made by a newer version (${info.version})`);
    const { quick_check: verdict } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (verdict !== 'ok') throw unusable(file, `it is damaged: ${verdict}`);
    const rows = database.prepare('SELECT name, mode, content FROM backup_files ORDER BY name').all() as {
      name: string;
      mode: number;
      content: Uint8Array;
    }[];
    for (const { name, mode, content } of rows) {
      const top = name.split('/')[0] ?? '';
      // A file that somebody else gave must not write where it likes.
      if (!parts.others.includes(top) || name.split('/').includes('..'))
        throw unusable(file, `it holds a file that no backup has: ${name}`);
      await mkdir(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, name), content, { mode });
    }
    const { count } = database.prepare('SELECT count(*) AS count FROM context').get() as { count: number };
    database.exec('DROP TABLE backup_files; DROP TABLE backup_info; VACUUM');
    return { at: info.at, version: info.version, entries: count, files: rows.map(({ name }) => name) };
  } finally {
    database.close();
  }
}

async function keepAside(dataDir: string, parts: BackupParts): Promise<string | null> {
  const aside = join(dataDir, `before-restore-${new Date().toISOString().replaceAll(':', '-')}`);
  let kept = false;
  for (const name of [...parts.others, parts.state, `${parts.state}-wal`]) {
    const from = join(dataDir, name);
    const info = await stat(from).catch(() => null);
    if (!info) continue;
    await mkdir(aside, { recursive: true, mode: 0o700 });
    kept = true;
    if (info.isFile()) await copyFile(from, join(aside, name));
    else {
      for (const inner of await filesOf(dataDir, [name])) {
        await mkdir(dirname(join(aside, inner)), { recursive: true, mode: 0o700 });
        await copyFile(join(dataDir, inner), join(aside, inner));
      }
    }
  }
  return kept ? aside : null;
}

function read(file: string, query: () => unknown): unknown {
  try {
    const row = query();
    if (row !== undefined) return row;
  } catch (error) {
    throw unusable(file, `it is no backup of Redstart (${(error as Error).message})`, error);
  }
  throw unusable(file, 'it is no backup of Redstart');
}

const failed = (why: string, mend: string, cause?: unknown): RedstartError =>
  new RedstartError({ code: 'BACKUP_FAILED', message: `No backup was made: ${why}.`, mend, cause });

const unusable = (file: string, why: string, cause?: unknown): RedstartError =>
  new RedstartError({
    code: 'BACKUP_UNUSABLE',
    message: `${file} cannot be restored: ${why}. The data folder is as it was.`,
    mend: 'Give a file that `redstart backup` of this version or an earlier one made.',
    cause,
  });
