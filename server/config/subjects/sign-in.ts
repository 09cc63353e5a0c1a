import type { AdminConfig, Config } from '../config.ts';
import { type Field, fieldsOf } from '../field.ts';
import { hashedPassword, oneTimePassword, plainPassword } from '../password-check.ts';
import { PASSWORD_RULE, passwordFault } from '../password-rules.ts';
import type { Reader } from '../reader.ts';
import { path, plain, wholeNumber } from '../text-types.ts';
import { passwordHash, plainPasswordText, userName } from './credentials.ts';

const field = fieldsOf('Sign-in to the editor');

export const signInFields = {
  user: field('REDSTART_ADMIN_USER', {
    type: userName,
    fallback: 'admin',
    example: 'ada',
    does: 'The name of the one user who may sign in to the editor.',
    change: 'A name that is not the first guess costs an attacker a little more.',
  }),
  password: field('REDSTART_ADMIN_PASSWORD', {
    type: plainPasswordText,
    fallback: null,
    example: '"four-words-nobody-else-combines"',
    does: 'The password of that user. Without one (and without a hash) there is no editor and no admin API: Redstart runs headless. `npm start` makes a one-time password up instead.',
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
    does: 'More users than one, each with a role.',
    change: 'More than one person uses the editor.',
    later: true,
  }),
  tokensFile: field('REDSTART_TOKENS_FILE', {
    type: path('a YAML file of API tokens'),
    fallback: null,
    example: '/run/secrets/tokens.yaml',
    does: 'Tokens for programs that use the admin API.',
    change: 'Flows are deployed by a pipeline.',
    later: true,
  }),
  ...oidcFields(),
};

function oidcFields() {
  const any = plain('text', /./, 'is empty');
  const common = { fallback: null, change: 'Users sign in with your identity provider.', later: true } as const;
  return {
    oidcIssuer: field('REDSTART_OIDC_ISSUER', {
      type: any,
      example: 'https://login.example.com',
      does: 'Single sign-on: the identity provider.',
      ...common,
    }),
    oidcClientId: field('REDSTART_OIDC_CLIENT_ID', {
      type: any,
      example: 'redstart',
      does: 'Single sign-on: the id of this client.',
      ...common,
    }),
    oidcClientSecret: field('REDSTART_OIDC_CLIENT_SECRET', {
      type: plainPasswordText,
      example: '…',
      does: 'Single sign-on: the secret of this client.',
      ...common,
    }),
    oidcScopes: field('REDSTART_OIDC_SCOPES', {
      type: any,
      example: 'openid profile',
      does: 'Single sign-on: what is asked for.',
      ...common,
    }),
    oidcUsernameClaim: field('REDSTART_OIDC_USERNAME_CLAIM', {
      type: any,
      example: 'email',
      does: 'Single sign-on: the claim that names the user.',
      ...common,
    }),
    oidcRolesClaim: field('REDSTART_OIDC_ROLES_CLAIM', {
      type: any,
      example: 'groups',
      does: 'Single sign-on: the claim that holds the roles.',
      ...common,
    }),
    oidcRoleMap: field('REDSTART_OIDC_ROLE_MAP', {
      type: any,
      example: 'bioinfo=editor',
      does: 'Single sign-on: which claim gives which role.',
      ...common,
    }),
  };
}

const laterFields: readonly Field[] = Object.values(signInFields).filter((one) => one.later);

export function readSignIn(reader: Reader, local: boolean): Pick<Config, 'admin' | 'sessions'> {
  const user = reader.get(signInFields.user);
  const password = reader.get(signInFields.password);
  const hash = reader.get(signInFields.passwordHash);
  const sessions = { hours: reader.get(signInFields.sessionHours) };
  for (const later of laterFields) reader.get(later);

  const hasPassword = reader.has(signInFields.password);
  const hasHash = reader.has(signInFields.passwordHash);
  if (hasPassword && hasHash) {
    reader.problem(
      signInFields.passwordHash,
      `and ${reader.nameOf(signInFields.password)} are both set`,
      'only one of the two',
      undefined,
      reader.nameOf(signInFields.passwordHash),
    );
  }
  if (password && passwordFault(password.reveal(), { user }) === 'is the user name') {
    reader.problem(
      signInFields.password,
      'is the user name',
      PASSWORD_RULE,
      undefined,
      reader.nameOf(signInFields.password),
    );
  }
  return { admin: admin(), sessions };

  function admin(): AdminConfig | null {
    if (password) return { user, oneTimePassword: null, ...plainPassword(password) };
    if (hash) return { user, oneTimePassword: null, ...hashedPassword(hash) };
    if (hasPassword || hasHash) return null;
    if (local) {
      const made = oneTimePassword();
      return { user, oneTimePassword: made, ...plainPassword(made) };
    }
    if (reader.has(signInFields.user)) {
      reader.problem(
        signInFields.password,
        'is not set, but REDSTART_ADMIN_USER is: nobody could sign in',
        `${PASSWORD_RULE}; or REDSTART_ADMIN_PASSWORD_HASH`,
      );
    }
    return null;
  }
}
