import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseHttpTokens, parseHttpUsers } from './http-callers.ts';
import { loadConfig } from './load-config.ts';
import { ConfigError } from './problem.ts';

const HASH = '$2b$12$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.';
const SHA = 'a'.repeat(64);

describe('the users file of the endpoints', () => {
  it('takes users, with paths or without', () => {
    const { list, faults } = parseHttpUsers(
      `- {username: lims, passwordHash: '${HASH}', paths: [/samples, /runs/new]}\n- {username: ops, passwordHash: '${HASH}'}\n`,
      'hook',
    );
    expect(faults).toEqual([]);
    expect(list.map(({ username, paths }) => ({ username, paths }))).toEqual([
      { username: 'lims', paths: ['/samples', '/runs/new'] },
      { username: 'ops', paths: ['/'] },
    ]);
  });

  it.each([
    [`- {username: a, passwordHash: '${HASH}', paths: [samples]}`, 'paths is no beginning of a path'],
    [`- {username: a, passwordHash: '${HASH}', paths: [/a/]}`, 'paths is no beginning of a path'],
    [`- {username: a, passwordHash: '${HASH}', paths: [/a/../b]}`, 'paths is no beginning of a path'],
    [`- {username: a, passwordHash: '${HASH}', paths: []}`, 'paths is empty'],
    [`- {username: hook, passwordHash: '${HASH}'}`, 'is that of REDSTART_HTTP_USER'],
    [`- {username: a, passwordHash: '${HASH}'}\n- {username: a, passwordHash: '${HASH}'}`, 'is there already'],
    ['- {username: a, passwordHash: hunter2hunter2}', 'is not a bcrypt hash'],
    ['- {username: a, password: hunter2}', 'which is none of'],
    ['a: b', 'is not a list'],
  ])('says what is wrong with %s', (text, words) => {
    const { faults } = parseHttpUsers(text, 'hook');
    expect(faults.map(({ problem }) => problem).join('\n')).toContain(words);
    expect(JSON.stringify(faults)).not.toContain('hunter2');
  });
});

describe('the tokens file of the endpoints', () => {
  it('takes tokens, which end or not', () => {
    const { list, faults } = parseHttpTokens(
      `- {name: lims, sha256: ${SHA}, paths: [/samples], expires: 2027-01-31}\n- {name: ci, sha256: ${'b'.repeat(64)}, paths: /}\n`,
    );
    expect(faults).toEqual([]);
    expect(list).toEqual([
      { name: 'lims', sha256: SHA, paths: ['/samples'], expires: Date.UTC(2027, 0, 31) },
      { name: 'ci', sha256: 'b'.repeat(64), paths: ['/'], expires: null },
    ]);
  });

  it.each([
    [`- {name: a, sha256: ${SHA}}`, 'has no paths'],
    ['- {name: a, sha256: rs_tokenitself, paths: [/]}', 'is no SHA-256'],
    [`- {name: a, sha256: ${SHA}, paths: [/]}\n- {name: b, sha256: ${SHA}, paths: [/]}`, 'is there already'],
    [`- {name: a, sha256: ${SHA}, paths: [/], expires: soon}`, 'is neither a date nor never'],
  ])('says what is wrong with %s', (text, words) => {
    const { faults } = parseHttpTokens(text);
    expect(faults.map(({ problem }) => problem).join('\n')).toContain(words);
    expect(JSON.stringify(faults)).not.toContain('tokenitself');
  });
});

describe('in the configuration', () => {
  let cwd: string;
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'redstart-callers-'));
    writeFileSync(join(cwd, 'users.yaml'), `- {username: lims, passwordHash: '${HASH}'}\n`, { mode: 0o600 });
    writeFileSync(join(cwd, 'tokens.yaml'), `- {name: lims, sha256: ${SHA}, paths: [/samples]}\n`, { mode: 0o600 });
  });
  afterEach(() => rmSync(cwd, { recursive: true }));
  const TOKEN = { TOWER_ACCESS_TOKEN: 'a-platform-token' };
  const load = (env: Record<string, string>) => loadConfig({ env: { ...TOKEN, ...env }, cwd }).httpAuth;
  const told = (env: Record<string, string>): string[] => {
    try {
      load(env);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    }
  };

  it('the files decide the mode', () => {
    const users = load({ REDSTART_HTTP_USERS_FILE: 'users.yaml' });
    expect([users.mode, users.user, users.users?.list.length]).toEqual(['basic', null, 1]);
    const tokens = load({ REDSTART_HTTP_TOKENS_FILE: 'tokens.yaml' });
    expect([tokens.mode, tokens.tokens?.list[0]?.name, tokens.users]).toEqual(['token', 'lims', null]);
    expect([load({}).rateLimit, load({ REDSTART_HTTP_RATE_LIMIT: '0' }).rateLimit]).toEqual([6000, null]);
  });

  it('what would count for nothing is refused', () => {
    expect(told({ REDSTART_HTTP_AUTH: 'token' })).toEqual([
      'REDSTART_HTTP_TOKENS_FILE is not set, but REDSTART_HTTP_AUTH is token',
    ]);
    expect(told({ REDSTART_HTTP_USERS_FILE: 'users.yaml', REDSTART_HTTP_TOKENS_FILE: 'tokens.yaml' })).toEqual([
      'REDSTART_HTTP_AUTH is basic, but REDSTART_HTTP_TOKENS_FILE is set and would count for nothing',
    ]);
    expect(told({ REDSTART_HTTP_AUTH: 'none', REDSTART_HTTP_USERS_FILE: 'users.yaml' })).toEqual([
      'REDSTART_HTTP_AUTH is none, but REDSTART_HTTP_USERS_FILE is set and would count for nothing',
    ]);
    expect(told({ REDSTART_HTTP_TOKENS_FILE: 'nowhere.yaml' }).join()).toContain('ENOENT');
  });
});
