import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditEvent } from '../audit/audit-event.ts';
import { parseTokensFile } from '../config/tokens-file.ts';
import { parseUsersFile } from '../config/users-file.ts';
import { ApiTokens } from './api-tokens.ts';
import { LOOK_AGAIN_MS } from './sessions.ts';
import { hashToken, makeToken } from './token-hash.ts';
import { openTokenUse, readTokenUses } from './token-use.ts';
import { UserDirectory } from './user-directory.ts';

let dir: string;
let lines: { level: number; msg: string }[];
const closing: { close(): void | Promise<void> }[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-followed-'));
  lines = [];
});
afterEach(async () => {
  for (const each of closing.splice(0)) await each.close();
  await rm(dir, { recursive: true, force: true });
});
const logger = () => pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
// Looks at the files only when a test says so.
const everyMs = 1_000_000;

describe('UserDirectory', () => {
  it('follows the file, and tells who is not who they were', async () => {
    const file = join(dir, 'users.yaml');
    const [one, two] = await Promise.all([hash('correct horse', 10), hash('battery staple', 10)]);
    const text = (users: Record<string, [string, string]>): string =>
      Object.entries(users)
        .map(([name, [password, role]]) => `- {username: ${name}, passwordHash: '${password}', role: ${role}}\n`)
        .join('') || '[]\n';
    const users: Record<string, [string, string]> = { ada: [one, 'editor'], bob: [one, 'viewer'], cy: [two, 'viewer'] };
    await writeFile(file, text(users));
    const changed: string[] = [];
    const directory = new UserDirectory(
      { admin: null, users: { file, list: parseUsersFile(text(users), null).users } },
      { logger: logger(), everyMs, onChange: (name) => changed.push(name) },
    );
    closing.push(directory);
    const put = async (content: string): Promise<string[]> => {
      await writeFile(file, content);
      await directory.check();
      return changed.splice(0);
    };
    const ada = directory.get('ada');
    expect(await put(text(users))).toEqual([]);
    // Another password, another role, gone, and one who is new.
    expect(await put(text({ ada: users.ada as [string, string], bob: [two, 'viewer'], cy: [two, 'editor'] }))).toEqual([
      'bob',
      'cy',
    ]);
    expect(directory.get('ada')).toBe(ada);
    expect(directory.get('cy')?.role).toBe('editor');
    expect(await put(text({ bob: [two, 'viewer'], dan: [one, 'admin'] }))).toEqual(['ada', 'cy', 'dan']);
    expect(directory.get('ada')).toBeUndefined();
    expect(await directory.get('dan')?.verifyPassword('correct horse')).toBe(true);

    // A new version with a mistake is not taken at all.
    lines.length = 0;
    expect(await put(`${text({ eve: [one, 'admin'] })}- {username: bob, passwordHash: x, role: boss}\n`)).toEqual([]);
    await rm(file);
    await directory.check();
    expect(directory.get('eve')).toBeUndefined();
    expect(directory.get('dan')?.role).toBe('admin');
    expect(lines.map(({ level }) => level)).toEqual([50, 50]);
    expect(lines[0]?.msg).toContain('line 2: role is none of the accepted values: "boss"');
    expect(JSON.stringify(lines)).not.toContain('$2b$');
    // An empty list is no mistake: somebody took everybody out.
    expect(await put('[]\n')).toEqual(['bob', 'dan']);
  });

  it('knows the dearest hash, which is what refusals are made to cost', async () => {
    const users = parseUsersFile(
      `- {username: a, passwordHash: '${await hash('correct horse', 10)}', role: viewer}\n- {username: b, passwordHash: '${await hash('correct horse', 11)}', role: viewer}\n`,
      null,
    ).users;
    const directory = new UserDirectory(
      { admin: null, users: { file: join(dir, 'none'), list: users } },
      { logger: logger(), everyMs, onChange: () => {} },
    );
    closing.push(directory);
    expect(directory.dearest).toBe(11);
  });
});

describe('ApiTokens', () => {
  const line = (name: string, token: string, role: string, expires = 'never'): string =>
    `- {name: ${name}, sha256: ${hashToken(token)}, role: ${role}, expires: ${expires}}\n`;

  it('follows the file: who is taken out, or has another role, is out', async () => {
    const file = join(dir, 'tokens.yaml');
    const [a, b] = [makeToken(), makeToken()];
    const text = line('a', a, 'editor') + line('b', b, 'viewer');
    await writeFile(file, text);
    const revoked: string[] = [];
    const tokens = new ApiTokens(
      { file, list: parseTokensFile(text).tokens },
      { logger: logger(), everyMs, onEnd: ({ name }) => revoked.push(name) },
    );
    closing.push(tokens);
    await tokens.check();
    expect(tokens.find(a)).toEqual({ user: 'token:a', role: 'editor', by: 'token' });
    for (const wrong of ['', hashToken(a), `${a}x`, '__proto__']) expect(tokens.find(wrong)).toBeNull();
    const ended: string[] = [];
    tokens.watch(a, () => ended.push('a'));
    tokens.watch(b, () => ended.push('b'));

    await writeFile(file, `${text}- {name: c}\n`);
    await tokens.check();
    expect([tokens.find(a)?.role, ended]).toEqual(['editor', []]);
    await writeFile(file, line('a', a, 'admin'));
    await tokens.check();
    expect([tokens.find(a)?.role, tokens.find(b), ended.sort(), revoked.sort()]).toEqual([
      'admin',
      null,
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('ends at its time, for requests and for connections', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    try {
      const token = makeToken();
      const { tokens: list } = parseTokensFile(line('a', token, 'viewer', '2026-01-01T00:00:10Z'));
      const tokens = new ApiTokens({ file: join(dir, 'none'), list }, { logger: logger(), everyMs });
      const ended: string[] = [];
      tokens.watch(token, () => ended.push('a'));
      vi.advanceTimersByTime(9999);
      expect([tokens.find(token)?.user, ended]).toEqual(['token:a', []]);
      vi.advanceTimersByTime(1);
      expect([tokens.find(token), ended]).toEqual([null, ['a']]);
      tokens.close();

      const { tokens: later } = parseTokensFile(line('a', token, 'viewer', '2026-03-01'));
      const jumped = new ApiTokens({ file: join(dir, 'none'), list: later }, { logger: logger(), everyMs });
      jumped.watch(token, () => ended.push('after a jump of the clock'));
      vi.setSystemTime(Date.UTC(2026, 3, 1));
      vi.advanceTimersByTime(LOOK_AGAIN_MS);
      expect([jumped.find(token), ended]).toEqual([null, ['a', 'after a jump of the clock']]);
      jumped.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('openTokenUse', () => {
  it('keeps the last use of each token without a write a call, and tells the trail now and then', async () => {
    const path = join(dir, 'use.json');
    const events: AuditEvent[] = [];
    const clock = { now: Date.UTC(2026, 0, 1) };
    const use = await openTokenUse({
      path,
      logger: logger(),
      now: () => clock.now,
      audit: { record: (event) => void events.push(event) },
    });
    for (let i = 0; i < 100; i += 1) use.used('token:bot', '203.0.113.1');
    use.used('token:bot', '203.0.113.2');
    await expect(readFile(path)).rejects.toThrow('ENOENT');
    clock.now += 10 * 60_000;
    use.used('token:bot', '203.0.113.1');
    expect(events.map(({ address }) => address)).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.1']);
    await use.close();
    expect(await readTokenUses(path)).toEqual({ bot: { at: '2026-01-01T00:10:00.000Z', address: '203.0.113.1' } });
  });
});
