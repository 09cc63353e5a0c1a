import type { Config } from '../config/index.ts';
import type { SignIn } from './sign-in.ts';

export interface AdminUser {
  readonly username: string;
  readonly permissions: string;
}

/** The value of Node-RED's `adminAuth` setting. There is no `default`: without a session nothing is allowed. */
export interface AdminAuth {
  readonly type: 'credentials';
  readonly users: (username: unknown) => Promise<AdminUser | null>;
  readonly authenticate: (username: unknown, ticket: unknown) => Promise<AdminUser | null>;
  /** Seconds. */
  readonly sessionExpiryTime: number;
}

/**
 * Sign-in with the one user of the environment; null without one, which means that there is no editor and no admin API.
 * Neither function ever rejects: Node-RED leaves that rejection unhandled, on a request that anyone can send.
 */
export function adminAuth(config: Config, signIn: SignIn | null): AdminAuth | null {
  const admin = config.admin;
  if (admin === null || signIn === null) return null;
  // A new object each time: Node-RED hands it on to nodes and plugins, which may change it.
  const user = (): AdminUser => ({ username: admin.user, permissions: '*' });
  return {
    type: 'credentials',
    users: async (username) => (username === admin.user ? user() : null),
    // The password was checked in front of Node-RED. What comes here in another way has none that is valid.
    authenticate: async (username, ticket) =>
      username === admin.user && typeof ticket === 'string' && signIn.redeem(admin.user, ticket) ? user() : null,
    sessionExpiryTime: Math.round(config.sessions.hours * 3600),
  };
}
