import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { RedstartError } from '../errors.ts';
import { nodesOf, parseFlowFile } from '../flows/flow-file.ts';
import { formatFolder, joinFolder, splitExport } from '../flows/layout/folder.ts';
import { readFlowFiles, refuseDuplicates } from '../flows/read-flows.ts';
import { replaceFile } from '../flows/write-files.ts';

/** `redstart flows split EXPORT DIR`. Standard input is read for `-`. */
export async function split(source: string, dir: string, { replace = false }: { replace?: boolean }): Promise<void> {
  const path = source === '-' ? 'standard input' : resolve(source);
  const file = parseFlowFile(path, 'export.json', await read(source));
  refuseDuplicates([file]);
  const changes = await splitExport(nodesOf(file), resolve(dir), { replace });
  for (const { name, before, text: after } of changes) {
    console.log(`${after === null ? 'removed' : before === null ? 'new' : 'changed'}  ${join(dir, name)}`);
  }
  if (changes.length === 0) console.log(`${dir}: nothing to change.`);
}

/** `redstart flows join DIR [-o FILE]` */
export async function joinFlows(dir: string, { output }: { output?: string }): Promise<void> {
  const json = `${JSON.stringify(await joinFolder(resolve(dir)), null, 4)}\n`;
  if (output === undefined) {
    process.stdout.write(json);
    return;
  }
  const path = resolve(output);
  const mode = await stat(path).then(
    (known) => known.mode & 0o777,
    () => 0o644,
  );
  await replaceFile(path, json, mode).catch((error: NodeJS.ErrnoException) => {
    throw new RedstartError({
      code: 'FLOW_FILE_UNREADABLE',
      message: `${path} cannot be written (${error.code ?? error.message}).`,
      mend: 'Give the name of a file in a folder that you may write to.',
      cause: error,
    });
  });
}

/** `redstart flows format DIR [--check]` */
export async function format(dir: string, { check = false }: { check?: boolean }): Promise<void> {
  const folder = resolve(dir);
  const names = await formatFolder(folder, { check });
  const total = (await readFlowFiles(folder)).reduce((sum, { parts }) => sum + parts.length, 0);
  if (check && names.length > 0) {
    throw new RedstartError({
      code: 'FLOWS_NOT_FORMATTED',
      message: `Not in the layout of \`redstart flows format\`: ${names.map((name) => join(dir, name)).join(', ')}`,
      mend: `Run redstart flows format ${dir}, and commit what it changed.`,
    });
  }
  for (const name of names) console.log(`formatted  ${join(dir, name)}`);
  if (names.length === 0) console.log(`${dir}: ${total} file(s), all as they should be.`);
}

async function read(source: string): Promise<string> {
  if (source === '-') return await text(process.stdin);
  try {
    return await readFile(source, 'utf8');
  } catch (error) {
    throw new RedstartError({
      code: 'FLOW_FILE_UNREADABLE',
      message: `${resolve(source)} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
      mend: 'Give the file of a Node-RED export (Menu → Export → JSON), or - for standard input.',
      cause: error,
    });
  }
}
