import { missingPermission } from './errors.ts';
import type { ParsedScenario, Role } from './scenario.ts';

const ORDER: readonly Role[] = ['view', 'connect', 'launch', 'maintain', 'admin', 'owner'];

/** The least role that may do it in a workspace. */
const NEEDS = {
  'workflow:read': 'view',
  'workflow:execute': 'launch',
  'workflow:delete': 'launch',
  'workflow_quick:execute': 'maintain',
  'pipeline:write': 'maintain',
  'pipeline_label:write': 'admin',
  'launch:read': 'launch',
  'label:write': 'maintain',
  'workflow_label:write': 'maintain',
  'workflow_star:write': 'view',
  'dataset:read': 'view',
  'dataset:write': 'launch',
  'dataset:delete': 'maintain',
  'dataset:admin': 'maintain',
  'data_link:read': 'view',
  'data_link:write': 'maintain',
  'data_link_object:read': 'view',
  'studio:read': 'view',
  'studio:write': 'maintain',
  'studio:execute': 'maintain',
  'studio:delete': 'maintain',
  'action:read': 'view',
  'action:execute': 'launch',
  'action:write': 'maintain',
  // Not in the documents' table: whoever may change a pipeline may keep its secrets.
  'pipeline_secrets:write': 'maintain',
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof NEEDS;

/** Who calls. Its role in a workspace is the lesser of the user's there and the token's. */
export interface Principal {
  token: string;
  role: Role;
}

export const lesserRole = (a: Role, b: Role): Role => (ORDER.indexOf(a) < ORDER.indexOf(b) ? a : b);

/** @throws ApiError 403 that names the permission */
export function demand(role: Role, permission: Permission): void {
  if (ORDER.indexOf(role) < ORDER.indexOf(NEEDS[permission])) throw missingPermission(permission);
}

/** Bearer, or Basic with the user `@token` as older tokens are sent. */
export function tokenOf(authorization: string | undefined): string | null {
  const [scheme, value] = authorization?.trim().split(/\s+/, 2) ?? [];
  if (!scheme || !value) return null;
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return null;
  const [user, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return user === '@token' && password.length > 0 ? password.join(':') : null;
}

export function principalOf(
  token: string | null,
  accepted: string | undefined,
  scenario: ParsedScenario,
): Principal | undefined {
  if (!token) return undefined;
  const rule = scenario.tokens.find((one) => one.token === token);
  if (rule) return { token, role: rule.role };
  return accepted === undefined || accepted === token ? { token, role: 'owner' } : undefined;
}
