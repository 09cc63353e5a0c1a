import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { RedstartError } from '../errors.ts';

/** SQLite's own code: somebody else has it. */
const BUSY = 5;

export interface DataLock {
  release(): void;
}

interface Holder {
  pid: number;
  host: string;
  since: string;
}

/**
 * The right to write in a data folder, held by one process at a time. It is a lock of SQLite on a file of its own, so of
 * the operating system: it ends with the process, however that ends, and a file left behind means nothing. While it is
 * held (SQLite's "reserved" state) others can still read who holds it.
 */
export function lockDataFolder(path: string): DataLock {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF; BEGIN IMMEDIATE');
    database.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER, host TEXT, since TEXT); DELETE FROM holder');
    database
      .prepare('INSERT INTO holder (pid, host, since) VALUES (?, ?, ?)')
      .run(process.pid, hostname(), new Date().toISOString());
    // Written, so that others can read it; then taken again for as long as the process lives.
    database.exec('COMMIT; BEGIN IMMEDIATE');
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    const failure = refusal(path, error, database ? readHolder(database) : null);
    database?.close();
    throw failure;
  }
}

/** Null: the program runs. */
export function lockWhenIdle(path: string): DataLock | null {
  try {
    return lockDataFolder(path);
  } catch (error) {
    if (error instanceof RedstartError && error.code === 'DATA_FOLDER_IN_USE') return null;
    throw error;
  }
}

function refusal(path: string, error: unknown, holder: Holder | null): RedstartError {
  const { errcode = 0, message } = error as { errcode?: number; message: string };
  if ((errcode & 0xff) === BUSY) {
    const who = holder
      ? ` by process ${holder.pid} on ${holder.host} since ${holder.since}${containerHint(holder)}`
      : '';
    return new RedstartError({
      code: 'DATA_FOLDER_IN_USE',
      message: `The data folder is in use${who} (lock file ${path}).`,
      mend: 'Stop that one first, or give this one a data folder of its own with REDSTART_DATA_DIR. Two on one folder would run every flow twice.',
      cause: error,
    });
  }
  return new RedstartError({
    code: 'DATA_FOLDER_LOCK_FAILED',
    message: `The data folder cannot be locked (${path}: ${message}).`,
    mend: 'If the file is damaged, remove it: it holds nothing. If the folder is on a file system without locks, put it on a local disk or a volume that has them.',
    cause: error,
  });
}

/** Docker's host names are ids of containers, which say nothing to a person who looks for a machine. */
function containerHint({ pid, host }: Holder): string {
  return pid === 1 && /^[0-9a-f]{12}$/.test(host) ? ` (a container: docker ps --filter id=${host})` : '';
}

function readHolder(database: DatabaseSync): Holder | null {
  try {
    return (database.prepare('SELECT pid, host, since FROM holder').get() as Holder | undefined) ?? null;
  } catch {
    return null;
  }
}
