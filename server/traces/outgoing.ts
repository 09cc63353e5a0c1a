import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { defaultTextMapSetter } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { ownRequests } from '../sandbox/own-requests.ts';
import type { TracedPassage } from './passage.ts';

const CREATED = 'http.client.request.created';
const ANSWERED = 'http.client.response.finish';

/**
 * Puts the trace's headers on requests of `http request` nodes, redirects included, as they are made: so the message stays
 * as it is, and no header of one answer is sent with the next request.
 */
export function carryOn(passageOf: () => TracedPassage | undefined): { stop(): void } {
  const propagator = new W3CTraceContextPropagator();
  const callers = new WeakMap<ClientRequest, TracedPassage>();

  const created = (message: unknown): void => {
    if (ownRequests.running()) return;
    const passage = passageOf();
    if (passage === undefined) return;
    const { request } = message as { request: ClientRequest };
    callers.set(request, passage);
    if (passage.span.isRecording()) {
      passage.span.setAttributes({ 'http.request.method': request.method, 'server.address': request.host });
    }
    // A flow that sets the header itself knows better.
    if (request.headersSent || request.hasHeader('traceparent')) return;
    const headers: Record<string, string> = {};
    propagator.inject(passage.context, headers, defaultTextMapSetter);
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
  };
  const answered = (message: unknown): void => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    const passage = callers.get(request);
    if (passage?.span.isRecording() && response.statusCode !== undefined)
      passage.span.setAttribute('http.response.status_code', response.statusCode);
  };

  diagnostics.subscribe(CREATED, created);
  diagnostics.subscribe(ANSWERED, answered);
  return {
    stop() {
      diagnostics.unsubscribe(CREATED, created);
      diagnostics.unsubscribe(ANSWERED, answered);
    },
  };
}
