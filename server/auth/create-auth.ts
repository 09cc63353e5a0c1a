import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import type { Config, OidcConfig } from '../config/index.ts';
import { ownRequests } from '../sandbox/own-requests.ts';
import type { KeyRing } from '../state/key-ring.ts';
import { type AdminAuth, adminAuth } from './admin-auth.ts';
import { adminGate } from './admin-gate.ts';
import { ApiTokens } from './api-tokens.ts';
import { type AuthRoutes, authRoutes } from './auth-routes.ts';
import { ExchangeCodes } from './exchange-codes.ts';
import { openGuessFile } from './guess-file.ts';
import { GuessLimiter } from './guess-limiter.ts';
import { type Bearers, type Identity, identities } from './identities.ts';
import { OidcProvider } from './oidc-provider.ts';
import { oidcRoutes } from './oidc-routes.ts';
import { sessionFile } from './session-file.ts';
import { type Session, Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';
import { openTokenUse, TOKEN_USE_FILE } from './token-use.ts';
import { UserDirectory } from './user-directory.ts';

export interface AuthOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly audit: Audit;
  readonly dataDir: string;
  /** What the kept sessions are sealed with. */
  readonly ring: KeyRing;
  /** Answers a change of read-only flows. */
  readonly refuseChange?: RequestHandler;
}

/** Everything that decides who gets in. */
export interface Auth {
  /** Whose token a request bears. */
  readonly bearers: Bearers;
  readonly routes: AuthRoutes;
  /** Node-RED's `adminAuth`. */
  readonly adminAuth: AdminAuth;
  /** First of Node-RED's `httpAdminMiddleware`. */
  readonly gate: RequestHandler;
  /** To be told when a token of a program opened something besides the admin API. */
  tokenUsed(identity: Identity, address: string): void;
  /** Writes what is to outlive a restart. */
  close(): Promise<void>;
}

/** Within the data folder. */
export const SESSIONS_FILE = 'sessions.json';
export const GUESSES_FILE = 'sign-in-failures.json';

/** null when headless. */
export async function createAuth(options: AuthOptions): Promise<Auth | null> {
  const { config, logger, audit, dataDir } = options;
  if (config.auth === null) return null;

  const codes = new ExchangeCodes();
  const users: UserDirectory = new UserDirectory(config.auth, {
    logger,
    onChange: (username) => {
      sessions.endOf(username, 'password');
      // A name that is given to somebody else now.
      sessions.endOf(username, 'oidc');
      codes.endOf(username);
    },
  });
  const sessions: Sessions = new Sessions({
    hours: config.sessions.hours,
    file: sessionFile({
      path: join(dataDir, SESSIONS_FILE),
      ring: options.ring,
      fingerprint: (session, salt) => fingerprint(users, config.auth?.oidc ?? null, session, salt),
      onUnreadable: (reason) => logger.warn({ reason }, 'the editor sessions cannot be used: everybody signs in again'),
    }),
    onEnd: ({ user }, why) => {
      if (why === 'signed out') return;
      logger.info({ event: 'auth.session-ended', user, why }, `A session of ${user} ended: ${why}`);
      audit.record({ event: 'session-ended', user, why });
    },
    onUnsaved: (error) =>
      logger.warn({ err: error }, 'the editor sessions cannot be saved: they end when the program does'),
  });
  const tokens = new ApiTokens(config.auth.tokens, {
    logger,
    onEnd: ({ name }) => audit.record({ event: 'session-ended', user: `token:${name}`, why: 'revoked or changed' }),
  });
  await sessions.load();
  const guesses = await openGuessFile({ path: join(dataDir, GUESSES_FILE), logger });
  const use = await openTokenUse({ path: join(dataDir, TOKEN_USE_FILE), audit, logger });

  const { oidc } = config.auth;
  // Its endpoints are where it says that they are: not what flows may reach.
  const ask: typeof fetch = (url, init) => ownRequests.run(() => fetch(url, init));
  const provider = oidc && new OidcProvider(oidc, { logger, fetch: ask });
  provider?.start();
  const isTaken = (username: string): boolean => users.get(username) !== undefined;

  const bearers = identities(sessions, tokens);
  const limiter = new GuessLimiter({ state: guesses.failures, familiar: guesses.familiar });
  const tokenUsed = ({ user }: Identity, address: string): void => use.used(user, address);
  return {
    bearers,
    routes: authRoutes({
      signIn: new SignIn(users, { limiter }),
      passwords: () => !users.empty,
      oidc: oidc && provider && oidcRoutes({ config: oidc, server: config.server, provider, isTaken, logger, audit }),
      sessions,
      codes,
      logger,
      audit,
    }),
    adminAuth: adminAuth(bearers),
    gate: adminGate({
      flowsMode: config.flows.mode,
      ...(options.refuseChange && { refuseChange: options.refuseChange }),
      bearers,
      audit,
      tokenUsed,
    }),
    tokenUsed,
    async close() {
      provider?.stop();
      users.close();
      tokens.close();
      sessions.stop();
      await Promise.all([sessions.saved(), guesses.close(), use.close()]);
    },
  };
}

/** Changes with whatever a session of that kind rests on; null for who may not sign in any more. */
async function fingerprint(
  users: UserDirectory,
  oidc: OidcConfig | null,
  session: Pick<Session, 'user' | 'by' | 'role'>,
  salt: string,
): Promise<string | null> {
  const user = users.get(session.user);
  if (session.by === 'password') return user?.role === session.role ? user.passwordFingerprint(salt) : null;
  if (oidc === null || user !== undefined) return null;
  const { issuer, clientId, usernameClaim, rolesClaim, roleMap } = oidc;
  return hash('sha256', JSON.stringify([salt, issuer, clientId, usernameClaim, rolesClaim, roleMap]), 'base64url');
}
