import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withFolderLock } from '../flows/folder-lock.ts';
import { writeFiles } from '../flows/write-files.ts';
import type { GitClient, TreeFile } from './git-client.ts';
import { GitError } from './git-error.ts';

/** Contents by name. */
export type Contents = Map<string, Buffer>;

/** A folder of flows is text. More than this was not meant to be one. */
const MAX_BYTES = 128 * 1024 ** 2;
const MAX_FILES = 20_000;

/** All files of a revision. Throws a GitError for what a revision must not have. */
export async function contentsOf(git: GitClient, commit: string): Promise<Contents> {
  const files = (await git.files(commit)).filter(isWanted);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (files.length > MAX_FILES || bytes > MAX_BYTES) {
    throw new GitError(
      'GIT_FLOWS_INVALID',
      `Revision ${short(commit)} has ${files.length} files of ${Math.ceil(bytes / 1024 ** 2)} MiB.`,
      'Set REDSTART_GIT_PATH to the folder of the flows in it.',
    );
  }
  const linked = files.find(({ mode }) => !/^100/.test(mode));
  if (linked) {
    throw new GitError(
      'GIT_FLOWS_INVALID',
      `Revision ${short(commit)} has ${linked.name} as a ${linked.mode === '160000' ? 'submodule' : 'link'}: what it leads to is not in the repository.`,
      'Put the file itself there.',
    );
  }
  const blobs = await git.read([...new Set(files.map(({ blob }) => blob))]);
  return new Map(files.map(({ name, blob }) => [name, blobs.get(blob) as Buffer]));
}

/** Names that begin with a dot are nobody's flows; `.redstartrc` is a setting of the check. Links elsewhere are left out. */
function isWanted({ name, mode }: TreeFile): boolean {
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '..' || /[\\\0\n]/.test(part))) return false;
  if (parts.some((part) => part.startsWith('.')) && name !== '.redstartrc') return false;
  return /^100/.test(mode) || (parts.length === 1 && name.endsWith('.json'));
}

export function short(commit: string): string {
  return commit.slice(0, 10);
}

/** Puts a revision into a folder that nobody looks at yet. */
export async function writeFresh(dir: string, contents: Contents): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const folder of new Set([...contents.keys()].map(dirname))) await mkdir(join(dir, folder), { recursive: true });
  for (const [name, content] of contents) await writeFile(join(dir, name), content, { mode: 0o600 });
}

/**
 * Makes the folder hold exactly these files: all of the changes or none, done to the end by the next start after a crash.
 * @param unless asked when nobody else writes: true leaves everything as it is, and false is returned
 */
export async function writeOver(
  dir: string,
  contents: Contents,
  journal: string,
  unless: () => Promise<boolean> = async () => false,
): Promise<boolean> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return await withFolderLock(dir, async () => {
    if (await unless()) return false;
    const before = await readFolder(dir);
    const changes = [
      ...[...contents].filter(([name, content]) => !before.get(name)?.equals(content)),
      ...[...before.keys()].filter((name) => !contents.has(name)).map((name) => [name, null] as const),
    ];
    for (const folder of new Set(changes.map(([name]) => join(dir, dirname(name)))))
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFiles(
      changes.map(([name, content]) => ({ path: join(dir, name), text: content, mode: 0o600 })),
      journal,
    );
    return true;
  });
}

export async function readFolder(dir: string): Promise<Contents> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1))
    .filter((name) => name === '.redstartrc' || !name.split('/').some((part) => part.startsWith('.')));
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as const)));
}

/** What a folder has otherwise than the revision's files. */
export async function differences(
  dir: string,
  files: readonly TreeFile[],
): Promise<{ changed: string[]; removed: string[] }> {
  const now = await readFolder(dir);
  const then = new Map(files.filter(isWanted).map(({ name, blob }) => [name, blob]));
  return {
    changed: [...now].filter(([name, content]) => then.get(name) !== blobId(content)).map(([name]) => name),
    removed: [...then.keys()].filter((name) => !now.has(name)),
  };
}

/** As git names a content. */
function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
