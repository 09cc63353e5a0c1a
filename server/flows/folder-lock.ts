import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isObject } from './flow-node.ts';

export const LOCK_FILE = '.redstart.lock';

/** No write takes this long: a lock of another machine that is older was left behind. */
const ABANDONED_MS = 60_000;

/** In a container every process has the same number as the one before it. */
const LIFE = randomUUID();

/** Somebody else writes. */
export class FolderLocked extends Error {
  readonly path: string;
  constructor(path: string, holder: string) {
    super(`${path} is held by ${holder}`);
    this.path = path;
  }
}

/**
 * Does `work` while no other process does its own in the same folder. For the moment of a write only, so it is a file
 * that is gone again and never seen by version control, unlike the lock of the data folder. One whose process died is
 * taken over.
 */
export async function withFolderLock<T>(dir: string, work: () => Promise<T>, patienceMs = 5000): Promise<T> {
  const path = join(dir, LOCK_FILE);
  const until = Date.now() + patienceMs;
  for (;;) {
    if (await take(path)) break;
    const holder = await abandoned(path);
    if (holder === null) continue;
    if (Date.now() >= until) throw new FolderLocked(path, holder);
    await delay(25);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Removes the lock of a process that died. One that is held stays. */
export async function removeDeadLock(dir: string): Promise<void> {
  await withFolderLock(dir, async () => {}, 0).catch(() => {});
}

async function take(path: string): Promise<boolean> {
  const file = await open(path, 'wx', 0o644).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return null;
    throw error;
  });
  if (!file) return false;
  try {
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname(), life: LIFE }));
  } finally {
    await file.close();
  }
  return true;
}

/** Removes a lock that nobody holds any more, and gives null; else who holds it. */
async function abandoned(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => null,
  );
  if (text === null || age === null) return null;
  const { pid, host, life } = parse(text);
  const here = host === hostname();
  const dead = pid === process.pid ? life !== LIFE : pid !== null && !lives(pid);
  if (age > ABANDONED_MS || (here && dead)) {
    // Renamed first: of two that find it abandoned only one gets it, and neither removes the lock of a third.
    const aside = `${path}.${process.pid}.old`;
    if (await rename(path, aside).then(isTrue, () => false)) await rm(aside, { force: true });
    return null;
  }
  return pid === null ? 'another process' : `process ${pid}${here ? '' : ` on ${host}`}`;
}

function isTrue(): boolean {
  return true;
}

function parse(text: string): { pid: number | null; host: string | null; life: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && typeof value.pid === 'number' && typeof value.host === 'string')
      return { pid: value.pid, host: value.host, life: value.life };
  } catch {
    // Just made and not written yet, or cut by a full disk: its age tells.
  }
  return { pid: null, host: null, life: null };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
