import { badRequest } from './errors.ts';
import type { Part } from './multipart.ts';
import type { Platform } from './platform.ts';
import type { Principal } from './principals.ts';

export interface Request {
  platform: Platform;
  principal: Principal;
  params: Record<string, string>;
  query: URLSearchParams;
  /** Parsed JSON; undefined when there was no body. */
  body: unknown;
  /** Of a multipart body; none when it was another. */
  parts: readonly Part[];
  /** What the caller calls the simulator, base path included: for addresses in answers. */
  baseUrl: string;
  now: number;
}

/** Bytes that are made as they are sent: files of gigabytes cost nothing. */
export interface Content {
  type: string;
  size: number;
  chunks: Iterable<Buffer>;
}

/** A body is sent as JSON; `json` is one that is text already. */
export interface Answer {
  status: number;
  body?: unknown;
  json?: string;
  content?: Content;
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in the specification: `/workflow/{workflowId}`. */
  template: string;
  /** Answers without a token. */
  anonymous?: boolean;
  /** The last variable takes the rest of the path, slashes and all, or nothing of it. */
  rest?: boolean;
  handle: (request: Request) => Answer;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const accepted = (body: unknown): Answer => ({ status: 202, body });
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
  readonly #withRest: Entry[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const segments = route.template.split('/').slice(1);
      if (route.rest) {
        this.#withRest.push({ route, segments });
        continue;
      }
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
    const entries = [...(this.#byLength.get(parts.length) ?? []), ...this.#withRest];
    for (const { route, segments } of entries) {
      const given = route.rest ? withRest(parts, segments.length) : parts;
      if (given === undefined || !fits(segments, given)) continue;
      known = true;
      if (route.method !== method) continue;
      const params: Record<string, string> = {};
      segments.forEach((segment, index) => {
        if (segment.startsWith('{')) params[segment.slice(1, -1)] = decode(given[index] ?? '');
      });
      return { route, params };
    }
    return known ? 'wrong method' : undefined;
  }
}

const fits = (segments: readonly string[], parts: readonly string[]) =>
  segments.every((segment, index) => segment.startsWith('{') || segment === parts[index]);

function withRest(parts: readonly string[], length: number): string[] | undefined {
  return parts.length < length ? undefined : [...parts.slice(0, length - 1), parts.slice(length - 1).join('/')];
}

const variables = (segments: readonly string[]) => segments.filter((segment) => segment.startsWith('{')).length;

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`Malformed path segment: ${segment}`);
  }
}
