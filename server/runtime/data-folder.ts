import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { USER_DIR } from '../../settings/node-red-settings.ts';
import { RedstartError } from '../errors.ts';

/** Makes the data folder and what Node-RED wants to find in it; throws a RedstartError when it cannot be written. */
export async function prepareDataFolder(dir: string): Promise<void> {
  try {
    await mkdir(join(dir, USER_DIR), { recursive: true, mode: 0o700 });
    await probeWrite(dir);
    // Node-RED looks for installed packages in it, and logs an error when it is not there.
    await writeFile(join(dir, USER_DIR, 'package.json'), USER_PACKAGE, { mode: 0o600 });
  } catch (error) {
    throw await notWritable(dir, error as NodeJS.ErrnoException);
  }
}

const USER_PACKAGE = `${JSON.stringify({ name: 'redstart-data', description: 'Kept by Redstart. Nothing is installed here.', version: '0.0.0', private: true }, null, 2)}\n`;

/** Writes and renames a file, which is what every store in the folder has to do. */
export async function probeWrite(dir: string): Promise<void> {
  const temporary = join(dir, `.probe-${randomBytes(4).toString('hex')}`);
  try {
    // Not empty: a full disk still makes files, it only fills none.
    await writeFile(temporary, 'redstart\n', { mode: 0o600 });
    await rename(temporary, join(dir, '.probe'));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function notWritable(dir: string, error: NodeJS.ErrnoException): Promise<RedstartError> {
  const { path, info } = await nearest(dir);
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  const owner = info
    ? `${path === dir ? 'It' : path} belongs to uid ${info.uid}, gid ${info.gid}, mode ${(info.mode & 0o7777).toString(8).padStart(4, '0')}`
    : 'Its owner cannot be read';
  return new RedstartError({
    code: 'DATA_FOLDER_NOT_WRITABLE',
    message: `The data folder ${dir} cannot be written (${error.code ?? error.message}). ${owner}; this process runs as uid ${uid}, gid ${gid}.`,
    mend: mendFor(error.code, dir, uid, gid),
    cause: error,
  });
}

function mendFor(code: string | undefined, dir: string, uid: number, gid: number): string {
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'The disk is full: make room on it, or give the volume more.';
  if (code === 'EROFS') return 'It is mounted read-only: mount a writable volume there.';
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'A file is in its place: set REDSTART_DATA_DIR to a folder.';
  return `On the machine that has the folder: sudo chown -R ${uid}:${gid} ${dir} (for a container: the folder or volume that is mounted there). Or set REDSTART_DATA_DIR to a folder of your own.`;
}

/** The folder itself, or the closest one above it that exists. */
async function nearest(
  dir: string,
): Promise<{ path: string; info: { uid: number; gid: number; mode: number } | null }> {
  for (let path = dir; ; path = dirname(path)) {
    const info = await stat(path).catch(() => null);
    if (info || path === dirname(path)) return { path, info };
  }
}
