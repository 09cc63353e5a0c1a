import { isUtf8 } from 'node:buffer';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RedstartError } from '../errors.ts';
import { inOrder } from './assign-nodes.ts';
import { type FlowFile, nodesOf, orderIn, parseFlowFile, textsOnDisk } from './flow-file.ts';
import { type FlowNode, titleOf } from './flow-node.ts';
import { isUntouched, rememberRead } from './untouched.ts';

/**
 * Reads every flow file of the folder, in the order of their tabs. Names that start with a dot, and subfolders that no
 * file names, are left alone. Throws a RedstartError at the first file that cannot be taken: half of a team's flows is no state to run in.
 * @param known files as they were read before: those that are the same are not read anew
 */
export async function readFlowFiles(dir: string, known: readonly FlowFile[] = []): Promise<FlowFile[]> {
  const files: FlowFile[] = [];
  const byName = new Map(known.map((file) => [file.name, file]));
  for (const name of await flowFileNames(dir)) {
    const path = join(dir, name);
    const before = byName.get(name);
    if (before && isUntouched(before)) {
      files.push(before);
      continue;
    }
    const from = Date.now();
    const raw = await read(path);
    const file = before && isSame(before, raw, path) ? before : parseFlowFile(path, name, raw);
    rememberRead(file, from);
    files.push(file);
  }
  refuseDuplicates(files);
  return inOrder(files, files.flatMap(orderIn));
}

/**
 * Whether the file says what it said when it was read before, to the byte. Its texts are read without waiting: they are
 * small and many, and waiting for each costs several times as much. Between two flow files others have their turn.
 */
function isSame({ parts }: FlowFile, raw: string, path: string): boolean {
  const readText = textsOnDisk(path);
  return parts.every(({ text, name }, index) => text === (index === 0 ? raw : readText(name)));
}

/** More than the editor can show, and far more than a deploy may have. Reading it would stop everything for seconds. */
export const MAX_BYTES = 32 * 1024 ** 2;

async function flowFileNames(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    const wanted = entries.filter(({ name }) => name.endsWith('.json') && !name.startsWith('.'));
    const kinds = await Promise.all(
      // A dangling link stays in the list, so that reading it says what is wrong.
      wanted.map((entry) => (entry.isFile() ? entry : stat(join(dir, entry.name)).catch(() => null))),
    );
    // By code unit, not by locale: the order of tabs must not depend on the machine.
    return wanted.flatMap(({ name }, index) => (kinds[index]?.isDirectory() ? [] : [name])).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RedstartError({
      code: 'FLOWS_FOLDER_MISSING',
      message:
        code === 'ENOENT'
          ? `The flows folder ${dir} does not exist.`
          : `The flows folder ${dir} cannot be read (${code ?? (error as Error).message}).`,
      mend:
        code === 'ENOENT'
          ? `Create it (mkdir -p ${dir}), or set REDSTART_FLOWS_DIR to the folder that holds your flow files.`
          : 'REDSTART_FLOWS_DIR must name a folder that this user may read and enter.',
      cause: error,
    });
  }
}

async function read(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw tooLarge(path, size);
    const content = await readFile(path);
    // What cannot be read would be written back as something else, in nodes that nobody changed.
    if (!isUtf8(content)) throw notUtf8(path, content);
    return content.toString();
  } catch (error) {
    if (error instanceof RedstartError) throw error;
    throw new RedstartError({
      code: 'FLOW_FILE_UNREADABLE',
      message: `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
      mend: 'Give this user the right to read it, or take it out of the flows folder.',
      cause: error,
    });
  }
}

function notUtf8(path: string, content: Buffer): RedstartError {
  let line = 1;
  for (let start = 0, end = content.indexOf(10); end !== -1; start = end + 1, end = content.indexOf(10, start)) {
    if (!isUtf8(content.subarray(start, end))) break;
    line += 1;
  }
  return new RedstartError({
    code: 'FLOW_FILE_NOT_JSON',
    message: `${path}, line ${line}: not valid JSON, as it has characters that are not in UTF-8.`,
    mend: 'Save it again as UTF-8 (iconv -f latin1 -t utf-8, if that is what it is in).',
  });
}

function tooLarge(path: string, size: number): RedstartError {
  return new RedstartError({
    code: 'FLOW_FILE_TOO_LARGE',
    message: `${path} has ${Math.ceil(size / 1024 ** 2)} MiB; a flow file has at most ${MAX_BYTES / 1024 ** 2}.`,
    mend: 'Take data out of the flow and read it when it runs, or split the flow.',
  });
}

export function refuseDuplicates(files: readonly FlowFile[]): void {
  const ids = new Set<string>();
  let count = 0;
  for (const { elements } of files) {
    count += elements.length;
    for (const { node } of elements) ids.add(node.id);
  }
  // Which they are is only looked for when there are any.
  if (ids.size === count) return;
  const seen = new Map<string, { file: FlowFile; node: FlowNode }>();
  for (const file of files) {
    for (const node of nodesOf(file)) {
      const other = seen.get(node.id);
      if (other) {
        const where = other.file === file ? `twice in ${file.path}` : `in ${other.file.path} and in ${file.path}`;
        throw new RedstartError({
          code: 'FLOW_DUPLICATE_ID',
          message: `The node id "${node.id}" is used ${where} (${describe(other.node)}; ${describe(node)}).`,
          mend: 'Keep one of the two. If a flow was copied by copying its file, import it in the editor instead: that gives it new ids.',
        });
      }
      seen.set(node.id, { file, node });
    }
  }
}

function describe(node: FlowNode): string {
  const title = titleOf(node);
  return title === node.type ? node.type : `${node.type} "${title}"`;
}
