import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlannedChange } from '../flow-store.ts';
import { gitPatch } from './git-patch.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-patch-'));
});
afterAll(async () => await rm(dir, { recursive: true, force: true }));

/** What `git apply` makes of the patch. */
async function applied(changes: readonly PlannedChange[]): Promise<void> {
  const folder = await mkdtemp(join(dir, 'x-'));
  for (const { name, before } of changes) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    if (before !== null) await writeFile(join(folder, name), before);
  }
  const { status, stderr } = spawnSync('git', ['apply', '--whitespace=nowarn', '-'], {
    cwd: folder,
    input: gitPatch(changes),
    encoding: 'utf8',
    env: { ...process.env, GIT_CEILING_DIRECTORIES: dir },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const { name, text } of changes) {
    const now = await readFile(join(folder, name), 'utf8').catch(() => null);
    expect(now).toBe(text);
  }
}

const change = (name: string, before: string | null, text: string | null): PlannedChange => ({
  name,
  path: `/flows/${name}`,
  before,
  text,
});

it('is taken by git: changed, new, removed files, whatever their names and ends', async () => {
  await applied([
    change('changed.json', 'a\nb\nc\n', 'a\nB\nc\n'),
    change('new/code.js', null, 'one\n'),
    change('gone.json', 'x\n', null),
    change('no end.json', 'a\nb', 'a\nb\nc'),
    change('with "quotes" and \\.json', 'a\n', 'b\n'),
    change('größe.json', 'a\n', 'b\n'),
    change('filled.json', '', 'a\n'),
    change('emptied.json', 'a\n', ''),
  ]);
});

it('shows what changed and nothing else', () => {
  expect(gitPatch([change('a/b.js', 'one\ntwo\n', 'one\n2\n')])).toBe(
    'diff --git a/a/b.js b/a/b.js\n--- a/a/b.js\n+++ b/a/b.js\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n',
  );
});

it('of any two texts leads from one to the other', async () => {
  const text = fc.array(fc.constantFrom('a', 'b', '', ' ', 'c d', '\\')).map((lines) => lines.join('\n'));
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      if (before !== after) await applied([change('f', before, after)]);
    }),
    { numRuns: 25 },
  );
});

it('of two long texts with nothing in common is made at once', async () => {
  const lines = (mark: string): string => Array.from({ length: 20_000 }, (_, n) => `${mark}${n}\n`).join('');
  await applied([change('f', lines('a'), lines('b'))]);
  expect((await stat(dir)).isDirectory()).toBe(true);
});
