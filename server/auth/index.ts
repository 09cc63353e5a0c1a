export type { AdminAuth, AdminUser } from './admin-auth.ts';
export type { AuthRoutes } from './auth-routes.ts';
export { type Auth, type AuthOptions, createAuth, GUESSES_FILE, SESSIONS_FILE } from './create-auth.ts';
export { type Bearers, type Identity, identityOf } from './identities.ts';
export { protectComms } from './protect-comms.ts';
export { PUBLIC_ADMIN_ROUTES, type PublicRoute, publicRoute } from './public-admin-routes.ts';
export { ADMIN_ROUTES, isAtLeast, ROLE_RULES, roleFor } from './roles.ts';
export { telemetryLock } from './telemetry-lock.ts';
export { TOKEN_USE_FILE } from './token-use.ts';
