import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type Attributes, type Context, defaultTextMapGetter, ROOT_CONTEXT } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/** A request that came in by an `http in` or webhook node, as their messages hold it. */
export interface IncomingRequest {
  /** The same for all messages of the request. */
  self: object;
  name: string;
  headers: IncomingHttpHeaders;
  attributes: Attributes;
  /** Called once, with null when the caller went away before the answer was complete. */
  onAnswer(listener: (status: number | null) => void): void;
}

const METHODS = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/;
const LONGEST = 200;
const propagator = new W3CTraceContextPropagator();

/** Null when the message is of no request. The route, never the path: what a caller put into it may be a secret. */
export function requestOf(msg: Record<string, unknown>): IncomingRequest | null {
  const request = msg.req as
    | { headers?: IncomingHttpHeaders; method?: unknown; baseUrl?: unknown; route?: { path?: unknown } }
    | undefined;
  const response = (msg.res as { _res?: ServerResponse } | undefined)?._res;
  if (typeof request?.headers !== 'object' || typeof response?.once !== 'function') return null;
  const method = METHODS.test(String(request.method)) ? String(request.method) : '_OTHER';
  const path = request.route?.path;
  const route = typeof path === 'string' ? `${String(request.baseUrl ?? '')}${path}`.slice(0, LONGEST) : undefined;
  return {
    self: request,
    name: route === undefined ? method : `${method} ${route}`,
    headers: request.headers,
    attributes: { 'http.request.method': method, ...(route !== undefined && { 'http.route': route }) },
    onAnswer(listener) {
      const tell = (): void => listener(response.writableFinished ? response.statusCode : null);
      if (response.closed || response.destroyed) tell();
      else response.once('close', tell);
    },
  };
}

/** The context that the caller sent, or none. */
export const contextOf = (headers: IncomingHttpHeaders): Context =>
  propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
