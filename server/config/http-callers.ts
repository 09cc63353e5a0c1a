import type { HttpTokenConfig, HttpUserConfig } from './config.ts';
import { hashedPassword } from './password-check.ts';
import { passwordHash, userName } from './subjects/credentials.ts';
import { plain, tokenExpiry } from './text-types.ts';
import { tokenName } from './tokens-file.ts';
import { duplicates, type ListFault, parseYamlList } from './yaml-list.ts';

export const HTTP_USERS_EXAMPLE = "- {username: lims, passwordHash: '$2b$12$…', paths: [/samples]}";
export const HTTP_TOKENS_EXAMPLE = '- {name: lims, sha256: 9f86d0…, paths: [/samples], expires: 2027-01-31}';

/** Below the root of the endpoints. */
export const pathPrefix = plain(
  'the beginning of a path below REDSTART_HTTP_PATH, such as /samples; / is all of them',
  /^(?:\/|(?:\/(?!\.\.?(?:\/|$))[\w.~-]+)+)$/,
  'is no beginning of a path: it begins with / and ends without, and has letters, digits and . _ ~ - between',
);

const USER = {
  username: { type: userName },
  passwordHash: { type: passwordHash },
  paths: { type: pathPrefix, many: true, fallback: ['/'] },
} as const;

const TOKEN = {
  name: { type: tokenName },
  sha256: { type: plain('64 hex digits, as `redstart token create` prints them', /^[0-9a-f]{64}$/, 'is no SHA-256') },
  // No default: a token is given for something.
  paths: { type: pathPrefix, many: true },
  expires: { type: tokenExpiry, fallback: null },
} as const;

/** Reads the text of REDSTART_HTTP_USERS_FILE. `taken` is the user of the environment. */
export function parseHttpUsers(text: string, taken: string | null): { list: HttpUserConfig[]; faults: ListFault[] } {
  const { rows, faults } = parseYamlList(text, USER);
  const clash = rows.filter(({ username }) => username === taken);
  return {
    list: rows.map(({ username, passwordHash: hash, paths }) => ({ username, paths, ...hashedPassword(hash) })),
    faults: [
      ...faults,
      ...duplicates(rows, (index) => rows[index]?.username ?? '', 'username'),
      ...clash.map(({ line, username }) => ({
        line,
        problem: `username "${username}" is that of REDSTART_HTTP_USER: one name, one caller`,
      })),
      ...empty(rows),
    ].sort((a, b) => a.line - b.line),
  };
}

/** Reads the text of REDSTART_HTTP_TOKENS_FILE. */
export function parseHttpTokens(text: string): { list: HttpTokenConfig[]; faults: ListFault[] } {
  const { rows, faults } = parseYamlList(text, TOKEN);
  return {
    list: rows.map(({ name, sha256, paths, expires }) => ({ name, sha256, paths, expires })),
    faults: [
      ...faults,
      ...duplicates(rows, (index) => rows[index]?.name ?? '', 'name'),
      ...duplicates(rows, (index) => rows[index]?.sha256 ?? '', 'sha256'),
      ...empty(rows),
    ].sort((a, b) => a.line - b.line),
  };
}

const empty = (rows: readonly { line: number; paths: readonly string[] }[]): ListFault[] =>
  rows
    .filter(({ paths }) => paths.length === 0)
    .map(({ line }) => ({ line, problem: `paths is empty: nothing could be called (${pathPrefix.expected})` }));
