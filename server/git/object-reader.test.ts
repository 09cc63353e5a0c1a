import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createObjectReader, type ObjectReader } from './object-reader.ts';

let dir: string;
let stop: AbortController;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-objects-'));
  git('init', '--bare', '--quiet', '.');
  stop = new AbortController();
});
afterEach(() => {
  stop.abort();
  rmSync(dir, { recursive: true, force: true });
});

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: dir, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: dir } }).trim();
const store = (content: string | Buffer): string =>
  execFileSync('git', ['hash-object', '-w', '--stdin'], { cwd: dir, encoding: 'utf8', input: content }).trim();
const reader = (more: { limit?: number; silentMs?: number; path?: string } = {}): ObjectReader =>
  createObjectReader({
    dir,
    env: { PATH: more.path ?? process.env.PATH ?? '', HOME: dir },
    limit: more.limit ?? 1000,
    silentMs: more.silentMs ?? 60_000,
    signal: stop.signal,
  });

describe('reading objects', () => {
  it('answers each question in its turn, whatever the contents are', async () => {
    const contents = ['', '\n', 'a\nb', Buffer.from([0, 10, 255, 10]), 'x missing\n', 'y'.repeat(900)];
    const ids = contents.map(store);
    const own = reader();
    const read = await Promise.all([...ids, 'no such thing', ...ids].map((id) => own.read(id)));
    expect(read[ids.length]).toBeNull();
    const found = [...read.slice(0, ids.length), ...read.slice(ids.length + 1)];
    expect(found.map((object) => object?.content)).toEqual([...contents, ...contents].map((text) => Buffer.from(text)));
    expect(found.map((object) => object?.id)).toEqual([...ids, ...ids]);
  });

  it('keeps nothing of what is larger than the limit, and goes on', async () => {
    const [large, small] = [store('l'.repeat(300_000)), store('small')];
    const own = reader();
    const [first, second] = await Promise.all([own.read(large), own.read(small)]);
    expect(first).toEqual({ id: large, type: 'blob', bytes: 300_000, content: null });
    expect(second?.content?.toString()).toBe('small');
  });

  it('finds what came after it was started', async () => {
    const own = reader();
    expect(await own.read('HEAD')).toBeNull();
    const id = store('new');
    expect((await own.read(id))?.content?.toString()).toBe('new');
  });

  it('starts anew when git has ended', async () => {
    const id = store('x');
    const counter = join(dir, 'starts');
    const script = `#!/bin/sh\necho x >> ${counter}\nread name\necho "$name missing"\n`;
    writeFileSync(join(dir, 'git'), script, { mode: 0o755 });
    const own = reader({ path: `${dir}:${process.env.PATH}` });
    expect(await own.read(id)).toBeNull();
    // It ends after one answer.
    await expect
      .poll(
        async () =>
          await own.read(id).then(
            () => readFileSync(counter, 'utf8').length / 2,
            () => 0,
          ),
      )
      .toBeGreaterThan(1);
  });

  it('waits no longer than it is told, and fails with what git says', async () => {
    const says = (script: string): ObjectReader => {
      writeFileSync(join(dir, 'git'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return reader({ path: `${dir}:${process.env.PATH}`, silentMs: 100 });
    };
    await expect(says('exec sleep 60').read('x')).rejects.toThrow('git said nothing for 0.1 s');
    await expect(says('read name; echo no repository here >&2; exit 128').read('x')).rejects.toThrow(
      'no repository here',
    );
    await expect(says('read name; echo nonsense').read('x')).rejects.toThrow('git cat-file says: nonsense');
    await expect(reader({ path: '/nowhere' }).read('x')).rejects.toThrow(/ENOENT/);
  });

  it('asks nothing once the program stops, nor by a name of two lines', async () => {
    const own = reader();
    await expect(own.read('HEAD\nHEAD')).rejects.toThrow('not the name of an object');
    stop.abort();
    await expect(own.read('HEAD')).rejects.toThrow('the program is stopping');
  });
});
