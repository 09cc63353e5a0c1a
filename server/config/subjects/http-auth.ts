import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import { HTTP_TOKENS_EXAMPLE, HTTP_USERS_EXAMPLE, parseHttpTokens, parseHttpUsers } from '../http-callers.ts';
import { readList } from '../list-file.ts';
import { hashedPassword, noPassword, plainPassword } from '../password-check.ts';
import { PASSWORD_RULE, passwordFault } from '../password-rules.ts';
import type { Reader } from '../reader.ts';
import { choice, path, wholeNumber } from '../text-types.ts';
import { passwordHash, plainPasswordText, userName } from './credentials.ts';
import { isLoopback } from './server.ts';

const field = fieldsOf("The flows' own HTTP endpoints");

export const httpAuthFields = {
  mode: field('REDSTART_HTTP_AUTH', {
    type: choice(['basic', 'token', 'none', 'closed']),
    fallback: 'closed',
    fallbackText:
      '`basic` when REDSTART_HTTP_USER and a password, or a users file are set; `token` with a tokens file; else `closed`',
    example: 'basic',
    does: 'Who may call the endpoints that flows make with “http in”: with a user and password (basic), with a bearer token (token), anybody (none), nobody (closed). Signed webhooks of “webhook in” nodes need none of it.',
    change: 'none only when each flow checks its callers itself, or a client certificate is asked for.',
    beware: 'With none, whoever reaches the port can trigger flows, and so launch runs that cost money.',
  }),
  user: field('REDSTART_HTTP_USER', {
    type: userName,
    fallback: null,
    example: 'hook',
    does: 'The user name that callers of the flows’ endpoints send.',
    change: 'Something outside calls your flows.',
  }),
  password: field('REDSTART_HTTP_PASSWORD', {
    type: plainPasswordText,
    fallback: null,
    example: '"four-words-nobody-else-combines"',
    does: 'The password that callers of the flows’ endpoints send.',
    change: 'With REDSTART_HTTP_USER. Use another one than for the editor.',
    beware: 'Basic authentication sends it with each call: without TLS it can be read on the way.',
  }),
  passwordHash: field('REDSTART_HTTP_PASSWORD_HASH', {
    type: passwordHash,
    fallback: null,
    example: "'$2b$12$…' (in a compose file write $$ for $)",
    does: 'The bcrypt hash of that password instead of the password. `redstart hash-password` makes one.',
    change: 'In place of REDSTART_HTTP_PASSWORD, so that your environment does not hold the password.',
    beware: 'As for REDSTART_ADMIN_PASSWORD_HASH.',
  }),
  usersFile: field('REDSTART_HTTP_USERS_FILE', {
    type: path('a YAML file of callers with passwords'),
    fallback: null,
    example: '/run/secrets/http-users.yaml',
    does: 'Callers of the flows’ endpoints beside that of REDSTART_HTTP_USER: a YAML list of {username, passwordHash, paths}, paths being the beginnings of what each may call. Followed while it runs: a removed or changed one is refused within 5 s.',
    change: 'More than one system calls your flows with a password.',
    beware: 'A new version with a mistake in it is not taken: what was there before stays, and the log says so.',
  }),
  tokensFile: field('REDSTART_HTTP_TOKENS_FILE', {
    type: path('a YAML file of tokens'),
    fallback: null,
    example: '/run/secrets/http-tokens.yaml',
    does: 'Callers with bearer tokens, for REDSTART_HTTP_AUTH=token: a YAML list of {name, sha256, paths, expires}. `redstart token create NAME --http --path /PATH` makes an entry. Followed while it runs, as the users file is.',
    change: 'Each system that calls your flows shall have a token of its own, for its own paths.',
    beware: 'It holds only hashes: the tokens themselves cannot be read from it.',
  }),
  rateLimit: field('REDSTART_HTTP_RATE_LIMIT', {
    type: wholeNumber(0, 1_000_000_000, 'of calls a minute'),
    fallback: 6000,
    example: '6000',
    does: 'How many calls of the flows’ endpoints one address, and one caller, may make in a minute; as many may come at once. More are answered with 429 and Retry-After. 0: no limit.',
    change:
      'A proxy that REDSTART_TRUST_PROXY does not name makes all callers one address; or a caller that you know sends more.',
    beware: 'It is counted in memory by each process, and starts anew with it.',
  }),
};

export function readHttpAuth(reader: Reader, host: string, certified: boolean): Config['httpAuth'] {
  const user = reader.get(httpAuthFields.user);
  const password = reader.get(httpAuthFields.password);
  const hash = reader.get(httpAuthFields.passwordHash);
  const rate = reader.get(httpAuthFields.rateLimit);
  const { user: userField, password: passwordField, passwordHash: hashField, usersFile, tokensFile } = httpAuthFields;
  const users = readList(
    reader,
    usersFile,
    HTTP_USERS_EXAMPLE,
    (text) => parseHttpUsers(text, reader.has(userField) ? user : null),
    'docs/endpoints.md',
  );
  const tokens = readList(reader, tokensFile, HTTP_TOKENS_EXAMPLE, parseHttpTokens, 'docs/endpoints.md');

  const given = [userField, passwordField, hashField].filter((one) => reader.has(one));
  const hasPassword = reader.has(passwordField) || reader.has(hashField);
  const complete = reader.has(userField) && hasPassword;
  const hasUsers = complete || reader.has(usersFile);
  const mode: Config['httpAuth']['mode'] = hasUsers ? 'basic' : reader.has(tokensFile) ? 'token' : 'closed';
  const chosen = reader.get(httpAuthFields.mode, { value: mode, text: mode });

  if (reader.has(passwordField) && reader.has(hashField)) {
    reader.problem(
      hashField,
      `and ${reader.nameOf(passwordField)} are both set`,
      'only one of the two',
      undefined,
      reader.nameOf(hashField),
    );
  }
  if (password && user !== null && passwordFault(password.reveal(), { user }) === 'is the user name') {
    reader.problem(passwordField, 'is the user name', PASSWORD_RULE, undefined, reader.nameOf(passwordField));
  }
  refuseIdle(reader, chosen);
  const [first] = given;
  const wantsUser = chosen === 'basic' && !reader.has(usersFile);
  if (!complete && (wantsUser || (first && (chosen === 'basic' || !reader.has(httpAuthFields.mode))))) {
    const why = wantsUser && !first ? 'REDSTART_HTTP_AUTH is basic' : `${reader.nameOf(first ?? userField)} is`;
    const missing = hasPassword ? userField : passwordField;
    reader.problem(
      missing,
      `is not set, but ${why}`,
      missing === passwordField ? `${PASSWORD_RULE}; or REDSTART_HTTP_PASSWORD_HASH` : missing.type.expected,
    );
    if (!hasPassword && !reader.has(userField))
      reader.problem(userField, `is not set, but ${why}`, userField.type.expected);
  }
  if (chosen === 'token' && !reader.has(tokensFile)) {
    reader.problem(tokensFile, 'is not set, but REDSTART_HTTP_AUTH is token', tokensFile.type.expected);
  }
  if (chosen === 'none' && !certified && !isLoopback(host)) {
    reader.warn('REDSTART_HTTP_AUTH is none: whoever reaches the port can call every endpoint that a flow opens.');
  }
  const check = password ? plainPassword(password) : hash ? hashedPassword(hash) : noPassword;
  const own = chosen === 'basic' && complete;
  return {
    mode: chosen,
    user: own ? user : null,
    ...(own ? check : noPassword),
    users: chosen === 'basic' ? users : null,
    tokens: chosen === 'token' ? tokens : null,
    rateLimit: rate === 0 ? null : rate,
  };
}

/** What is set and would count for nothing: somebody believes it to be in force. */
function refuseIdle(reader: Reader, chosen: Config['httpAuth']['mode']): void {
  const { mode, user, password, passwordHash: hash, usersFile, tokensFile } = httpAuthFields;
  if (!reader.accepted(mode)) return;
  const idle = [
    ...(chosen === 'basic' ? [] : [user, password, hash, usersFile]),
    ...(chosen === 'token' ? [] : [tokensFile]),
  ];
  const first = idle.find((one) => reader.has(one));
  // Without a mode that was asked for, an incomplete user is what is told of.
  if (first === undefined || (!reader.has(mode) && first !== tokensFile)) return;
  reader.problem(
    mode,
    `is ${chosen}, but ${reader.nameOf(first)} is set and would count for nothing`,
    first === tokensFile ? 'token, or no tokens file' : 'basic, or no user and password',
    `REDSTART_HTTP_AUTH=${first === tokensFile ? 'token' : 'basic'}`,
  );
}
