import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createObjectReader } from './object-reader.ts';
import { RevisionFiles } from './revision-files.ts';

const edit = fc.record({
  name: fc.constantFrom(
    'a.json',
    'a/x.js',
    'a/y.js',
    'flows/a.json',
    'flows/a/x.js',
    'flows/a b/ä\tz.js',
    'flows/b/c/d.md',
  ),
  mode: fc.constantFrom('100644', '100755', '120000', '160000', null),
  content: fc.constantFrom('', 'one', 'two', 'long'.repeat(200)),
});
const revisions = fc.array(fc.array(edit, { maxLength: 4 }), { minLength: 2, maxLength: 6 });

describe('the files of revisions', () => {
  it('are what git lists, one revision after the other', async () => {
    await fc.assert(
      fc.asyncProperty(revisions, fc.constantFrom('', 'flows', 'flows/a b', 'gone'), async (commits, path) => {
        const dir = mkdtempSync(join(tmpdir(), 'redstart-revisions-'));
        const stop = new AbortController();
        const git = (args: string[], input?: string): string =>
          execFileSync('git', args, { cwd: dir, encoding: 'utf8', input, env: { PATH: process.env.PATH, HOME: dir } });
        try {
          git(['init', '--bare', '--quiet', '.']);
          git(['fast-import', '--quiet'], stream(commits));
          const env = { PATH: process.env.PATH ?? '', HOME: dir };
          const objects = createObjectReader({ dir, env, limit: 500, silentMs: 60_000, signal: stop.signal });
          const files = new RevisionFiles(objects, path, async () => new Map());
          for (const commit of git(['rev-list', '--reverse', 'main']).trim().split('\n')) {
            const within = path === '' ? [] : ['--', `${path}/`];
            const listed = git(['ls-tree', '-r', '-z', '-l', '--full-tree', commit, ...within])
              .split('\0')
              .filter((line) => line !== '')
              .map((line) => {
                const [head = '', name = ''] = line.split(/\t(.*)/s);
                const [mode, , blob, size] = head.split(/ +/);
                const own = path === '' ? name : name.slice(path.length + 1);
                return { name: own, mode, blob, bytes: size === '-' ? 0 : Number(size) };
              });
            expect(await files.of(commit)).toEqual(listed);
            const blobs = listed
              .filter(({ mode, bytes }) => mode !== '160000' && bytes <= 500)
              .map(({ blob = '' }) => blob);
            const read = await files.read(blobs);
            for (const blob of blobs) expect(read.get(blob)?.toString()).toBe(git(['cat-file', 'blob', blob]));
          }
        } finally {
          stop.abort();
          rmSync(dir, { recursive: true, force: true });
        }
      }),
      { numRuns: 8, seed: 20260101 },
    );
  });

  it('has the sizes of many new files at once, and those of few with their contents', async () => {
    const asked: string[] = [];
    const read: string[] = [];
    const object = (type: string, content: Buffer) => ({ id: 'f'.repeat(40), type, bytes: content.length, content });
    const id = (number: number): string => number.toString(16).padStart(40, '0');
    const treeOf = (count: number): Buffer =>
      Buffer.concat(
        Array.from({ length: count }, (_, at) => [Buffer.from(`100644 ${at}.js\0`), Buffer.from(id(at), 'hex')]).flat(),
      );
    let count = 500;
    const files = new RevisionFiles(
      {
        async read(name) {
          read.push(name);
          return name.endsWith('^{tree}')
            ? { ...object('tree', treeOf(count)), id: id(count + 1_000_000) }
            : object('blob', Buffer.from('text'));
        },
        close() {},
      },
      '',
      async (commit) => {
        asked.push(commit);
        return new Map(Array.from({ length: count }, (_, at) => [id(at), at]));
      },
    );
    const first = await files.of('1');
    expect([first.length, first[7]?.bytes, asked, read]).toEqual([500, 7, ['1'], ['1^{tree}']]);
    count = 502;
    const second = await files.of('2');
    expect([second.length, second[501]?.bytes, asked.length]).toEqual([502, 4, 1]);
    expect(read.slice(1)).toEqual(['2^{tree}', id(500), id(501)]);
    expect((await files.read([id(501)])).get(id(501))?.toString()).toBe('text');
    expect(read.length).toBe(4);
  });
});

/** For `git fast-import`. */
function stream(commits: readonly { name: string; mode: string | null; content: string }[][]): string {
  return commits
    .map((edits) => {
      const message = 'commit refs/heads/main\ncommitter A <a@b> 1 +0000\ndata 0\n';
      const changes = edits.map(({ name, mode, content }) => {
        const path = `"${name.replace('\t', '\\t')}"`;
        if (mode === null) return `D ${path}\n`;
        if (mode === '160000') return `M 160000 ${'1'.repeat(40)} ${path}\n`;
        return `M ${mode} inline ${path}\ndata ${content.length}\n${content}\n`;
      });
      return message + changes.join('');
    })
    .join('');
}
