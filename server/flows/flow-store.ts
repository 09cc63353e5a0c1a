import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeployCode } from '../error-catalogue.ts';
import { RedstartError } from '../errors.ts';
import { assignNodes } from './assign-nodes.ts';
import { type FlowFile, hashOf, newFlowFile, nodesOf, parseFlowFile, renderFlowFile } from './flow-file.ts';
import type { FlowNode } from './flow-node.ts';
import { readFlowFiles } from './read-flows.ts';
import { type FileChange, finishWriting, removeLeftOvers, writeFiles } from './write-files.ts';

export interface FlowStoreOptions {
  dir: string;
  mode: 'editable' | 'readonly';
  /** Where a copy of a flow file goes whose last node was removed. */
  removedDir: string;
  /** Nodes that the appliance adds at load and that never reach a file: the connections of the environment. */
  managedNodes: readonly FlowNode[];
}

/** The flow files as one set of nodes. */
export interface FlowStore {
  /** Reads all files. Throws a RedstartError, and keeps what it had, when one of them cannot be taken. */
  load(): Promise<FlowNode[]>;
  /** Writes a deploy back. Throws, with every file as it was, when it must not or cannot. */
  save(nodes: readonly FlowNode[]): Promise<void>;
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
  const managed = new Map(options.managedNodes.map((node) => [node.id, node]));
  let files: FlowFile[] = [];
  let fault: Error | null = null;
  let finished = false;
  // In the data folder, where only this user writes: what stands in it is done.
  const journal = join(options.removedDir, '.deploy.json');

  /** A file may hold its author's copy of a managed node (an export takes it along). It stays there, unused. */
  const shadowed = (file: FlowFile): FlowNode[] => nodesOf(file).filter(({ id }) => managed.has(id));

  async function changedOnDisk(): Promise<string[]> {
    const changed = await Promise.all(
      files.map(async (file) => ((await currentHash(file.path)) === file.hash ? null : file.path)),
    );
    return changed.filter((path) => path !== null);
  }

  async function save(nodes: readonly FlowNode[]): Promise<void> {
    if (options.mode === 'readonly') throw new DeployError('FLOWS_READONLY', 403, READONLY_MESSAGE);
    const own = nodes.filter(({ id }) => !managed.has(id));
    const copies = new Map(files.flatMap((file) => shadowed(file).map((node) => [node.id, node])));
    const { byFile } = assignNodes(files, [...copies.values(), ...own], []);

    const changes: Change[] = [];
    for (const [name, list] of byFile) {
      const known = files.find((file) => file.name === name);
      const file = known ?? newFlowFile(join(options.dir, name), name);
      if (known && list.length === 0 && nodesOf(known).length > 0 && !known.keepWhenEmpty) {
        changes.push({ path: file.path, text: null, mode: NEW_FILE_MODE, name, file });
        continue;
      }
      const text = renderFlowFile(file, list);
      if (text !== null) changes.push({ path: file.path, text, mode: NEW_FILE_MODE, name, file });
    }
    if (changes.length === 0) return;
    const placed = await freeNames(options.dir, changes);
    await refuseChanged(placed.filter(({ file }) => file.hash !== '').map(({ file }) => file));
    await keepRemoved(placed, options.removedDir);
    try {
      await writeFiles(placed, journal);
    } catch (error) {
      throw writeFailed(options.dir, error);
    }
    files = nextFiles(files, placed).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  return {
    async load() {
      try {
        // A deploy that a crash cut is done to its end: nodes that moved between files would be in both, or in none.
        if (!finished) {
          await finishWriting(journal);
          if (options.mode === 'editable') await removeLeftOvers(options.dir);
          finished = true;
        }
        const read = await readFlowFiles(options.dir);
        for (const file of read) refuseForeign(file, managed);
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
    changedOnDisk,
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

export const READONLY_MESSAGE =
  'These flows are read-only here (REDSTART_FLOWS_MODE=readonly): change the flow files in version control and restart. To edit in place, start with REDSTART_FLOWS_MODE=editable.';

export function changedMessage(paths: readonly string[]): string {
  return (
    `Not deployed: ${paths.join(', ')} changed on disk since it was loaded, and deploying would overwrite that. ` +
    'Export what you changed, choose "Restart Flows" in the Deploy menu (it loads the files again), reload this page, and import your change.'
  );
}

async function currentHash(path: string): Promise<string | null> {
  return await readFile(path, 'utf8').then(hashOf, () => null);
}

async function refuseChanged(files: readonly FlowFile[]): Promise<void> {
  const changed: string[] = [];
  for (const file of files) if ((await currentHash(file.path)) !== file.hash) changed.push(file.path);
  if (changed.length > 0) throw new DeployError('FLOW_FILE_CHANGED', 409, changedMessage(changed));
}

type Change = FileChange & { name: string; file: FlowFile };

/** New files get a name that nobody has: one may have appeared since the folder was read. */
async function freeNames(dir: string, changes: readonly Change[]): Promise<Change[]> {
  const taken = new Set(changes.map(({ name }) => name));
  const placed: Change[] = [];
  for (const change of changes) {
    let { name } = change;
    for (let number = 2; change.file.hash === '' && (await exists(join(dir, name))); number++) {
      const candidate = `${change.name.slice(0, -'.json'.length)}-${number}.json`;
      if (!taken.has(candidate)) name = candidate;
    }
    taken.add(name);
    const path = name === change.name ? change.path : join(dir, name);
    placed.push({ ...change, name, path, file: { ...change.file, name, path } });
  }
  return placed;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** The last tab of a file was deleted in the editor: the file goes, and a copy stays in the data folder. */
async function keepRemoved(changes: readonly Change[], removedDir: string): Promise<void> {
  const copies: FileChange[] = [];
  for (const { file, text } of changes) {
    if (text === null)
      copies.push({ path: join(removedDir, file.name), text: await readFile(file.path, 'utf8'), mode: 0o600 });
  }
  if (copies.length === 0) return;
  try {
    await writeFiles(copies);
  } catch (error) {
    throw writeFailed(removedDir, error);
  }
}

function nextFiles(files: readonly FlowFile[], changes: readonly Change[]): FlowFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const { name, path, text } of changes) {
    if (text === null) byName.delete(name);
    else byName.set(name, parseFlowFile(path, name, text));
  }
  return [...byName.values()];
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

function writeFailed(dir: string, error: unknown): DeployError {
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
