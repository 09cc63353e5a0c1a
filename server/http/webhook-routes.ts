import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type RequestHandler } from 'express';

/** What a webhook node asks for: POSTs to exactly this path, below the root of the flows' endpoints. */
export interface WebhookRoute {
  readonly path: string;
  readonly handler: RequestHandler;
}

/** A deploy takes nodes away and puts them back: who calls in between is to come again, not to be sent away. */
const AWAITED_MS = 10_000;

/**
 * Routes whose callers are known by the signature of their request instead of by credentials. They are no routes of
 * Node-RED's own app: there an “http in” with a pattern could come first, and would get calls that nobody checked.
 */
export class WebhookRoutes {
  readonly #routes = new Map<string, WebhookRoute>();
  /** Paths that a deploy has taken away, and until when they may come back. */
  readonly #leaving = new Map<string, number>();
  readonly #now: () => number;
  readonly #app: express.Application;

  constructor(trustProxy?: unknown, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#app = express();
    this.#app.disable('x-powered-by');
    if (trustProxy !== undefined) this.#app.set('trust proxy', trustProxy);
    this.#app.use((req, res, next) => {
      const route = this.#routes.get(req.path);
      // Removed by a deploy since the request was let in: it is not found, rather than handed to anybody else.
      if (route === undefined) next();
      else route.handler(req, res, next);
    });
  }

  /** @returns how to take it away again; null when the path is taken, or none that can be told by its exact letters */
  add(route: WebhookRoute): (() => void) | null {
    if (!/^(?:\/[\w.~-]+)+$/.test(route.path) || this.#routes.has(route.path)) return null;
    this.#routes.set(route.path, route);
    this.#leaving.delete(route.path);
    return () => {
      if (this.#routes.get(route.path) !== route) return;
      this.#routes.delete(route.path);
      this.#leaving.set(route.path, this.#now() + AWAITED_MS);
    };
  }

  /** By the exact letters of the path. */
  serves(method: string | undefined, path: string): boolean {
    return method === 'POST' && this.#routes.size > 0 && this.#routes.has(path);
  }

  /** It was there a moment ago. */
  awaited(method: string | undefined, path: string): boolean {
    const until = method === 'POST' && this.#leaving.size > 0 ? this.#leaving.get(path) : undefined;
    if (until === undefined) return false;
    if (until > this.#now()) return true;
    this.#leaving.delete(path);
    return false;
  }

  handle(req: IncomingMessage, res: ServerResponse, done: (error?: unknown) => void): void {
    this.#app(req as express.Request, res as express.Response, done);
  }
}
