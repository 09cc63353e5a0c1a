import type { RedApi } from '../red.ts';

export function registerAdminRoutes(_RED: RedApi): void {}
