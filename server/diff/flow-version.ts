import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { type FlowFolder, folderOnDisk, readFlowSource } from '../check/flow-source.ts';
import { RedstartError } from '../errors.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { folderInGit, isRevision } from './git-folder.ts';

export interface VersionOptions {
  cwd: string;
  /** Where a revision without a path is looked into: the flows folder. */
  defaultPath: string;
}

/** The two versions that `diff` was asked for: `A B`, `A..B`, or `A` against the files as they are now. */
export function versionPair(first: string, second: string | undefined, options: VersionOptions): [string, string] {
  if (second !== undefined) return [first, second];
  const range = /^(.*?)\.\.\.?(.*)$/.exec(first);
  if (range && !existsSync(resolve(options.cwd, first))) return [range[1] || 'HEAD', range[2] || 'HEAD'];
  return [first, options.defaultPath];
}

/** The nodes of a folder, a file, a git revision, or `REVISION:PATH`. */
export function readVersion(version: string, options: VersionOptions): FlowNode[] {
  const source = readFlowSource(folderOf(version, options), version);
  const [fault] = source.faults;
  if (fault) {
    const place = fault.spot ? `, line ${fault.spot.line}, column ${fault.spot.column}` : '';
    throw refused(
      `${fault.file}${place}: ${fault.message}`,
      'Correct it (redstart check shows all), or compare others.',
    );
  }
  return source.nodes.map(({ node }) => node);
}

function folderOf(version: string, { cwd, defaultPath }: VersionOptions): FlowFolder {
  const path = resolve(cwd, version);
  if (existsSync(path)) return folderOnDisk(path);
  const colon = version.indexOf(':');
  const [revision, named] = colon > 0 ? [version.slice(0, colon), version.slice(colon + 1)] : [version, null];
  if (!isRevision(revision, cwd)) {
    throw refused(
      `"${version}" is no file, no folder and no revision of a git repository here.`,
      'Give two paths, two git revisions, REVISION:PATH, or A..B.',
    );
  }
  // In git a path counts from the root of the repository, unless it begins with a dot.
  const inside = named === null ? `./${relative(cwd, resolve(cwd, defaultPath))}` : named.replace(/\/+$/, '') || '.';
  const folder = folderInGit(revision, inside, cwd);
  if (!folder) throw refused(`${revision} has no ${inside}.`, 'Name the folder of the flows: REVISION:PATH.');
  return folder;
}

function refused(message: string, mend: string): RedstartError {
  return new RedstartError({ code: 'DIFF_SOURCE_INVALID', message, mend });
}
