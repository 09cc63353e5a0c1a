import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { hashToken, makeToken } from '../../server/auth/token-hash.ts';

export const ROLES = ['admin', 'editor', 'operator', 'viewer'] as const;
export type RoleName = (typeof ROLES)[number];

export interface Accounts {
  env: Record<string, string>;
  /** Of the users, each named as its role. */
  password: string;
  /** An API token of each role, and one that is over. */
  tokens: Record<RoleName | 'expired', string>;
}

/** A user and an API token of every role, in files as an administrator writes them. */
export function accountsIn(folder: string): Accounts {
  const password = 'correct horse of a test';
  const hash = hashSync(password, 10);
  const [usersFile, tokensFile] = [join(folder, 'users.yaml'), join(folder, 'tokens.yaml')];
  const users = ROLES.map((role) => `- {username: ${role}, passwordHash: '${hash}', role: ${role}}\n`);
  const tokens = { ...Object.fromEntries(ROLES.map((role) => [role, makeToken()])), expired: makeToken() };
  const line = (name: string, token: string, role: string, expires: string): string =>
    `- {name: ${name}-bot, sha256: ${hashToken(token)}, role: ${role}, expires: ${expires}}\n`;
  const lines = Object.entries(tokens).map(([name, token]) =>
    name === 'expired' ? line(name, token, 'admin', '2020-01-01') : line(name, token, name, 'never'),
  );
  writeFileSync(usersFile, users.join(''), { mode: 0o600 });
  writeFileSync(tokensFile, lines.join(''), { mode: 0o600 });
  return {
    env: { REDSTART_USERS_FILE: usersFile, REDSTART_TOKENS_FILE: tokensFile },
    password,
    tokens: tokens as Accounts['tokens'],
  };
}
