import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FileChange, finishWriting, removeLeftOvers, replaceFile, writeFiles } from './write-files.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-write-'));
});
afterEach(async () => await rm(dir, { recursive: true, force: true }));

const change = (name: string, text: string | null): FileChange => ({ path: join(dir, name), text, mode: 0o644 });
const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');

it('writes, creates and removes', async () => {
  await writeFile(join(dir, 'a'), 'old', { mode: 0o640 });
  await writeFile(join(dir, 'c'), 'old');
  await writeFiles([change('a', 'new'), change('b', 'new'), change('c', null)]);
  expect((await readdir(dir)).sort()).toEqual(['a', 'b']);
  expect([await read('a'), await read('b')]).toEqual(['new', 'new']);
  expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o640);
  expect((await stat(join(dir, 'b'))).mode & 0o777).toBe(0o644);
});

it('leaves everything as it was when one file cannot be written', async () => {
  await writeFile(join(dir, 'a'), 'old');
  await expect(writeFiles([change('a', 'new'), change('missing/b', 'new')])).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readdir(dir)).toEqual(['a']);
  expect(await read('a')).toBe('old');
});

it('puts back what it had renamed or removed when a later rename fails', async () => {
  await writeFile(join(dir, 'a'), 'old', { mode: 0o640 });
  await writeFile(join(dir, 'b'), 'old');
  const trap: FileChange = {
    path: join(dir, 'd'),
    mode: 0o644,
    // Read while staging: from then on a folder stands in the way of the rename.
    get text() {
      mkdirSync(join(dir, 'd', 'x'), { recursive: true });
      return 'new';
    },
  };
  await expect(writeFiles([change('a', 'new'), change('b', null), change('c', 'new'), trap])).rejects.toThrow();
  expect((await readdir(dir)).sort()).toEqual(['a', 'b', 'd']);
  expect([await read('a'), await read('b')]).toEqual(['old', 'old']);
  expect((await stat(join(dir, 'a'))).mode & 0o777).toBe(0o640);
});

it('replaceFile leaves no temporary file behind when it fails', async () => {
  await mkdir(join(dir, 'a'));
  await writeFile(join(dir, 'a', 'x'), '');
  await expect(replaceFile(join(dir, 'a'), 'new', 0o600)).rejects.toThrow();
  expect(await readdir(dir)).toEqual(['a']);
});

it('finishes what a process that died between two renames had begun, and what it had not', async () => {
  const point = Symbol.for('redstart.failpoints');
  const journal = join(dir, 'data', '.journal');
  for (const where of ['flows.staged', 'flows.renamed']) {
    for (const name of ['a.json', 'b.json', 'c.json']) await writeFile(join(dir, name), 'old');
    const copy = await mkdtemp(join(tmpdir(), 'redstart-write-'));
    // What is on disk at that point is all that is left.
    let copied = false;
    const copyOnce = (name: string): void => {
      if (name !== where || copied) return;
      copied = true;
      execFileSync('cp', ['-a', `${dir}/.`, copy]);
    };
    Object.assign(globalThis, { [point]: copyOnce });
    await writeFiles([change('a.json', 'new'), change('b.json', 'new'), change('c.json', null)], journal);
    Object.assign(globalThis, { [point]: undefined });
    expect(copied).toBe(true);
    await rm(dir, { recursive: true });
    await rename(copy, dir);
    await finishWriting(journal);
    await removeLeftOvers(dir);
    expect((await readdir(dir)).sort()).toEqual(['a.json', 'b.json', 'data']);
    expect([await read('a.json'), await read('b.json')]).toEqual(['new', 'new']);
    await finishWriting(journal);
  }
});

it.each([
  ['one', ['a.json'], 'by hand'],
  ['another', ['d.json'], 'by hand'],
  ['all', ['a.json', 'b.json', 'c.json', 'd.json'], 'old'],
])('leaves files alone of which somebody put %s right after the process died', async (_which, names, content) => {
  const point = Symbol.for('redstart.failpoints');
  const journal = join(dir, 'data', '.journal');
  const all = ['a.json', 'b.json', 'c.json', 'd.json'];
  for (const name of all) await writeFile(join(dir, name), 'old');
  let renames = 0;
  const dieAtSecond = (name: string): void => {
    if (name === 'flows.renamed' && ++renames === 2) execFileSync('cp', ['-a', dir, `${dir}-then`]);
  };
  Object.assign(globalThis, { [point]: dieAtSecond });
  await writeFiles(
    all.map((name) => change(name, name === 'd.json' ? null : 'new')),
    journal,
  );
  Object.assign(globalThis, { [point]: undefined });
  await rm(dir, { recursive: true });
  await rename(`${dir}-then`, dir);
  for (const name of names) await writeFile(join(dir, name), content);
  const contents = (): Promise<(string | null)[]> => Promise.all(all.map((name) => read(name).catch(() => null)));
  const before = await contents();
  await finishWriting(journal);
  expect(await contents()).toEqual(before);
  expect((await readdir(dir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(await readdir(join(dir, 'data'))).toEqual([]);
});
