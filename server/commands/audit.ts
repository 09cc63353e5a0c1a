import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { auditFiles } from '../audit/audit-file.ts';
import { type Verdict, verifyFiles } from '../audit/verify-trail.ts';
import { loadProcessConfig } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import { DATA_FILES } from '../flows/storage-module.ts';

/** `redstart audit verify [FILE…]`. */
export async function verifyAudit(
  files: readonly string[],
  { head, json = false }: { head?: string; json?: boolean },
): Promise<void> {
  const paths = files.length > 0 ? files : await ownFiles();
  const verdict = await verifyFiles(paths, head?.toLowerCase()).catch((error: Error) => {
    throw unreadable(error.message, error);
  });
  if (json) console.log(JSON.stringify({ ok: verdict.faults.length === 0, ...verdict }, null, 2));
  else tell(verdict);
  if (verdict.faults.length === 0) return;
  if (json) {
    process.exitCode = 1;
    return;
  }
  throw new RedstartError({
    code: 'AUDIT_BROKEN',
    message: `The audit trail was changed: ${verdict.faults.length} fault(s) in ${verdict.lines} line(s).`,
    mend: 'Compare the lines named above with a copy of the trail kept elsewhere.',
  });
}

function tell({ faults, notes, lines, first, last }: Verdict): void {
  for (const note of notes) console.log(`note: ${note}`);
  for (const { file, line, problem } of faults) console.log(`${file}:${line}: ${problem}`);
  if (first && last)
    console.log(
      `${lines} line(s), number ${first.seq} (${first.time}) to ${last.seq} (${last.time}); head ${last.hash}`,
    );
  else console.log('no lines');
}

async function ownFiles(): Promise<string[]> {
  const dir = join(loadProcessConfig({ local: false }).data.dir, DATA_FILES.audit);
  const files = (await stat(dir).catch(() => null)) ? auditFiles(dir) : [];
  if (files.length === 0) throw unreadable(`there is no audit trail in ${dir}`);
  return files;
}

const unreadable = (why: string, cause?: unknown): RedstartError =>
  new RedstartError({
    code: 'AUDIT_UNREADABLE',
    message: `Nothing was checked: ${why}.`,
    mend: 'Name the files of the trail, oldest first, or set REDSTART_DATA_DIR to the folder that has it.',
    cause,
  });
