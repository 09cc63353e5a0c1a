import type { ApiTokenConfig } from './config.ts';
import { plain, type TextType, tokenExpiry } from './text-types.ts';
import { role } from './users-file.ts';
import { duplicates, type ListFault, parseYamlList } from './yaml-list.ts';

export const TOKENS_FILE_EXAMPLE = '- {name: deploy-bot, sha256: 9f86d0…, role: editor, expires: 2027-01-31T00:00:00Z}';

export const tokenName: TextType<string> = plain(
  'a name of 1 to 64 letters, digits and . _ -',
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  'is no name for a token',
);

const FIELDS = {
  name: { type: tokenName },
  sha256: { type: plain('64 hex digits, as `redstart token create` prints them', /^[0-9a-f]{64}$/, 'is no SHA-256') },
  role: { type: role },
  expires: { type: tokenExpiry },
} as const;

/** Reads the text of REDSTART_TOKENS_FILE. */
export function parseTokensFile(text: string): { tokens: ApiTokenConfig[]; faults: ListFault[] } {
  const { rows, faults } = parseYamlList(text, FIELDS);
  return {
    tokens: rows.map(({ name, sha256, role, expires }) => ({ name, sha256, role, expires })),
    faults: [
      ...faults,
      ...duplicates(rows, (index) => rows[index]?.name ?? '', 'name'),
      ...duplicates(rows, (index) => rows[index]?.sha256 ?? '', 'sha256'),
    ].sort((a, b) => a.line - b.line),
  };
}
