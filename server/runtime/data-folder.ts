import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FILES_DIR } from '../../settings/node-policy.ts';
import { USER_DIR } from '../../settings/node-red-settings.ts';
import { RedstartError } from '../errors.ts';

/** Makes the data folder and what Node-RED wants to find in it; throws a RedstartError when it cannot be written. */
export async function prepareDataFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    // Before anything is made in it: of a read-only one, mkdir says ENOENT.
    await probeWrite(dir);
    for (const name of [USER_DIR, FILES_DIR]) await mkdir(join(dir, name), { recursive: true, mode: 0o700 });
    await checkOwnFiles(dir);
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

/** What an earlier start under another user left behind: the folder may be written, a file in it may not. */
async function checkOwnFiles(dir: string): Promise<void> {
  for (const folder of [dir, join(dir, USER_DIR)]) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      // What the file system keeps for itself at the root of a volume.
      if (entry.name === 'lost+found' || !(entry.isFile() || entry.isDirectory())) continue;
      const need = constants.R_OK | constants.W_OK | (entry.isDirectory() ? constants.X_OK : 0);
      // Its error bears the path.
      await access(join(folder, entry.name), need);
    }
  }
}

async function notWritable(dir: string, error: NodeJS.ErrnoException): Promise<RedstartError> {
  // Of what is below the folder, its own path; `.probe…` and its like say less than the folder does.
  const place = error.syscall === 'access' && error.path ? error.path : dir;
  const { path, info } = await nearest(place);
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  const owner = info
    ? `${path === dir ? 'It' : path} belongs to uid ${info.uid}, gid ${info.gid}, mode ${(info.mode & 0o7777).toString(8).padStart(4, '0')}`
    : 'Its owner cannot be read';
  return new RedstartError({
    code: 'DATA_FOLDER_NOT_WRITABLE',
    message: `The data folder ${dir} cannot be written (${error.code ?? error.message}${place === dir ? '' : ` at ${place}`}). ${owner}; this process runs as uid ${uid}, gid ${gid}.`,
    mend: await mendFor(error.code, dir, `${uid}:${gid}`),
    cause: error,
  });
}

async function mendFor(code: string | undefined, dir: string, owner: string): Promise<string> {
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `The disk is full${await room(dir)}: make room on it, or give the volume more.`;
  if (code === 'EROFS')
    return inContainer()
      ? `It is mounted read-only: mount a writable volume there (docker run -v redstart-data:${dir} …).`
      : 'It is mounted read-only: mount a writable volume there.';
  if (code === 'ENOTDIR' || code === 'EEXIST') return 'A file is in its place: set REDSTART_DATA_DIR to a folder.';
  if (!inContainer()) return `sudo chown -R ${owner} ${dir}. Or set REDSTART_DATA_DIR to a folder of your own.`;
  return (
    `Give it to this user. A folder of the machine: sudo chown -R ${owner} FOLDER. ` +
    `A volume: docker run --rm --user 0 --entrypoint chown -v VOLUME:${dir} IMAGE -R ${owner} ${dir}. ` +
    `Kubernetes: securityContext.fsGroup. Or run as the user that owns it: docker run --user UID.`
  );
}

async function room(dir: string): Promise<string> {
  try {
    const { bavail, blocks, bsize, ffree } = await statfs(dir);
    const mib = (count: number): number => Math.round((count * bsize) / 1024 / 1024);
    // Out of inodes looks the same, and has another remedy.
    return ` (${mib(bavail)} of ${mib(blocks)} MiB free, ${ffree} files can still be made)`;
  } catch {
    return '';
  }
}

/** Only for the choice of words: as process 1, or where Docker or Podman say so. */
function inContainer(): boolean {
  return process.pid === 1 || existsSync('/.dockerenv') || existsSync('/run/.containerenv');
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
