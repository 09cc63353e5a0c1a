import type { AuthConfig, Config, UserConfig } from '../config.ts';
import { fieldsOf } from '../field.ts';
import { readList } from '../list-file.ts';
import { hashedPassword, oneTimePassword, plainPassword } from '../password-check.ts';
import { PASSWORD_RULE, passwordFault } from '../password-rules.ts';
import type { Reader } from '../reader.ts';
import { path, wholeNumber } from '../text-types.ts';
import { parseTokensFile, TOKENS_FILE_EXAMPLE } from '../tokens-file.ts';
import { parseUsersFile, USERS_FILE_EXAMPLE } from '../users-file.ts';
import { passwordHash, plainPasswordText, userName } from './credentials.ts';
import { oidcFields, readOidc } from './oidc.ts';

const field = fieldsOf('Sign-in to the editor');

export const signInFields = {
  user: field('REDSTART_ADMIN_USER', {
    type: userName,
    fallback: 'admin',
    example: 'ada',
    does: 'The name of the administrator whose password is in the environment.',
    change: 'A name that is not the first guess costs an attacker a little more.',
  }),
  password: field('REDSTART_ADMIN_PASSWORD', {
    type: plainPasswordText,
    fallback: null,
    example: '"four-words-nobody-else-combines"',
    does: 'The password of that user. Without any way to sign in (this one, its hash, a users file, single sign-on) there is no editor and no admin API: Redstart runs headless. `npm start` makes a one-time password up instead.',
    change: 'Somebody shall use the editor.',
    beware: 'It is in clear wherever you keep your environment: prefer the hash, or a file.',
  }),
  passwordHash: field('REDSTART_ADMIN_PASSWORD_HASH', {
    type: passwordHash,
    fallback: null,
    example: "'$2b$12$…' (in a compose file write $$ for $)",
    does: 'The bcrypt hash of the password instead of the password. `redstart hash-password` makes one.',
    change: 'In place of REDSTART_ADMIN_PASSWORD, so that your environment does not hold the password.',
    beware:
      'A weak password is found from its hash as well; the rules for passwords are checked by `redstart hash-password` only.',
  }),
  sessionHours: field('REDSTART_SESSION_HOURS', {
    type: wholeNumber(1, 720, 'of hours'),
    fallback: 8,
    example: '8',
    does: 'After how many hours a signed-in user must sign in again.',
    change: 'Shorter where screens are shared.',
    beware: 'Whoever takes over a browser has the rest of these hours.',
  }),
  usersFile: field('REDSTART_USERS_FILE', {
    type: path('a YAML file of users'),
    fallback: null,
    example: '/run/secrets/users.yaml',
    does: 'Users beside the one of the environment: a YAML list of {username, passwordHash, role}, role being admin, editor, operator or viewer. Followed while it runs: who is removed, or has another password or role, is signed out within 5 s.',
    change: 'More than one person uses the editor. docs/sign-in.md says what each role may do.',
    beware:
      'Whoever may write this file is an administrator. A new version with a mistake in it is not taken: the users of before stay, and the log says so.',
  }),
  tokensFile: field('REDSTART_TOKENS_FILE', {
    type: path('a YAML file of API tokens'),
    fallback: null,
    example: '/run/secrets/tokens.yaml',
    does: 'Tokens for programs that use the admin API: a YAML list of {name, sha256, role, expires}, which `redstart token create` writes. Followed while it runs: a revoked token is refused within 5 s.',
    change: 'Flows are deployed by a pipeline, or something else calls the admin API.',
    beware:
      'Whoever may write this file is an administrator. It holds only hashes: the tokens themselves cannot be read from it.',
  }),
  ...oidcFields,
};

export function readSignIn(reader: Reader, local: boolean): Pick<Config, 'auth' | 'sessions'> {
  const sessions = { hours: reader.get(signInFields.sessionHours) };
  const { user, password, passwordHash: hashField } = signInFields;
  const username = reader.get(user);
  const plain = reader.get(password);
  const hash = reader.get(hashField);
  const hasAdmin = reader.has(password) || reader.has(hashField);
  checkAdmin(reader, username, plain?.reveal() ?? null);

  const users = readList(reader, signInFields.usersFile, USERS_FILE_EXAMPLE, (text) => {
    const { users: list, faults } = parseUsersFile(text, hasAdmin ? username : null);
    return { list, faults };
  });
  const tokens = readList(reader, signInFields.tokensFile, TOKENS_FILE_EXAMPLE, (text) => {
    const { tokens: list, faults } = parseTokensFile(text);
    return { list, faults };
  });
  const oidc = readOidc(reader);
  const elsewhere = reader.has(signInFields.usersFile) || reader.has(oidcFields.issuer);

  if (users?.list.length === 0 && !hasAdmin && !oidc) {
    reader.problem(signInFields.usersFile, 'holds no user: nobody could sign in', 'at least one', USERS_FILE_EXAMPLE);
  }
  if (reader.has(user) && !hasAdmin && !local) {
    reader.problem(
      password,
      'is not set, but REDSTART_ADMIN_USER is: nobody could sign in under that name',
      `${PASSWORD_RULE}; or REDSTART_ADMIN_PASSWORD_HASH`,
    );
  }
  if (reader.has(signInFields.tokensFile) && !hasAdmin && !elsewhere && !local) {
    reader.problem(
      signInFields.tokensFile,
      'is set, but without any way to sign in there is no admin API for them',
      'beside REDSTART_ADMIN_PASSWORD_HASH, REDSTART_USERS_FILE or REDSTART_OIDC_ISSUER',
      'REDSTART_ADMIN_PASSWORD_HASH_FILE=/run/secrets/admin-hash',
    );
  }

  const made = local && !hasAdmin && !elsewhere ? oneTimePassword() : null;
  const check = plain ?? made;
  const admin: UserConfig | null = check
    ? { username, role: 'admin', ...plainPassword(check) }
    : hash && { username, role: 'admin', ...hashedPassword(hash) };
  if (!admin && !users && !oidc) return { auth: null, sessions };
  const auth: AuthConfig = { admin, oneTimePassword: made, users, tokens, oidc };
  return { auth, sessions };
}

function checkAdmin(reader: Reader, username: string, password: string | null): void {
  const { password: passwordField, passwordHash: hashField } = signInFields;
  if (reader.has(passwordField) && reader.has(hashField)) {
    reader.problem(
      hashField,
      `and ${reader.nameOf(passwordField)} are both set`,
      'only one of the two',
      undefined,
      reader.nameOf(hashField),
    );
  }
  if (password !== null && passwordFault(password, { user: username }) === 'is the user name') {
    reader.problem(passwordField, 'is the user name', PASSWORD_RULE, undefined, reader.nameOf(passwordField));
  }
}
