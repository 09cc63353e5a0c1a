import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type WatchedFile, watchFile } from './watch-file.ts';

let dir: string;
let file: string;
let watched: WatchedFile | null = null;
let seen: string[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-watch-'));
  file = join(dir, 'file');
  seen = [];
});
afterEach(async () => {
  watched?.close();
  await rm(dir, { recursive: true, force: true });
});

function watch(known: string | null): () => Promise<string[]> {
  const watching = watchFile({
    file,
    known,
    maxBytes: 20,
    // Only when the test says so.
    everyMs: 1_000_000,
    changed(text) {
      if (text === 'bad') throw new Error('no good');
      seen.push(`changed ${text}`);
    },
    failed: (reason) => seen.push(`failed ${reason}`),
  });
  watched = watching;
  return async () => {
    await watching.check();
    return seen.splice(0);
  };
}

it('tells of new content, written in place or renamed into it, and of nothing else', async () => {
  await writeFile(file, 'one');
  const look = watch('one');
  expect(await look()).toEqual([]);
  await writeFile(file, 'two');
  expect(await look()).toEqual(['changed two']);
  await writeFile(join(dir, 'next'), 'three');
  await rename(join(dir, 'next'), file);
  expect(await look()).toEqual(['changed three']);
  expect(await look()).toEqual([]);
});

it('takes the first look for a change when nothing is known', async () => {
  await writeFile(file, 'one');
  expect(await watch(null)()).toEqual(['changed one']);
});

it('tells once for each time that the file cannot be used', async () => {
  await writeFile(file, 'one');
  const look = watch('one');
  await rm(file);
  expect([await look(), await look()]).toEqual([['failed ENOENT'], []]);
  await writeFile(file, 'one');
  expect(await look()).toEqual([]);
  await writeFile(file, 'bad');
  expect([await look(), await look()]).toEqual([['failed no good'], []]);
  // Still not usable, in another way: nothing new for whoever has to mend it.
  await rm(file);
  expect(await look()).toEqual([]);
  await writeFile(file, 'x'.repeat(21));
  expect(await look()).toEqual([]);
  await writeFile(file, 'two');
  expect(await look()).toEqual(['changed two']);
  await rm(file);
  expect(await look()).toEqual(['failed ENOENT']);
});
