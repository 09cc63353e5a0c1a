import type { RequestHandler } from 'express';
import { publicRoute } from './public-admin-routes.ts';
import { refuse } from './refusal.ts';

const READ_ONLY =
  'The flows are read-only here (REDSTART_FLOWS_MODE=readonly). Change the flow files where they are kept, have them ' +
  'reviewed, and deploy them; or start with REDSTART_FLOWS_MODE=editable to edit in place.';

/** Routes that change flows or what flows are made of. Routing is case-insensitive, so is this. */
const CHANGES = /^\/(?:flows|flow|nodes|library)(?:\/|$)/i;
/** Starting and stopping what is there changes no file. */
const STATE = /^\/flows\/state\/?$/i;
const HARMLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface AdminGateOptions {
  flowsMode: 'editable' | 'readonly';
  /** Lets a request with a valid session through, answers any other: `RED.auth.needsPermission('')`. */
  signedIn: RequestHandler;
}

/**
 * Node-RED's `httpAdminMiddleware`: runs before every admin route, its own and those of nodes and plugins, and before
 * any body is read. Deny by default; the permission that a route asks for is checked after it, by the route.
 */
export function adminGate({ flowsMode, signedIn }: AdminGateOptions): RequestHandler {
  return (req, res, next) => {
    if (publicRoute(req.method, req.path) !== null) {
      next();
      return;
    }
    signedIn(req, res, (error?: unknown) => {
      if (error !== undefined) {
        next(error);
        return;
      }
      // Refused here and not by the storage: by then the runtime has already dropped credentials of removed nodes.
      if (flowsMode === 'readonly' && changesFlows(req.method, req.path, req.get('Node-RED-Deployment-Type'))) {
        refuse(req, res, { status: 403, body: READ_ONLY });
        return;
      }
      next();
    });
  };
}

function changesFlows(method: string, path: string, deploymentType: string | undefined): boolean {
  if (HARMLESS.has(method) || !CHANGES.test(path) || STATE.test(path)) return false;
  // "Restart flows" reads the files again and takes nothing from the request.
  const reloads = method === 'POST' && /^\/flows\/?$/i.test(path) && deploymentType === 'reload';
  return !reloads;
}
