import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withFolderLock } from '../flows/folder-lock.ts';
import { writeFiles } from '../flows/write-files.ts';
import type { GitClient, TreeFile } from './git-client.ts';
import { GitError } from './git-error.ts';

/** Files of a revision: blob by name. */
export type Tree = ReadonlyMap<string, string>;

/** A folder of flows is text. More than this was not meant to be one. */
const MAX_BYTES = 128 * 1024 ** 2;
const MAX_FILES = 20_000;

/** All files of a revision. Throws a GitError for what a revision must not have. */
export async function treeOf(git: GitClient, commit: string): Promise<Tree> {
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
  return new Map(files.map(({ name, blob }) => [name, blob]));
}

/** Names that begin with a dot are nobody's flows; `.redstartrc` is a setting of the check. Links elsewhere are left out. */
function isWanted({ name, mode }: TreeFile): boolean {
  if (UNWANTED.test(name) && name !== '.redstartrc') return false;
  return mode.startsWith('100') || (!name.includes('/') && name.endsWith('.json'));
}

/** A part of the path that is empty or begins with a dot, or a character that no name should have. */
const UNWANTED = /(?:^|\/)(?:[./]|$)|[\\\0\n]/;

export function short(commit: string): string {
  return commit.slice(0, 10);
}

export interface Writing {
  git: GitClient;
  dir: string;
  /** What the folder has; null: that is not known. */
  from: Tree | null;
  to: Tree;
  /** Where it is written down for the next start, after a crash; absent where nobody minds. */
  journal?: string;
  /** Asked when nobody else writes: true leaves everything as it is, and false is returned. */
  unless?: () => Promise<boolean>;
}

/** Makes the folder hold exactly the files of `to`: all of the changes or none. */
export async function writeTree({ git, dir, from, to, journal, unless }: Writing): Promise<boolean> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return await withFolderLock(dir, async () => {
    if (await unless?.()) return false;
    const before = from ?? (await treeIn(dir));
    const changed = [...to].filter(([name, blob]) => before.get(name) !== blob);
    const removed = [...before.keys()].filter((name) => !to.has(name));
    const blobs = await git.read([...new Set(changed.map(([, blob]) => blob))]);
    for (const folder of new Set(changed.map(([name]) => join(dir, dirname(name)))))
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFiles(
      [
        ...changed.map(([name, blob]) => ({ path: join(dir, name), text: blobs.get(blob) as Buffer, mode: 0o600 })),
        ...removed.map((name) => ({ path: join(dir, name), text: null, mode: 0o600 })),
      ],
      journal,
      { durable: journal !== undefined },
    );
    return true;
  });
}

async function treeIn(dir: string): Promise<Tree> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1))
    .filter((name) => name === '.redstartrc' || !name.split('/').some((part) => part.startsWith('.')));
  return new Map(
    await Promise.all(names.map(async (name) => [name, blobId(await readFile(join(dir, name)))] as const)),
  );
}

/** What a folder has otherwise than the revision's files. */
export async function differences(dir: string, tree: Tree): Promise<{ changed: string[]; removed: string[] }> {
  const now = await treeIn(dir);
  return {
    changed: [...now].filter(([name, blob]) => tree.get(name) !== blob).map(([name]) => name),
    removed: [...tree.keys()].filter((name) => !now.has(name)),
  };
}

/** As git names a content. */
function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
