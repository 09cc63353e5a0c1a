import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { mergeFile } from '../diff/merge-file.ts';

/**
 * Git's merge driver: `merge-driver %O %A %B %P`. The result goes into the second file. Ends with 0 when it is merged and
 * with 1 when a person has to decide, which is what git expects.
 */
export async function mergeDriver(base: string, ours: string, theirs: string, path: string): Promise<void> {
  const [b, o, t] = [base, ours, theirs].map((file) => readFileSync(file, 'utf8'));
  const merged = mergeFile(basename(path), b ?? '', o ?? '', t ?? '');
  if (!merged) {
    // No flow file, or one that is broken: git merges it as any text.
    const { status } = spawnSync('git', ['merge-file', '-L', 'ours', '-L', 'base', '-L', 'theirs', ours, base, theirs]);
    process.exitCode = status === 0 ? 0 : 1;
    return;
  }
  await writeFileAtomic(ours, merged.text);
  for (const conflict of merged.conflicts) console.error(`${path}: both changed ${conflict}`);
  if (merged.conflicts.length > 0) process.exitCode = 1;
}
