import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Express gives each request and answer another prototype. V8 knows objects with it by a shape that it forgets when a
 * collection of garbage comes at a moment without any, and then, in some processes, it makes a new shape for each request
 * from there on: all that is learned of them is worth nothing, and a request costs twice. So one pair is kept: the last,
 * as it is, for a flow may go on with it long after its answer.
 */
export function keepShapes(): (req: IncomingMessage, res: ServerResponse) => void {
  const kept: { req: IncomingMessage | null; res: ServerResponse | null } = { req: null, res: null };
  return (req, res) => {
    kept.req = req;
    kept.res = res;
  };
}
