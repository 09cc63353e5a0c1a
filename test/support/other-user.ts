import { spawnSync } from 'node:child_process';

/**
 * Whether the program can be started as another user: only root can, and only where that user may enter the folders that
 * the project is in. A fresh `mktemp -d` is closed to everybody else.
 */
export function othersCanRun(uid: number): boolean {
  if (process.getuid?.() !== 0) return false;
  const { status } = spawnSync(process.execPath, ['--eval', ''], { uid, gid: uid, cwd: '/' });
  if (status === 0) return true;
  console.warn(`Tests as user ${uid} are skipped: that user cannot run ${process.execPath}`);
  return false;
}
