import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { nodesOf } from './flow-file.ts';
import { splitExport } from './layout/folder.ts';
import { readFlowFiles } from './read-flows.ts';
import { isUntouched, rememberRead } from './untouched.ts';

/** Long after everything here was written. */
const LATER = 60_000;

it('takes a file for untouched until any part of it is written or replaced', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const common = { z: 't', x: 1, y: 1, wires: [] };
  await splitExport(
    [
      { id: 't', type: 'tab', label: 'One' },
      { id: 'n', type: 'function', name: 'Think', func: 'msg.a = 1;\nreturn msg;', outputs: 1, ...common },
    ],
    dir,
  );
  const [file] = await readFlowFiles(dir);
  const text = file?.parts[1]?.name;
  if (!file || text === undefined) throw new Error('no text beside the flow');
  // Written a moment ago, and perhaps once more in the same tick of the clock.
  expect(isUntouched(file)).toBe(false);
  rememberRead(file, Date.now() + LATER);
  expect(isUntouched(file)).toBe(true);
  expect((await readFlowFiles(dir, [file]))[0]).toBe(file);

  // As long as before, and as old.
  const path = join(dir, text);
  writeFileSync(`${path}.new`, 'msg.b = 2;\nreturn msg;');
  renameSync(`${path}.new`, path);
  expect(isUntouched(file)).toBe(false);
  const [again] = await readFlowFiles(dir, [file]);
  expect(again && nodesOf(again).find(({ id }) => id === 'n')?.func).toMatch(/^msg\.b = 2;/);
  if (!again) throw new Error('no file');
  rememberRead(again, Date.now() + LATER);
  expect(isUntouched(again)).toBe(true);
  rmSync(path);
  expect(isUntouched(again)).toBe(false);
});
