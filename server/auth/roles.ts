import { ROLES, type Role } from '../config/index.ts';

interface RoleRule {
  /** What Node-RED checks at its routes, and the editor goes by: `read` is every `….read`, `write` every `….write`. */
  readonly permissions: string | readonly string[];
  readonly may: string;
}

/** Every role, in Node-RED's words. What these cannot say is in `ADMIN_ROUTES`. */
export const ROLE_RULES: Readonly<Record<Role, RoleRule>> = {
  admin: { permissions: '*', may: 'everything, the diagnostics report and switching node types on and off included' },
  editor: { permissions: ['read', 'write'], may: 'change and deploy flows, start and stop them, press inject buttons' },
  operator: { permissions: ['read', 'inject.write'], may: 'start and stop the flows, press inject buttons, read' },
  // A text, not a list: at this very value the editor leaves its deploy button alone.
  viewer: { permissions: 'read', may: 'read flows, node states, debug messages and context' },
};

/** Has this role, or one that may do more. */
export const isAtLeast = (role: Role, wanted: Role): boolean => ROLES.indexOf(role) <= ROLES.indexOf(wanted);

export interface RouteRule {
  /** null: any. */
  readonly methods: readonly string[] | null;
  readonly path: RegExp;
  readonly role: Role;
  readonly why: string;
}

/**
 * Routes of the admin API that want another role than their method says. Relative to the admin root. What asks for more
 * matches whatever routing could take for that path; what asks for less, only the path itself.
 */
export const ADMIN_ROUTES: readonly RouteRule[] = [
  { methods: null, path: /diagnostics/i, role: 'admin', why: 'names the host, the network and every setting' },
  { methods: null, path: /log-levels/i, role: 'admin', why: 'what the log leaves out, or fills up with' },
  { methods: null, path: /^\/settings\/user\/keys/i, role: 'admin', why: 'keys of this machine' },
  { methods: ['POST', 'PUT', 'DELETE'], path: /^\/nodes(?:\/|$)/i, role: 'admin', why: 'node types of all flows' },
  { methods: ['POST'], path: /^\/flows\/state$/, role: 'operator', why: 'starts and stops the flows' },
  { methods: ['POST'], path: /^\/inject\/[\w.-]+$/, role: 'operator', why: 'presses the button of an inject node' },
];

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The role that a request needs at least. Reading is for everybody who is signed in, anything else for editors. */
export function roleFor(method: string, path: string): Role {
  const rule = ADMIN_ROUTES.find((one) => (one.methods?.includes(method) ?? true) && one.path.test(path));
  return rule?.role ?? (READING.has(method) ? 'viewer' : 'editor');
}
