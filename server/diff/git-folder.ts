import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { type FlowFolder, isFlowFileName } from '../check/flow-source.ts';

/**
 * The flow files of a revision. Two processes of git in all, whatever the number of files: flow files are read one by one,
 * synchronously, by what reads them from disk too.
 */
export function folderInGit(revision: string, path: string, cwd: string): FlowFolder | null {
  const kind = objectKind(`${revision}:${path === '.' ? './' : path}`, cwd);
  if (kind !== 'tree' && kind !== 'blob') return null;
  const dir = kind === 'tree' ? path : dirname(path);
  let contents: Map<string, string> | null = null;
  const load = (): Map<string, string> => {
    contents ??= readTree(revision, dir, cwd);
    return contents;
  };
  return {
    path: (name) => `${revision}:${dir === '.' ? '' : `${dir}/`}${name}`,
    names() {
      if (kind === 'blob') return [basename(path)];
      return [...load().keys()].filter((name) => !name.includes('/') && isFlowFileName(name)).sort();
    },
    read(name) {
      const text = load().get(name);
      if (text === undefined) throw Object.assign(new Error(`${name} is not there`), { code: 'ENOENT' });
      return text;
    },
  };
}

/** Whether this names a commit. */
export function isRevision(text: string, cwd: string): boolean {
  return objectKind(`${text}^{commit}`, cwd) === 'commit';
}

function objectKind(object: string, cwd: string): string | null {
  // What begins like an option would be taken for one.
  if (object.startsWith('-')) return null;
  const { status, stdout } = runGit(['cat-file', '-t', object], cwd);
  return status === 0 ? stdout.toString().trim() : null;
}

function readTree(revision: string, dir: string, cwd: string): Map<string, string> {
  const tree = runGit(['ls-tree', '-r', '-z', `${revision}:${dir === '.' ? './' : dir}`], cwd);
  const files = tree.stdout
    .toString()
    .split('\0')
    .flatMap((line) => {
      const match = /^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(line);
      return match ? [{ id: match[1] ?? '', name: match[2] ?? '' }] : [];
    });
  const { stdout } = runGit(['cat-file', '--batch'], cwd, files.map(({ id }) => `${id}\n`).join(''));
  const contents = new Map<string, string>();
  let at = 0;
  for (const { name } of files) {
    const end = stdout.indexOf(10, at);
    const size = Number(/ (\d+)$/.exec(stdout.toString('latin1', at, end))?.[1] ?? 0);
    contents.set(name, stdout.toString('utf8', end + 1, end + 1 + size));
    // A line break ends each.
    at = end + 1 + size + 1;
  }
  return contents;
}

/** Git itself, not simple-git: that has no standard input, and refuses to set up drivers. */
export function runGit(args: readonly string[], cwd: string, input?: string) {
  return spawnSync('git', args, { cwd, maxBuffer: 512 * 1024 ** 2, ...(input !== undefined && { input }) });
}
