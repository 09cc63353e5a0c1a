export { type AdminAuth, type AdminUser, adminAuth } from './admin-auth.ts';
export { type AdminGateOptions, adminGate } from './admin-gate.ts';
export { LiveSessions } from './live-sessions.ts';
export { protectComms } from './protect-comms.ts';
export { PUBLIC_ADMIN_ROUTES, type PublicRoute, publicRoute } from './public-admin-routes.ts';
export { SignIn } from './sign-in.ts';
export { telemetryLock } from './telemetry-lock.ts';
