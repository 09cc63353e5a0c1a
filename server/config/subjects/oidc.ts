import { type OidcConfig, ROLES } from '../config.ts';
import { type Field, fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { pairs, plain, refuse, secretText, webAddress } from '../text-types.ts';

const field = fieldsOf('Sign-in to the editor');

const claim = plain('the name of a claim, or a path to one with dots', /^[\x21-\x7e]{1,200}$/, 'is no name of a claim');

export const oidcFields = {
  issuer: field('REDSTART_OIDC_ISSUER', {
    type: webAddress('of the identity provider', { exact: true }),
    fallback: null,
    example: 'https://login.example.com/realms/lab',
    does: 'Single sign-on with OpenID Connect: the provider’s issuer, where `/.well-known/openid-configuration` is found.',
    change:
      'People shall sign in with the accounts that they have. docs/sign-in.md has examples for Keycloak and Entra ID.',
    beware: 'Whoever runs the provider decides who gets in, with every role that REDSTART_OIDC_ROLE_MAP gives.',
  }),
  clientId: field('REDSTART_OIDC_CLIENT_ID', {
    type: plain('the id of the client', /^[\x21-\x7e]{1,200}$/, 'is no client id'),
    fallback: null,
    example: 'redstart',
    does: 'The id under which the provider knows this Redstart. Its redirect address is `<address>/editor/auth/callback`.',
    change: 'With REDSTART_OIDC_ISSUER.',
  }),
  clientSecret: field('REDSTART_OIDC_CLIENT_SECRET', {
    type: secretText('the secret of the client, at least 8 characters', (secret) => {
      if (secret.length < 8) refuse('is too short to be a secret of a client');
    }),
    fallback: null,
    example: '…',
    does: 'The secret that the provider gave to this client. Without one it is a public client, which PKCE protects alone.',
    change: 'The provider has the client as confidential, which is the better way.',
  }),
  scopes: field('REDSTART_OIDC_SCOPES', {
    type: plain('scopes parted by spaces, openid among them', /^(?:\S+ +)*openid(?: +\S+)*$/, 'has no openid in it'),
    fallback: 'openid profile email',
    example: 'openid profile email groups',
    does: 'What the provider is asked for.',
    change: 'The claim with the roles comes only with a scope of its own.',
  }),
  usernameClaim: field('REDSTART_OIDC_USERNAME_CLAIM', {
    type: claim,
    fallback: 'preferred_username',
    example: 'email',
    does: 'The claim that names the user, in the log, the audit trail and the editor.',
    change:
      'The provider has the name elsewhere. An e-mail address counts only when the provider says that it is verified.',
    beware: 'Take one that users cannot change to that of another.',
  }),
  rolesClaim: field('REDSTART_OIDC_ROLES_CLAIM', {
    type: claim,
    fallback: 'groups',
    example: 'realm_access.roles',
    does: 'The claim that holds the groups or roles of the user: a text or a list of texts. Dots go into objects.',
    change: 'The provider has them elsewhere.',
  }),
  roleMap: field('REDSTART_OIDC_ROLE_MAP', {
    type: pairs(`value=role, parted by commas; roles are ${ROLES.join(', ')}`, ROLES),
    fallback: null,
    example: 'bioinfo-admins=admin,bioinfo=editor',
    does: 'Which value of that claim gives which role. With several the highest counts; `*=viewer` gives a role to everybody whom the provider lets in.',
    change: 'With REDSTART_OIDC_ISSUER.',
    beware: 'Who has none of the values is refused, also with a right password.',
  }),
};

export function readOidc(reader: Reader): OidcConfig | null {
  const { issuer, clientId, roleMap } = oidcFields;
  const read = {
    issuer: reader.get(issuer),
    clientId: reader.get(clientId),
    clientSecret: reader.get(oidcFields.clientSecret),
    scopes: reader.get(oidcFields.scopes),
    usernameClaim: reader.get(oidcFields.usernameClaim),
    rolesClaim: reader.get(oidcFields.rolesClaim),
    roleMap: reader.get(roleMap),
  };
  const set = Object.values<Field>(oidcFields).filter((one) => reader.has(one));
  const [first] = set;
  if (!first) return null;
  for (const needed of [issuer, clientId, roleMap] as readonly Field[]) {
    if (!reader.has(needed)) reader.problem(needed, `is not set, but ${reader.nameOf(first)} is`, needed.type.expected);
  }
  if (read.issuer === null || read.clientId === null || read.roleMap === null) return null;
  return { ...read, issuer: read.issuer, clientId: read.clientId, roleMap: read.roleMap };
}
