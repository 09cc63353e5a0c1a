import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { enableCompileCache, findPackageJSON, getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';
import { earlyDataDir } from '../config/early-data-dir.ts';

/**
 * Compiled code of Node-RED's thousand files is kept: a third off the start. It is kept in the data folder, where only this
 * user can write, unless NODE_COMPILE_CACHE names a place that works. What the image brings is used from there too.
 */
export function keepCompiledCode(dataDir: string): void {
  if (getCompileCacheDir() !== undefined) return;
  linkShipped(dataDir);
  enableCompileCache(ownCache(dataDir));
}

/**
 * The same, for what is loaded before the configuration is read: where an earlier start has left compiled code that
 * nobody else could have put there.
 */
export function useCompiledCode(dataDir: string = earlyDataDir()): void {
  if (getCompileCacheDir() !== undefined) return;
  try {
    const folder = lstatSync(ownCache(dataDir));
    if (folder.isDirectory() && folder.uid === process.getuid?.() && (folder.mode & 0o022) === 0)
      enableCompileCache(ownCache(dataDir));
  } catch {
    // There is none, or the data folder cannot be used: what is wrong with it is told when it is needed.
  }
}

/**
 * Node.js names its folder after version, processor and user id, and so a process under another user id than the one of
 * the build (OpenShift gives any) would not find what the image brings: a link under its own name does.
 */
export function linkShipped(dataDir: string, shipped: string | null = shippedCache()): void {
  const uid = process.getuid?.();
  if (uid === undefined || shipped === null) return;
  const own = ownCache(dataDir);
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(shipped)) {
      const place = join(own, name.replace(/-\d+$/, `-${uid}`));
      // A link of a version that is no longer there.
      if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() && !existsSync(place)) rmSync(place);
      if (!existsSync(place)) symlinkSync(join(shipped, name), place);
    }
  } catch {
    // It is only slower without.
  }
}

const ownCache = (dataDir: string): string => join(dataDir, 'cache', 'compiled');

/** The folder `compiled` beside the program; null where it was not built into an image. */
function shippedCache(): string | null {
  const file = findPackageJSON('..', import.meta.url);
  const folder = file && join(dirname(file), 'compiled');
  return folder && existsSync(folder) ? folder : null;
}
