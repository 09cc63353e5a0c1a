import type { RequestHandler } from 'express';
import type { Audit } from '../audit/audit-event.ts';
import { addressOf } from './client-address.ts';
import { type Bearers, type Identity, identify } from './identities.ts';
import { publicRoute } from './public-admin-routes.ts';
import { type Refusal, refuse } from './refusal.ts';
import { isAtLeast, roleFor } from './roles.ts';
import { bearerToken } from './token-hash.ts';

const READ_ONLY =
  'The flows are read-only here (REDSTART_FLOWS_MODE=readonly). Change the flow files where they are kept, have them ' +
  'reviewed, and deploy them; or start with REDSTART_FLOWS_MODE=editable to edit in place.';

/** Routes that change flows or what flows are made of. Routing is case-insensitive, so is this. */
const CHANGES = /^\/(?:flows|flow|nodes|library)(?:\/|$)/i;
/** Starting and stopping what is there changes no file. */
const STATE = /^\/flows\/state\/?$/i;
const HARMLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface AdminGateOptions {
  readonly flowsMode: 'editable' | 'readonly';
  /** Answers a change of read-only flows, when it has more to say than no. */
  readonly refuseChange?: RequestHandler;
  readonly bearers: Bearers;
  readonly audit: Audit;
  /** A token of a program was used. */
  readonly tokenUsed?: (identity: Identity, address: string) => void;
}

/**
 * Node-RED's `httpAdminMiddleware`: runs before every admin route, its own and those of nodes and plugins, and before
 * any body is read. Deny by default: a route wants the role that `roles.ts` says, also when its author asks for nothing.
 * The permission that a route asks for is checked after it, by the route.
 */
export function adminGate({ flowsMode, refuseChange, bearers, audit, tokenUsed }: AdminGateOptions): RequestHandler {
  return (req, res, next) => {
    const { method, path } = req;
    if (publicRoute(method, path) !== null) {
      next();
      return;
    }
    const token = bearerToken(req.headers.authorization);
    const identity = token === null ? null : bearers.find(token);
    const address = addressOf(req);
    // The path is the caller's text, of any length.
    const what = `${method} ${path.slice(0, 200)}`;
    if (identity === null) {
      if (token !== null) audit.record({ event: 'refused', address, what, why: 'no such session' });
      refuse(req, res, UNAUTHORIZED);
      return;
    }
    if (identity.by === 'token') tokenUsed?.(identity, address);
    const { user, role } = identity;
    if (!isAtLeast(role, roleFor(method, path))) {
      audit.record({ event: 'refused', user, address, what, why: `role ${role}` });
      // Not 401: at that one the editor takes the session for ended, and shows its sign-in form.
      refuse(req, res, { status: 403, body: `The role ${role} may not do this` });
      return;
    }
    identify(req, identity);
    // Refused here and not by the storage: by then the runtime has already dropped credentials of removed nodes.
    if (flowsMode === 'readonly' && changesFlows(method, path, req.get('Node-RED-Deployment-Type'))) {
      if (refuseChange) refuseChange(req, res, next);
      else refuse(req, res, { status: 403, body: READ_ONLY });
      return;
    }
    // An operator presses the button as it was drawn, and does not say what the message holds: marked as read, the body
    // is not read again.
    if (role === 'operator' && INJECT.test(path)) Object.assign(req, { body: {}, _body: true });
    next();
  };
}

const UNAUTHORIZED: Refusal = { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };
const INJECT = /^\/inject\//i;

function changesFlows(method: string, path: string, deploymentType: string | undefined): boolean {
  if (HARMLESS.has(method) || !CHANGES.test(path) || STATE.test(path)) return false;
  // "Restart flows" reads the files again and takes nothing from the request.
  const reloads = method === 'POST' && /^\/flows\/?$/i.test(path) && deploymentType === 'reload';
  return !reloads;
}
