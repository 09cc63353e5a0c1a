import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { reportFailure } from '../report-failure.ts';

/** Editors write a file in several steps: what changes within this time is one change. */
const GATHER_MS = 150;

/** Runs now and after each change of a file, until it is interrupted. */
export async function watchAndRerun(path: string, run: () => Promise<boolean>): Promise<boolean> {
  const dir = path.endsWith('.yaml') ? dirname(path) : path;
  let changed = true;
  let wake: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(dir, { recursive: true }, (_event, name) => {
    if (name && !/\.(?:json|yaml|js|html|md|css|sql|txt)$/.test(name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      changed = true;
      wake();
    }, GATHER_MS);
  });
  let passed = false;
  let stopped = false;
  process.once('SIGINT', () => {
    stopped = true;
    wake();
  });
  while (!stopped) {
    if (changed) {
      changed = false;
      // A file that is wrong now is corrected in a moment.
      passed = await run().catch((error: unknown) => {
        reportFailure(error);
        return false;
      });
      process.stdout.write('\nwaiting for changes; Ctrl-C ends\n');
      continue;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  watcher.close();
  return passed;
}
