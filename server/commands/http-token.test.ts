import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { hashToken } from '../auth/token-hash.ts';
import { parseHttpTokens } from '../config/http-callers.ts';
import { createHttpToken } from './http-token.ts';

const dir = mkdtempSync(join(tmpdir(), 'redstart-http-token-'));
afterEach(() => rmSync(join(dir, 'tokens.yaml'), { force: true }));

async function create(name: string, paths: string[], file?: string) {
  const said = { output: '', note: '' };
  await createHttpToken(
    name,
    { paths, days: 30, file },
    {
      output: (text) => {
        said.output += text;
      },
      note: (text) => {
        said.note += text;
      },
      now: () => Date.UTC(2026, 0, 1),
    },
  );
  return said;
}

it('prints the line for the file, and the token apart from it', async () => {
  const { output, note } = await create('lims', ['/samples', '/runs']);
  const { list, faults } = parseHttpTokens(/^- .*$/m.exec(note)?.[0] ?? '');
  expect(faults).toEqual([]);
  expect(list).toEqual([
    { name: 'lims', sha256: hashToken(output.trim()), paths: ['/samples', '/runs'], expires: Date.UTC(2026, 0, 31) },
  ]);
  expect(note).not.toContain(output.trim());
});

it('adds it to a file, and leaves alone what is there', async () => {
  const file = join(dir, 'tokens.yaml');
  writeFileSync(file, '# ours\n[]\n');
  await create('one', ['/a'], file);
  await create('two', ['/'], file);
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/^# ours\n/);
  expect(parseHttpTokens(text).list.map(({ name, paths }) => [name, paths])).toEqual([
    ['one', ['/a']],
    ['two', ['/']],
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(create('two', ['/b'], file)).rejects.toThrow(/is there already/);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

it.each([
  ['no name!', ['/a'], /name/],
  ['lims', [], /no path/],
  ['lims', ['a'], /path a is no beginning/],
])('refuses %s for %j', async (name, paths, words) => {
  await expect(create(name, paths)).rejects.toThrow(words);
});
