import { chmod, mkdir, readdir, readFile, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DeployCode } from '../error-catalogue.ts';
import { RedstartError } from '../errors.ts';
import { assignNodes, inOrder, SHARED_FILE } from './assign-nodes.ts';
import {
  type FlowFile,
  hashOf,
  isUnchanged,
  newFlowFile,
  nodesOf,
  orderIn,
  parseFlowFile,
  renderFlowFile,
} from './flow-file.ts';
import { type FlowNode, flowNodeFault } from './flow-node.ts';
import { FolderLocked, removeDeadLock, withFolderLock } from './folder-lock.ts';
import { textFolder } from './layout/readable-form.ts';
import { readFlowFiles } from './read-flows.ts';
import { type FileChange, finishWriting, removeLeftOvers, writeFiles } from './write-files.ts';

export interface FlowStoreOptions {
  dir: string;
  mode: 'editable' | 'readonly';
  /** Where the files come from; null: somebody puts them into the folder. */
  git?: { url: string; ref: string } | null;
  /** Where a copy of a flow file goes whose last node was removed, and what a crash cut is written down. */
  removedDir: string;
  /** Nodes that the appliance adds at load and that never reach a file: the connections of the environment. */
  managedNodes: readonly FlowNode[];
}

/** One file that a deploy changes. */
export interface PlannedChange {
  /** Within the flows folder, with slashes. */
  name: string;
  path: string;
  /** Null: it is new. */
  before: string | null;
  /** Null: it is removed. */
  text: string | null;
}

/** The flow files as one set of nodes. */
export interface FlowStore {
  /** Reads all files. Throws a RedstartError, and keeps what it had, when one of them cannot be taken. */
  load(): Promise<FlowNode[]>;
  /** Writes a deploy back. Throws, with every file as it was, when it must not or cannot. */
  save(nodes: readonly FlowNode[]): Promise<void>;
  /** What `save` would change. */
  plan(nodes: readonly FlowNode[]): Promise<PlannedChange[]>;
  /** Paths of files that somebody changed or removed since they were read. */
  changedOnDisk(): Promise<string[]>;
  /** Path of the file that a node is in, for messages. */
  fileOf(nodeId: string): string | null;
  readonly files: readonly FlowFile[];
  /** Why the last load failed; null when it did not. */
  readonly fault: Error | null;
}

/** A refused or failed deploy. Node-RED answers the editor with `status` and shows `message`. */
export class DeployError extends Error {
  readonly code: DeployCode;
  readonly status: number;
  constructor(code: DeployCode, status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.status = status;
  }
}

export function createFlowStore(options: FlowStoreOptions): FlowStore {
  const { dir } = options;
  const managed = new Map(options.managedNodes.map((node) => [node.id, node]));
  let files: FlowFile[] = [];
  let fault: Error | null = null;
  let finished = false;
  // In the data folder, where only this user writes: what stands in it is done.
  const journal = join(options.removedDir, '.deploy.json');

  /** A file may hold its author's copy of a managed node (an export takes it along). It stays there, unused. */
  const shadowed = (file: FlowFile): FlowNode[] => nodesOf(file).filter(({ id }) => managed.has(id));

  async function plan(nodes: readonly FlowNode[]): Promise<Change[]> {
    const own = nodes.filter(({ id }) => !managed.has(id));
    const fault = own.map(flowNodeFault).find((each) => each !== null);
    if (fault) throw new DeployError('FLOW_NODE_INVALID', 400, `Nothing was deployed: a node ${fault}.`);
    const copies = new Map(files.flatMap((file) => shadowed(file).map((node) => [node.id, node])));
    return await planChanges(dir, files, [...copies.values(), ...own]);
  }

  async function save(nodes: readonly FlowNode[]): Promise<void> {
    const changes = await plan(nodes);
    if (changes.length === 0) return;
    if (options.mode === 'readonly') throw new DeployError('FLOWS_READONLY', 403, readonlyMessage(options.git ?? null));
    try {
      await withFolderLock(dir, async () => {
        await refuseChanged(changes);
        await keepRemoved(changes, options.removedDir);
        await writeChanges(dir, changes, journal);
      });
    } catch (error) {
      throw deployError(dir, error);
    }
    files = nextFiles(files, changes);
  }

  return {
    async load() {
      try {
        // A deploy that a crash cut is done to its end: nodes that moved between files would be in both, or in none.
        if (!finished) await finishWriting(journal);
        const read = await readFlowFiles(dir, files);
        for (const file of read) refuseForeign(file, managed);
        if (!finished && options.mode === 'editable') {
          const folders = new Set(read.flatMap(({ parts }) => parts.map(({ name }) => dirname(join(dir, name)))));
          for (const folder of [dir, ...folders]) await removeLeftOvers(folder);
          await removeDeadLock(dir);
        }
        finished = true;
        files = read;
        fault = null;
      } catch (error) {
        fault = error as Error;
        throw error;
      }
      return [
        ...files.flatMap(nodesOf).filter(({ id }) => !managed.has(id)),
        ...options.managedNodes.map((node) => ({ ...node })),
      ];
    },
    save,
    plan,
    async changedOnDisk() {
      return await changedPaths(
        files.flatMap((file) => file.parts.map(({ name, hash }) => ({ path: join(dir, name), hash }))),
      );
    },
    fileOf: (nodeId) => files.find((file) => nodesOf(file).some(({ id }) => id === nodeId))?.path ?? null,
    get files() {
      return files;
    },
    get fault() {
      return fault;
    },
  };
}

// A team's files are read by others (git, a reviewer); nothing in them is secret. The data folder is 0600.
const NEW_FILE_MODE = 0o644;
const NEW_FOLDER_MODE = 0o755;

/** How changes get in where a deploy is refused. */
export function readonlyMessage(git: { url: string; ref: string } | null): string {
  const how = git
    ? `Open a pull request for "${git.ref}" of ${git.url}: what is merged there is in force here within a minute or so.`
    : 'Change the flow files in version control, have that reviewed, and choose "Restart Flows" when they are here. To edit in place, start with REDSTART_FLOWS_MODE=editable.';
  return `These flows are read-only here (REDSTART_FLOWS_MODE=readonly). ${how}`;
}

export function changedMessage(paths: readonly string[]): string {
  return (
    `Not deployed: ${paths.join(', ')} changed on disk since it was loaded, and deploying would overwrite that. ` +
    'Export what you changed, choose "Restart Flows" in the Deploy menu (it loads the files again), reload this page, and import your change.'
  );
}

export interface Change extends PlannedChange {
  /** The flow file that it is a part of, as it was. */
  file: FlowFile;
  /** Hash of `before`. */
  hash: string | null;
}

/** What becomes of the folder's files when they hold `nodes`: all parts whose content changes. */
export async function planChanges(
  dir: string,
  files: readonly FlowFile[],
  nodes: readonly FlowNode[],
  { always = false } = {},
): Promise<Change[]> {
  const onDisk = await namesIn(dir);
  const { byFile, order } = assignNodes(files, nodes, onDisk);
  if (order && order.length > 0 && !byFile.has(SHARED_FILE) && !files.some((file) => orderIn(file).length > 0))
    byFile.set(SHARED_FILE, []);

  const changes: Change[] = [];
  for (const [name, list] of byFile) {
    const file = files.find((known) => known.name === name) ?? newFlowFile(join(dir, name), name);
    const ordered = order !== null && holdsOrder(file, files);
    const own = ordered ? order : orderIn(file);
    const empty = list.length === 0 && own.length === 0 && !file.keepWhenEmpty;
    const emptied = empty && (nodesOf(file).length > 0 || orderIn(file).length > 0 || always);
    if (!always && !emptied && isUnchanged(file, list, own)) continue;
    const taken = file.form.kind === 'readable' ? await namesIn(join(dir, textFolder(name))) : [];
    const parts = emptied ? new Map<string, string>() : renderFlowFile(file, list, { order: own, taken, always: true });
    if (!parts) continue;
    for (const part of new Set([...file.parts.map((each) => each.name), ...parts.keys()])) {
      const before = file.parts.find((each) => each.name === part);
      const text = parts.get(part) ?? null;
      if (before?.text === text) continue;
      changes.push({
        name: part,
        path: join(dir, part),
        before: before?.text ?? null,
        text,
        file,
        hash: before?.hash ?? null,
      });
    }
  }
  return changes;
}

/** Writes what `planChanges` gave, for a command that has no data folder. */
export async function writePlanned(dir: string, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  try {
    await withFolderLock(dir, async () => {
      await refuseChanged(changes);
      await writeChanges(dir, changes);
    });
  } catch (error) {
    throw deployError(dir, error);
  }
}

/** The file with the order of the tabs: the one that has it, else that of the configuration nodes. */
function holdsOrder(file: FlowFile, files: readonly FlowFile[]): boolean {
  const holder = files.find((each) => orderIn(each).length > 0);
  return holder ? holder === file : file.name === SHARED_FILE && file.form.kind === 'readable';
}

async function namesIn(dir: string): Promise<string[]> {
  return (await readdir(dir).catch(() => [])).map((name) => name.toLowerCase());
}

async function changedPaths(files: readonly { path: string; hash: string }[]): Promise<string[]> {
  const changed = await Promise.all(
    files.map(async ({ path, hash }) => ((await currentHash(path)) === hash ? null : path)),
  );
  return changed.filter((path) => path !== null);
}

async function currentHash(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').then(hashOf, () => null);
}

async function refuseChanged(changes: readonly Change[]): Promise<void> {
  const known = changes.flatMap(({ path, hash }) => (hash === null ? [] : [{ path, hash }]));
  // A name that was free a moment ago may have been taken by another process.
  const fresh = changes.filter(({ hash }) => hash === null);
  const changed = await changedPaths(known);
  const names = new Map<string, Set<string>>();
  for (const { path } of fresh) {
    const folder = dirname(path);
    const taken = names.get(folder) ?? new Set(await readdir(folder).catch(() => []));
    names.set(folder, taken);
    if (taken.has(basename(path))) changed.push(path);
  }
  if (changed.length > 0) throw new DeployError('FLOW_FILE_CHANGED', 409, changedMessage(changed));
}

async function writeChanges(dir: string, changes: readonly Change[], journal?: string): Promise<void> {
  const folders = new Set(changes.map(({ path }) => dirname(path)).filter((folder) => folder !== dir));
  const removeEmpty = async (): Promise<void> => {
    for (const folder of folders) await rmdir(folder).catch(() => {});
  };
  try {
    for (const folder of folders) {
      const made = await mkdir(folder, { recursive: true });
      if (made !== undefined) await chmod(folder, NEW_FOLDER_MODE).catch(() => {});
    }
    await writeFiles(
      changes.map(({ path, text, hash }) => ({ path, text, mode: NEW_FILE_MODE, fresh: hash === null })),
      journal,
      // A command has the export, or version control, to do it again from.
      { durable: journal !== undefined },
    );
  } finally {
    await removeEmpty();
  }
}

/** The last node of a file was deleted in the editor: the file goes, and a copy stays in the data folder. */
async function keepRemoved(changes: readonly Change[], removedDir: string): Promise<void> {
  const copies: FileChange[] = [];
  for (const { name, file, text } of changes) {
    if (text !== null || name !== file.name) continue;
    for (const part of file.parts) copies.push({ path: join(removedDir, part.name), text: part.text, mode: 0o600 });
  }
  if (copies.length === 0) return;
  try {
    for (const { path } of copies) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFiles(copies);
  } catch (error) {
    throw deployError(removedDir, error);
  }
}

function nextFiles(files: readonly FlowFile[], changes: readonly Change[]): FlowFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { file } of changes) {
    const texts = new Map(file.parts.map(({ name, text }) => [name, text]));
    for (const { file: of, name, text } of changes) {
      if (of !== file) continue;
      if (text === null) texts.delete(name);
      else texts.set(name, text);
    }
    const raw = texts.get(file.name);
    if (raw === undefined) byName.delete(file.name);
    else
      byName.set(
        file.name,
        parseFlowFile(file.path, file.name, raw, (name) => texts.get(name) as string),
      );
  }
  const next = [...byName.values()];
  return inOrder(next, next.flatMap(orderIn));
}

function refuseForeign(file: FlowFile, managed: ReadonlyMap<string, FlowNode>): void {
  const clash = nodesOf(file).find((node) => managed.has(node.id) && managed.get(node.id)?.type !== node.type);
  if (!clash) return;
  throw new RedstartError({
    code: 'FLOW_DUPLICATE_ID',
    message: `${file.path} has a node of type "${clash.type}" with the id "${clash.id}", which belongs to the connection from the environment.`,
    mend: 'Give that node another id in the file.',
  });
}

function deployError(dir: string, error: unknown): DeployError {
  if (error instanceof DeployError) return error;
  if (error instanceof FolderLocked) {
    return new DeployError(
      'FLOWS_LOCKED',
      423,
      `Not deployed: ${error.message}, which is writing the flow files. Deploy again; if nothing writes there, remove that file.`,
      error,
    );
  }
  const { code, message } = error as NodeJS.ErrnoException;
  const why =
    code === 'ENOSPC'
      ? 'the disk is full'
      : code === 'EROFS'
        ? 'it is mounted read-only (use REDSTART_FLOWS_MODE=readonly, or mount it writable)'
        : code === 'EACCES' || code === 'EPERM'
          ? 'this user may not write there'
          : message;
  return new DeployError(
    'FLOW_WRITE_FAILED',
    code === 'ENOSPC' ? 507 : 500,
    `Not deployed: cannot write to ${dir}: ${why}. All flow files are as they were.`,
    error,
  );
}
