import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

/** A folder of the running test's own, gone when the test is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The same for what a whole file or `describe` works in: called there, not in a hook. */
export function suiteFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
