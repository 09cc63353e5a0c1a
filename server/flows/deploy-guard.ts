import type { NextFunction, Request, Response } from 'express';
import { changedMessage, type FlowStore } from './flow-store.ts';

/**
 * Refuses a deploy over flow files that changed on disk before Node-RED sees it: by the time that storage is asked,
 * Node-RED has already forgotten the credentials of the nodes that the deploy removes. As plain text, which the editor
 * shows word for word. Reloading the files is always allowed, as it is the way out.
 */
export function deployGuard(flows: FlowStore) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const writes = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS';
    if (!writes || !/^\/flows?(?:\/|$)/i.test(request.path) || request.get('Node-RED-Deployment-Type') === 'reload') {
      next();
      return;
    }
    const changed = await flows.changedOnDisk().catch(() => []);
    if (changed.length === 0) next();
    else response.status(409).type('text/plain').send(changedMessage(changed));
  };
}
