import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Express gives each request and answer another prototype. V8 knows objects with it by a shape that it forgets when a
 * collection of garbage comes at a moment without any, and then, in some processes, it makes a new shape for each request
 * from there on: all that is learned of them is worth nothing, and a request costs twice. So one pair is kept: the first,
 * without what it was asked and told.
 */
export function keepShapes(): (req: IncomingMessage, res: ServerResponse) => void {
  let kept: { req: IncomingMessage; res: ServerResponse } | null = null;
  return (req, res) => {
    if (kept !== null) return;
    kept = { req, res };
    res.once('close', () => empty(req));
  };
}

/** Values go, properties stay: they are the shape. */
function empty(req: IncomingMessage): void {
  req.rawHeaders.length = 0;
  for (const name of Object.keys(req.headers)) delete req.headers[name];
  for (const property of ['url', 'originalUrl', 'body', 'query', 'params', 'cookies', 'signedCookies', '_parsedUrl']) {
    if (Object.hasOwn(req, property)) Object.assign(req, { [property]: undefined });
  }
}
