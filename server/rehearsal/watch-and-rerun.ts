import { watch } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { reportFailure } from '../report-failure.ts';

/** Editors write a file in several steps: what changes within this time is one change. */
const GATHER_MS = 150;

/** Runs now and after each change of a file, until it is interrupted. */
export async function watchAndRerun(
  path: string,
  run: () => Promise<unknown>,
  /** What the run itself writes. */
  reports: readonly (string | undefined)[],
): Promise<never> {
  const written = reports.flatMap((file) => (file === undefined ? [] : [resolve(file)]));
  const dir = path.endsWith('.yaml') ? dirname(path) : path;
  let changed = true;
  let wake: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  watch(dir, { recursive: true }, (_event, name) => {
    if (name && !/\.(?:json|yaml|js|html|md|css|sql|txt)$/.test(name)) return;
    if (name && written.includes(resolve(dir, name))) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed = true;
      wake();
    }, GATHER_MS);
  });
  for (;;) {
    if (changed) {
      changed = false;
      // A file that is wrong now is corrected in a moment.
      await run().catch(reportFailure);
      process.stdout.write('\nwaiting for changes; Ctrl-C ends\n');
      continue;
    }
    await new Promise<void>((go) => {
      wake = go;
    });
  }
}
