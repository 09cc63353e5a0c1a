import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import { hashedPassword, noPassword, plainPassword } from '../password-check.ts';
import { PASSWORD_RULE, passwordFault } from '../password-rules.ts';
import type { Reader } from '../reader.ts';
import { choice, path } from '../text-types.ts';
import { passwordHash, plainPasswordText, userName } from './credentials.ts';
import { isLoopback } from './server.ts';

const field = fieldsOf("The flows' own HTTP endpoints");

export const httpAuthFields = {
  mode: field('REDSTART_HTTP_AUTH', {
    type: choice(['basic', 'none', 'closed'], ['token']),
    fallback: 'closed',
    fallbackText: '`basic` when REDSTART_HTTP_USER and a password are set, else `closed`',
    example: 'basic',
    does: 'Who may call the endpoints that flows make with “http in”: with a user and password (basic), anybody (none), nobody (closed).',
    change: 'none only when each flow checks its callers itself, as for signed webhooks.',
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
  tokensFile: field('REDSTART_HTTP_TOKENS_FILE', {
    type: path('a YAML file of tokens'),
    fallback: null,
    example: '/run/secrets/http-tokens.yaml',
    does: 'Tokens that callers of the flows’ endpoints send, for REDSTART_HTTP_AUTH=token.',
    change: 'Callers shall have a token each.',
    later: true,
  }),
};

export function readHttpAuth(reader: Reader, host: string): Config['httpAuth'] {
  const user = reader.get(httpAuthFields.user);
  const password = reader.get(httpAuthFields.password);
  const hash = reader.get(httpAuthFields.passwordHash);
  reader.get(httpAuthFields.tokensFile);
  const { user: userField, password: passwordField, passwordHash: hashField } = httpAuthFields;

  const given = [userField, passwordField, hashField].filter((one) => reader.has(one));
  const hasPassword = reader.has(passwordField) || reader.has(hashField);
  const complete = reader.has(userField) && hasPassword;
  const mode: Config['httpAuth']['mode'] = complete ? 'basic' : 'closed';
  const chosen = reader.get(httpAuthFields.mode, { value: mode, text: mode });
  const understood = reader.accepted(httpAuthFields.mode);

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
  const [first] = given;
  if (understood && first && reader.has(httpAuthFields.mode) && chosen !== 'basic') {
    reader.problem(
      httpAuthFields.mode,
      `is ${chosen}, but ${reader.nameOf(first)} is set and would count for nothing`,
      'basic, or no user and password',
      'REDSTART_HTTP_AUTH=basic',
    );
  } else if (!complete && (chosen === 'basic' || first)) {
    const why = chosen === 'basic' ? 'REDSTART_HTTP_AUTH is basic' : `${reader.nameOf(first ?? userField)} is`;
    const missing = hasPassword ? userField : passwordField;
    reader.problem(
      missing,
      `is not set, but ${why}`,
      missing === passwordField ? `${PASSWORD_RULE}; or REDSTART_HTTP_PASSWORD_HASH` : missing.type.expected,
    );
    if (!hasPassword && !reader.has(userField))
      reader.problem(userField, `is not set, but ${why}`, userField.type.expected);
  }
  if (chosen === 'none' && !isLoopback(host)) {
    reader.warn('REDSTART_HTTP_AUTH is none: whoever reaches the port can call every endpoint that a flow opens.');
  }
  const check = password ? plainPassword(password) : hash ? hashedPassword(hash) : noPassword;
  return { mode: chosen, user: chosen === 'basic' ? user : null, ...(chosen === 'basic' ? check : noPassword) };
}
