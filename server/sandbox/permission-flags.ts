import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { Config } from '../config/index.ts';

/** What the permission flags depend on. */
export interface PermissionPaths {
  /** The folder that has the program: dist, nodes, node_modules. */
  app: string;
  data: string;
  flows: string;
  flowsWritable: boolean;
  /** Flows from git: it is a program of its own. */
  programs: boolean;
  /** Files and folders with secrets, certificates, users. */
  readable: readonly string[];
}

/**
 * Flags for `node` in front of the program: files of the program read-only, the data folder, the flow files; no
 * programs (unless flows come from git), no native code. Threads and the debugger are allowed for the start alone: the program gives them up before
 * a flow runs (permissions.ts).
 */
export function permissionFlags({ app, data, flows, flowsWritable, programs, readable }: PermissionPaths): string[] {
  const read = [app, data, flows, ...readable].filter(
    (path, _at, all) => !all.some((other) => path.startsWith(`${other}${sep}`)),
  );
  const write = flowsWritable ? [data, flows] : [data];
  return [
    '--permission',
    ...unique(read).map((path) => `--allow-fs-read=${path}`),
    ...unique(write).map((path) => `--allow-fs-write=${path}`),
    // Its warning is for who does not know: git is a program, and docs/git.md says so.
    ...(programs ? ['--allow-child-process', '--disable-warning=PERM0002'] : []),
    '--allow-worker',
    '--allow-inspector',
    // The signal that would open the debugger to whoever is on this machine.
    '--disable-sigusr1',
    // They say that these two weaken the model, which is why they are given up.
    '--disable-warning=PERM0004',
    '--disable-warning=PERM0006',
  ];
}

/** What a configuration needs to read and write. */
export function permissionPaths(config: Config, files: readonly string[]): PermissionPaths {
  const { certFile, keyFile, clientCaFile } = config.tls;
  const tokens = config.connections.map(({ tokenFile }) => tokenFile);
  const named = [certFile, keyFile, clientCaFile, ...tokens, config.secrets.dir, ...files];
  const app = appFolder();
  // A link out of the folder in some installations.
  const modules = realpathSync(join(app, 'node_modules'));
  return {
    app,
    data: config.data.dir,
    flows: config.flows.dir,
    flowsWritable: config.flows.mode === 'editable',
    programs: config.git !== null,
    readable: [modules, ...settingsAbove(config.flows.dir), ...named].flatMap((file) =>
      file === null ? [] : [followed(file)],
    ),
  };
}

/** dist/server/sandbox is three levels down, server/sandbox of a checkout two. */
function appFolder(): string {
  const here = import.meta.dirname;
  return here.includes(`${join('dist', 'server')}`) ? join(here, '..', '..', '..') : join(here, '..', '..');
}

/** The settings of `redstart check` are looked for in every folder above the flows. */
function settingsAbove(folder: string): string[] {
  const above = dirname(folder);
  return [join(above, '.redstartrc'), ...(above === folder ? [] : settingsAbove(above))];
}

/** Kubernetes has a link in the file's place and swaps what it leads to: then the folder it is, not the file. */
function followed(file: string): string {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? dirname(file) : file;
}

/** Each once, and as `folder` and `folder/*`: only the latter holds for what is not there yet. */
function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)].flatMap((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : [path, join(path, '*')],
  );
}
