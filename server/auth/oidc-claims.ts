import { type OidcConfig, ROLES, type Role } from '../config/index.ts';
import { userName } from '../config/subjects/credentials.ts';
import { parseText } from '../config/text-types.ts';

export type Claims = Readonly<Record<string, unknown>>;

export type Admission =
  | { readonly user: string; readonly role: Role }
  /** `user` as far as it is known. */
  | {
      readonly refused: 'no name' | 'name not usable' | 'e-mail not verified' | 'no role';
      readonly user: string | null;
    };

/** Who the claims say that somebody is, and which role that gives. */
export function admit(claims: Claims, config: Pick<OidcConfig, 'usernameClaim' | 'rolesClaim' | 'roleMap'>): Admission {
  const name = claimAt(claims, config.usernameClaim);
  if (typeof name !== 'string' || name === '') return { refused: 'no name', user: null };
  // Printed, logged, and the key of the user's preferences in Node-RED: no name that has a meaning of its own there.
  if (!('value' in parseText(userName, name))) return { refused: 'name not usable', user: null };
  // Anybody can enter the address of somebody else until it is checked.
  if (config.usernameClaim === 'email' && claims.email_verified !== true)
    return { refused: 'e-mail not verified', user: name };
  const role = roleOf(claimAt(claims, config.rolesClaim), config.roleMap);
  return role === null ? { refused: 'no role', user: name } : { user: name, role };
}

/** The highest role that any of the values gives; null when none does. */
function roleOf(values: unknown, map: OidcConfig['roleMap']): Role | null {
  const held = new Set(typeof values === 'string' ? [values] : Array.isArray(values) ? (values as unknown[]) : []);
  const given = map.filter(([value]) => value === '*' || held.has(value)).map(([, role]) => role);
  return ROLES.find((role) => given.includes(role)) ?? null;
}

/** Both claims are there: nothing more has to be asked for. */
export const hasClaims = (claims: Claims, { usernameClaim, rolesClaim }: OidcConfig): boolean =>
  claimAt(claims, usernameClaim) !== undefined && claimAt(claims, rolesClaim) !== undefined;

/** The claim of that very name, which may have dots in it; else along the dots into objects. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}
