import type { Role, UserConfig } from './config.ts';
import { ROLES } from './config.ts';
import { hashedPassword } from './password-check.ts';
import { passwordHash, userName } from './subjects/credentials.ts';
import { choice } from './text-types.ts';
import { duplicates, type ListFault, parseYamlList } from './yaml-list.ts';

export const role = choice<Role>(ROLES);

export const USERS_FILE_EXAMPLE = "- {username: ada, passwordHash: '$2b$12$…', role: editor}";

const FIELDS = {
  username: { type: userName },
  passwordHash: { type: passwordHash },
  role: { type: role },
} as const;

/** Reads the text of REDSTART_USERS_FILE. `taken` is the name of the administrator of the environment. */
export function parseUsersFile(text: string, taken: string | null): { users: UserConfig[]; faults: ListFault[] } {
  const { rows, faults } = parseYamlList(text, FIELDS);
  const clash = rows.filter(({ username }) => username === taken);
  return {
    users: rows.map(({ username, passwordHash: hash, role }) => ({ username, role, ...hashedPassword(hash) })),
    faults: [
      ...faults,
      ...duplicates(rows, (index) => rows[index]?.username ?? '', 'username'),
      ...clash.map(({ line, username }) => ({
        line,
        problem: `username "${username}" is that of REDSTART_ADMIN_USER: one name, one user`,
      })),
    ].sort((a, b) => a.line - b.line),
  };
}
