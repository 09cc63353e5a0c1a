import type { RequestHandler } from 'express';
import type { RedApi } from './red.ts';

/** Redstart's own place for verified routes: they answer there without the credentials that other endpoints ask for. */
interface WebhookRegistry {
  add(route: { path: string; handler: RequestHandler }): (() => void) | null;
}

interface Layer {
  route?: { stack: { handle: unknown }[] };
}

const taken = new Set<string>();

/**
 * POSTs to the path come to the handler, until what is given back is called. null when the path is taken, or when there are
 * no endpoints at all.
 */
export function addWebhookRoute(RED: RedApi, path: string, handler: RequestHandler): (() => void) | null {
  const registry = (RED.settings as { redstart?: { webhooks?: WebhookRegistry } }).redstart?.webhooks;
  if (registry) return registry.add({ path, handler });
  const { httpNode } = RED as { httpNode?: RedApi['httpNode'] };
  if (typeof httpNode !== 'function' || taken.has(path)) return null;
  const { httpNodeMiddleware } = RED.settings as { httpNodeMiddleware?: RequestHandler };
  taken.add(path);
  httpNode.post(path, ...(typeof httpNodeMiddleware === 'function' ? [httpNodeMiddleware] : []), handler);
  return () => {
    taken.delete(path);
    const router = (httpNode as unknown as { _router?: { stack: Layer[] } })._router;
    const place = router?.stack.findIndex(({ route }) => route?.stack.some(({ handle }) => handle === handler)) ?? -1;
    if (place >= 0) router?.stack.splice(place, 1);
  };
}
