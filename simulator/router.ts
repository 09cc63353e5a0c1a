import { badRequest } from './errors.ts';
import type { Platform } from './platform.ts';
import type { Principal } from './principals.ts';

export interface Request {
  platform: Platform;
  principal: Principal;
  params: Record<string, string>;
  query: URLSearchParams;
  /** Parsed JSON; undefined when there was no body. */
  body: unknown;
  now: number;
}

/** A body is sent as JSON; `json` is one that is text already. */
export interface Answer {
  status: number;
  body?: unknown;
  json?: string;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in the specification: `/workflow/{workflowId}`. */
  template: string;
  /** Answers without a token. */
  anonymous?: boolean;
  handle: (request: Request) => Answer;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const noContent = (): Answer => ({ status: 204 });

interface Entry {
  route: Route;
  segments: string[];
}

export interface Found {
  route: Route;
  params: Record<string, string>;
}

export class Router {
  readonly #byLength = new Map<number, Entry[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const segments = route.template.split('/').slice(1);
      const entries = this.#byLength.get(segments.length) ?? [];
      entries.push({ route, segments });
      // `/workflow/random-name` before `/workflow/{workflowId}`.
      entries.sort((a, b) => variables(a.segments) - variables(b.segments));
      this.#byLength.set(segments.length, entries);
    }
  }

  /** `wrong method`: the path exists, the method does not. */
  find(method: string, path: string): Found | 'wrong method' | undefined {
    const parts = path.split('/').slice(1);
    let known = false;
    for (const { route, segments } of this.#byLength.get(parts.length) ?? []) {
      if (!segments.every((segment, index) => segment.startsWith('{') || segment === parts[index])) continue;
      known = true;
      if (route.method !== method) continue;
      const params: Record<string, string> = {};
      segments.forEach((segment, index) => {
        if (segment.startsWith('{')) params[segment.slice(1, -1)] = decode(parts[index] ?? '');
      });
      return { route, params };
    }
    return known ? 'wrong method' : undefined;
  }
}

const variables = (segments: readonly string[]) => segments.filter((segment) => segment.startsWith('{')).length;

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`Malformed path segment: ${segment}`);
  }
}
