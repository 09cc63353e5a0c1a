import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './index.ts';

const HASH = '$2b$12$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.';
const SHA = 'a'.repeat(64);
const ADMIN = { REDSTART_ADMIN_PASSWORD: 'correct horse battery' };

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'redstart-users-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (env: Record<string, string>, local = false) => loadConfig({ env, cwd, local });
const file = (name: string, content: string): void => writeFileSync(join(cwd, name), content, { mode: 0o600 });
function told(env: Record<string, string>): string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ variable, problem }) => `${variable} ${problem.replace(cwd, '.')}`);
    throw error;
  }
  return [];
}

describe('REDSTART_USERS_FILE', () => {
  it('gives users beside the one of the environment, or alone', () => {
    file('users.yaml', `- {username: bob, passwordHash: '${HASH}', role: operator}\n`);
    const beside = load({ ...ADMIN, REDSTART_USERS_FILE: 'users.yaml' }).auth;
    expect(beside?.admin).toMatchObject({ username: 'admin', role: 'admin' });
    expect(beside?.users).toMatchObject({
      file: join(cwd, 'users.yaml'),
      list: [{ username: 'bob', role: 'operator', cost: 12 }],
    });
    const alone = load({ REDSTART_USERS_FILE: 'users.yaml' }, true).auth;
    expect(alone).toMatchObject({ admin: null, oneTimePassword: null, users: { list: [{ username: 'bob' }] } });
  });

  it('tells all faults at once, each with its line, and no hash', () => {
    file(
      'users.yaml',
      [
        `- {username: admin, passwordHash: '${HASH}', role: viewer}`,
        `- {username: bob, passwordHash: '${HASH.replace('12', '04')}', role: viewer}`,
        `- {username: bob, passwordHash: plain-text-password, role: boss}`,
        `- {username: cy, passwordHash: '${HASH}', role: viewer}`,
        `- {username: cy, passwordHash: '${HASH}', role: viewer}`,
        `- {username: __proto__, password: 'secret-in-clear', role: viewer}`,
      ].join('\n'),
    );
    const faults = told({ ...ADMIN, REDSTART_USERS_FILE: 'users.yaml' });
    expect(faults.map((text) => text.replace('REDSTART_USERS_FILE (./users.yaml), ', '').slice(0, 60))).toEqual([
      'line 1: username "admin" is that of REDSTART_ADMIN_USER: one',
      'line 2: passwordHash has a cost of 4, which is too cheap to ',
      'line 3: passwordHash is not a bcrypt hash (expected: a bcryp',
      'line 3: role is none of the accepted values: "boss" (expecte',
      'line 5: username "cy" is there already, in line 4',
      'line 6: username has characters in it that a user name canno',
      'line 6: has "password", which is none of username, passwordH',
      'line 6: has no passwordHash (a bcrypt hash of a cost from 10',
    ]);
    expect(faults.join()).not.toMatch(/plain-text|in-clear|\$2b/);
  });

  it('refuses a file that is not there, that everybody can write, or that lets nobody in', () => {
    expect(told({ REDSTART_USERS_FILE: 'none.yaml' })[0]).toContain('ENOENT');
    file('users.yaml', `- {username: bob, passwordHash: '${HASH}', role: viewer}\n`);
    chmodSync(join(cwd, 'users.yaml'), 0o666);
    expect(told({ REDSTART_USERS_FILE: 'users.yaml' })[0]).toContain('can be changed by every user');
    file('empty.yaml', '[]\n');
    expect(told({ REDSTART_USERS_FILE: 'empty.yaml' })).toEqual([
      'REDSTART_USERS_FILE holds no user: nobody could sign in',
    ]);
    expect(load({ ...ADMIN, REDSTART_USERS_FILE: 'empty.yaml' }).auth?.users?.list).toEqual([]);
  });
});

describe('REDSTART_TOKENS_FILE', () => {
  it('gives tokens with their end', () => {
    file(
      'tokens.yaml',
      `- {name: a, sha256: ${SHA}, role: editor, expires: 2027-01-31}\n- {name: b, sha256: ${'1'.repeat(64)}, role: viewer, expires: never}\n`,
    );
    expect(load({ ...ADMIN, REDSTART_TOKENS_FILE: 'tokens.yaml' }).auth?.tokens?.list).toEqual([
      { name: 'a', sha256: SHA, role: 'editor', expires: Date.UTC(2027, 0, 31) },
      { name: 'b', sha256: '1'.repeat(64), role: 'viewer', expires: null },
    ]);
  });

  it('tells what is wrong with it, and that it is for an admin API that there must be', () => {
    file(
      'tokens.yaml',
      `- {name: a, sha256: ${SHA}, role: editor, expires: 2027-13-31}\n- {name: b, sha256: XYZ, role: viewer}\n- {name: c, sha256: ${SHA}, role: viewer, expires: never}\n- {name: d, sha256: ${SHA}, role: viewer, expires: never}\n`,
    );
    expect(
      told({ ...ADMIN, REDSTART_TOKENS_FILE: 'tokens.yaml' }).map((text) =>
        text.replace(/^.*?, line/, 'line').slice(0, 50),
      ),
    ).toEqual([
      'line 1: expires is neither a date nor never: "2027',
      'line 2: sha256 is no SHA-256 (expected: 64 hex dig',
      'line 2: has no expires (a date (2027-01-31), a tim',
      `line 4: sha256 "${'a'.repeat(34)}`,
    ]);
    file('good.yaml', '[]');
    expect(told({ REDSTART_TOKENS_FILE: 'good.yaml' })).toEqual([
      'REDSTART_TOKENS_FILE is set, but without any way to sign in there is no admin API for them',
    ]);
  });
});

describe('REDSTART_OIDC_…', () => {
  const OIDC = {
    REDSTART_OIDC_ISSUER: 'https://login.example.com/realms/lab/',
    REDSTART_OIDC_CLIENT_ID: 'redstart',
    REDSTART_OIDC_ROLE_MAP: 'cn=admins,cn=ok=admin, bioinfo=editor,*=viewer',
  };

  it('is complete with issuer, client and role map', () => {
    expect(load({ ...OIDC, REDSTART_OIDC_ROLE_MAP: 'x=y=admin, bioinfo=editor,*=viewer' }).auth).toMatchObject({
      admin: null,
      oidc: {
        // As it is given: the slash is part of the name.
        issuer: 'https://login.example.com/realms/lab/',
        clientId: 'redstart',
        clientSecret: null,
        scopes: 'openid profile email',
        usernameClaim: 'preferred_username',
        rolesClaim: 'groups',
        roleMap: [
          ['x=y', 'admin'],
          ['bioinfo', 'editor'],
          ['*', 'viewer'],
        ],
      },
    });
  });

  it('refuses halves, plain http to elsewhere, and maps that say nothing', () => {
    expect(told({ REDSTART_OIDC_CLIENT_SECRET: 'a-client-secret' })).toEqual([
      'REDSTART_OIDC_ISSUER is not set, but REDSTART_OIDC_CLIENT_SECRET is',
      'REDSTART_OIDC_CLIENT_ID is not set, but REDSTART_OIDC_CLIENT_SECRET is',
      'REDSTART_OIDC_ROLE_MAP is not set, but REDSTART_OIDC_CLIENT_SECRET is',
    ]);
    expect(told({ ...OIDC, REDSTART_OIDC_ISSUER: 'http://login.example.com' })[0]).toContain('is not https://');
    expect(
      load({ ...OIDC, REDSTART_OIDC_ISSUER: 'http://127.0.0.1:9', REDSTART_OIDC_ROLE_MAP: '*=viewer' }).auth?.oidc
        ?.issuer,
    ).toBe('http://127.0.0.1:9');
    expect(told(OIDC)[0]).toContain('has an entry that does not end in one of admin');
    for (const map of ['bioinfo', '=admin', 'a=root', 'a=admin,'])
      expect([map, told({ ...OIDC, REDSTART_OIDC_ROLE_MAP: map }).length]).toEqual([map, 1]);
    expect(told({ ...OIDC, REDSTART_OIDC_ROLE_MAP: '*=viewer', REDSTART_OIDC_SCOPES: 'profile' })[0]).toContain(
      'has no openid',
    );
  });
});
