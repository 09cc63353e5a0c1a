import type { RequestHandler } from 'express';
import type { RedApi } from '../red.ts';

/**
 * What the nodes' dialogs ask while a flow is being drawn. All are POST, because a question can hold a token that is not
 * deployed yet, and need the right to change flows: whoever may only look has no dialog to fill in.
 */
export const ADMIN_ROUTES = [
  { path: '/seqera/connections', permission: 'flows.write', lookup: 'connections' },
  { path: '/seqera/identity', permission: 'flows.write', lookup: 'identity' },
  { path: '/seqera/workspaces', permission: 'flows.write', lookup: 'workspaces' },
  { path: '/seqera/launchpads', permission: 'flows.write', lookup: 'launchpads' },
  { path: '/seqera/labels', permission: 'flows.write', lookup: 'labels' },
  { path: '/seqera/compute-envs', permission: 'flows.write', lookup: 'computeEnvs' },
  { path: '/seqera/runs', permission: 'flows.write', lookup: 'runs' },
  { path: '/seqera/studios', permission: 'flows.write', lookup: 'studios' },
  { path: '/seqera/actions', permission: 'flows.write', lookup: 'actions' },
  { path: '/seqera/data-links', permission: 'flows.write', lookup: 'dataLinks' },
  { path: '/seqera/folders', permission: 'flows.write', lookup: 'folders' },
  { path: '/seqera/datasets', permission: 'flows.write', lookup: 'datasets' },
] as const;

export type LookupName = (typeof ADMIN_ROUTES)[number]['lookup'];

/** Adds the routes to the admin API. Does nothing where there is none (`httpAdminRoot: false`). */
export function registerAdminRoutes(RED: RedApi): void {
  const app: typeof RED.httpAdmin | null = RED.httpAdmin;
  if (!app) return;
  for (const { path, permission, lookup } of ADMIN_ROUTES) {
    const needsPermission = RED.auth.needsPermission(permission) as RequestHandler;
    app.post(path, needsPermission, (request, response) => {
      // Loaded with the first question: a runtime that nobody draws in does not pay for it.
      import('./answer.ts')
        .then(({ answer }) => answer(RED, lookup, request, response))
        // Express 4 does not see a rejection, and an unhandled one ends the process.
        .catch((error: unknown) => {
          RED.log.error(`seqera: ${path} failed: ${error instanceof Error ? error.message : 'unknown fault'}`);
          if (!response.headersSent)
            response.status(500).json({ code: 'SEQERA_INTERNAL', message: 'The server failed.' });
        });
    });
  }
}
