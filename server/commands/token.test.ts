import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashToken } from '../auth/token-hash.ts';
import { TOKEN_USE_FILE } from '../auth/token-use.ts';
import { parseTokensFile } from '../config/tokens-file.ts';
import { createToken, listTokens, revokeToken } from './token.ts';

let dir: string;
let out = '';
let said = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-token-'));
  out = '';
  said = '';
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const ports = {
  output: (text: string) => {
    out += text;
  },
  note: (text: string) => {
    said += text;
  },
  now: () => Date.UTC(2026, 0, 1),
};
const file = (): string => join(dir, 'tokens.yaml');
const tokens = async () => parseTokensFile(await readFile(file(), 'utf8')).tokens;
const create = async (name: string, into: string | undefined = file(), role = 'editor'): Promise<string> => {
  out = '';
  await createToken(name, { role, days: 30, file: into }, ports);
  return out.trim();
};

describe('token create', () => {
  it('shows the token once and prints the line for the file', async () => {
    await createToken('deploy-bot', { role: 'editor', days: 30 }, ports);
    const token = out.trim();
    expect(token).toMatch(/^rs_[\w-]{43}$/);
    const line = said.split('\n').find((each) => each.startsWith('- {')) ?? '';
    expect(parseTokensFile(line)).toEqual({
      tokens: [{ name: 'deploy-bot', sha256: hashToken(token), role: 'editor', expires: Date.UTC(2026, 0, 31) }],
      faults: [],
    });
    expect(said).not.toContain(token);
  });

  it('adds it to the file, in one step, for its owner alone, and keeps what is there', async () => {
    const first = await create('a');
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    await writeFile(file(), `# for the pipeline\n${await readFile(file(), 'utf8')}`);
    const second = await create('b');
    expect((await tokens()).map(({ sha256 }) => sha256)).toEqual([hashToken(first), hashToken(second)]);
    expect(await readFile(file(), 'utf8')).toMatch(/^# for the pipeline\n- /);
    expect(await readFile(file(), 'utf8')).not.toContain(second);
    for (const text of ['[]\n', '', '# none\n', '# none\n[]']) {
      await writeFile(file(), text);
      await create('c');
      expect((await tokens()).map(({ name }) => name)).toEqual(['c']);
    }
    await writeFile(file(), `[{name: d, sha256: ${'a'.repeat(64)}, role: viewer, expires: never}]\n`);
    await create('e');
    expect((await tokens()).map(({ name }) => name)).toEqual(['d', 'e']);
  });

  it('refuses what it should not do, and leaves the file as it is', async () => {
    await create('a');
    const before = await readFile(file(), 'utf8');
    await expect(create('a')).rejects.toMatchObject({
      code: 'TOKEN_REFUSED',
      message: expect.stringContaining('already'),
    });
    await expect(create('b', file(), 'root')).rejects.toThrow('there is no role "root"');
    await expect(create('b c')).rejects.toThrow('is no name for a token');
    await expect(create('b', join(dir, 'none', 'x.yaml'))).rejects.toThrow('ENOENT');
    expect(await readFile(file(), 'utf8')).toBe(before);
    await writeFile(file(), '- {name: a}\n');
    await expect(create('b')).rejects.toThrow('line 1: has no sha256');
  });
});

it('token list tells when each ends and was last used', async () => {
  await create('a');
  await writeFile(
    file(),
    `${await readFile(file(), 'utf8')}- {name: old, sha256: ${'a'.repeat(64)}, role: viewer, expires: 2025-01-01}\n`,
  );
  await writeFile(join(dir, TOKEN_USE_FILE), '{"a":{"at":"2025-12-31T10:20:30.000Z","address":"203.0.113.1"}}');
  out = '';
  await listTokens(undefined, ports, { file: file(), dataDir: dir });
  expect(out.split('\n')).toEqual([
    'NAME  ROLE    EXPIRES (UTC)               LAST USED (UTC)',
    'a     editor  2026-01-31 00:00            2025-12-31 10:20 from 203.0.113.1',
    'old   viewer  2025-01-01 00:00 (expired)  never',
    '',
  ]);
});

it('token revoke takes one out and leaves the others and the comments', async () => {
  await create('a');
  const kept = await create('b');
  await writeFile(file(), `# ours\n${await readFile(file(), 'utf8')}`);
  const places = { file: file(), dataDir: dir };
  await expect(revokeToken('c', undefined, ports, places)).rejects.toThrow('has no token "c"');
  await revokeToken('a', undefined, ports, places);
  expect((await tokens()).map(({ sha256 }) => sha256)).toEqual([hashToken(kept)]);
  expect(await readFile(file(), 'utf8')).toContain('# ours');
  await revokeToken('b', undefined, ports, places);
  expect(await tokens()).toEqual([]);
});
