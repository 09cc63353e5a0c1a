import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { ReferencingFlowStore } from '../credential-references.ts';
import { isFlowNode, isObject } from '../flow-node.ts';
import { gitPatch } from './git-patch.ts';

export interface RefusedDeploysOptions {
  /** Takes nothing of the credentials that an editor sends along in clear, besides references. */
  flows: Pick<ReferencingFlowStore, 'plan'>;
  /** Longest deploy that is read, as express has it. */
  limit: string;
  /** How changes get in here. */
  message: string;
  /** Who asks; null for nobody, who gets nothing. */
  userOf(request: Request): string | null;
  now?(): number;
}

export interface RefusedDeploys {
  /** Answers a change of flows where flows are read-only. */
  refuse: RequestHandler;
  /** Answers GET of `REFUSED_DEPLOY_PATH` with what this user last tried to deploy; anything else goes on. */
  download: RequestHandler;
}

/** Below the admin root. */
export const REFUSED_DEPLOY_PATH = '/redstart/refused-deploy';

/** Tells the editor's script that there is something to download. */
const HEADER = 'X-Redstart-Refused-Deploy';
const KEPT_MS = 30 * 60_000;
const MAX_USERS = 20;
const MAX_CHARACTERS = 8_000_000;

/**
 * Deploys where flows are read-only: refused with the way that changes get in, and what was tried is kept for its user
 * as a patch, so that the work is not lost. In memory, for half an hour, one a user.
 */
export function createRefusedDeploys(options: RefusedDeploysOptions): RefusedDeploys {
  const now = options.now ?? Date.now;
  const kept = new Map<string, { patch: string; at: number }>();
  const readBody = express.json({ limit: options.limit });

  const keep = (user: string, patch: string): void => {
    kept.delete(user);
    kept.set(user, { patch, at: now() });
    for (const [name, { at }] of kept) if (kept.size > MAX_USERS || now() - at > KEPT_MS) kept.delete(name);
  };

  async function attempt(body: unknown): Promise<{ patch: string; files: number } | null> {
    const nodes = Array.isArray(body) ? body : isObject(body) ? body.flows : null;
    if (!Array.isArray(nodes) || !nodes.every(isFlowNode)) return null;
    const changes = await options.flows.plan(nodes);
    if (changes.length === 0) return null;
    const patch = gitPatch(changes);
    return patch.length > MAX_CHARACTERS ? null : { patch, files: changes.length };
  }

  const answer = (response: Response, more: string): void => {
    response.status(403).type('text/plain').set('Cache-Control', 'no-store').send(`${options.message}${more}\n`);
  };

  return {
    refuse(request, response, next) {
      const user = options.userOf(request);
      if (user === null || request.method !== 'POST' || !/^\/flows\/?$/i.test(request.path)) {
        answer(response, '');
        return;
      }
      readBody(request, response, (fault?: unknown) => {
        if (fault !== undefined) {
          answer(response, '');
          return;
        }
        attempt(request.body)
          .then((tried) => {
            if (!tried) return answer(response, '');
            keep(user, tried.patch);
            response.set(HEADER, String(tried.files));
            answer(response, ` What you tried to deploy is kept for you as a patch for ${KEPT_MS / 60_000} minutes.`);
          })
          .catch(next);
      });
    },
    download(request: Request, response: Response, next: NextFunction) {
      if (request.method !== 'GET' || request.path !== REFUSED_DEPLOY_PATH) {
        next();
        return;
      }
      const tried = kept.get(options.userOf(request) ?? '');
      response.set('Cache-Control', 'no-store').type('text/plain');
      if (!tried || now() - tried.at > KEPT_MS) response.status(404).send('There is no refused deploy of yours.\n');
      else response.attachment('flows.patch').send(tried.patch);
    },
  };
}
