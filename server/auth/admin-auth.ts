import type { Bearers } from './identities.ts';
import { ROLE_RULES } from './roles.ts';

export interface AdminUser {
  readonly username: string;
  readonly permissions: string | string[];
}

/** The value of Node-RED's `adminAuth` setting. There is no `default`: without a session nothing is allowed. */
export interface AdminAuth {
  readonly type: 'credentials';
  readonly users: (username: unknown) => Promise<null>;
  readonly authenticate: (username: unknown, password: unknown) => Promise<null>;
  readonly tokens: (token: unknown) => Promise<AdminUser | null>;
}

/**
 * Node-RED knows no users and makes no sessions: whoever signs in does so in front of it. It asks for the owner of each
 * token, so that one that has ended is refused at the next request. None of these ever rejects: Node-RED leaves that
 * rejection unhandled, on a request that anyone can send.
 */
export function adminAuth(bearers: Bearers): AdminAuth {
  return {
    type: 'credentials',
    users: async () => null,
    authenticate: async () => null,
    tokens: async (token) => {
      const identity = typeof token === 'string' ? bearers.find(token) : null;
      if (identity === null) return null;
      const { permissions } = ROLE_RULES[identity.role];
      // A new object each time: Node-RED hands it on to nodes and plugins, which may change it.
      return {
        username: identity.user,
        permissions: typeof permissions === 'string' ? permissions : [...permissions],
      };
    },
  };
}
