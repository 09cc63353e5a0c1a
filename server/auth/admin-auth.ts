import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import { PasswordGate } from './password-gate.ts';

export interface AdminUser {
  readonly username: string;
  readonly permissions: string;
}

/** The value of Node-RED's `adminAuth` setting. There is no `default`: without a session nothing is allowed. */
export interface AdminAuth {
  readonly type: 'credentials';
  readonly users: (username: unknown) => Promise<AdminUser | null>;
  readonly authenticate: (username: unknown, password: unknown) => Promise<AdminUser | null>;
  /** Seconds. */
  readonly sessionExpiryTime: number;
}

/**
 * Sign-in with the one user of the environment; null without one, which means that there is no editor and no admin API.
 * Neither function ever rejects: Node-RED leaves that rejection unhandled, on a request that anyone can send.
 */
export function adminAuth(config: Config, logger: Logger): AdminAuth | null {
  const admin = config.admin;
  if (admin === null) return null;
  const gate = new PasswordGate(admin.user, admin);
  // A new object each time: Node-RED hands it on to nodes and plugins, which may change it.
  const user = (): AdminUser => ({ username: admin.user, permissions: '*' });
  return {
    type: 'credentials',
    users: async (username) => (username === admin.user ? user() : null),
    async authenticate(username, password) {
      if (typeof username !== 'string' || typeof password !== 'string') return null;
      const verdict = await gate.verify(username, password);
      if (verdict === 'busy')
        logger.warn({ event: 'auth.busy' }, 'Sign-in refused: too many attempts at the same time');
      return verdict === 'right' ? user() : null;
    },
    sessionExpiryTime: Math.round(config.sessions.hours * 3600),
  };
}
