import http from 'node:http';
import https from 'node:https';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Config, TracesConfig } from '../config/index.ts';
import { ownRequests } from '../sandbox/own-requests.ts';

const TIMEOUT_MS = 10_000;

/**
 * OTLP over HTTP, by way of the proxy of the configuration. Its connections are the program's own: what flows may call does
 * not limit them, and they are in no trace.
 */
export function otlpExporter(traces: TracesConfig, proxy: Config['proxy'], userAgent: string): SpanExporter {
  const proxyEnv = proxyFor(traces.url, proxy);
  const exporter = new OTLPTraceExporter({
    url: traces.url,
    headers: Object.fromEntries(traces.headers.map(([name, value]) => [name, value.reveal()])),
    timeoutMillis: TIMEOUT_MS,
    userAgent,
    httpAgentOptions: (protocol) =>
      new (protocol === 'https:' ? https : http).Agent({
        keepAlive: true,
        maxSockets: 2,
        ...(proxyEnv && { proxyEnv }),
      }),
  });
  return {
    export: (spans, done) => ownRequests.run(() => exporter.export(spans, done)),
    shutdown: () => exporter.shutdown(),
  };
}

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** No proxy leads back to this machine, whatever NO_PROXY forgot. */
function proxyFor(url: string, proxy: Config['proxy']): Record<string, string> | null {
  if (LOOPBACK.test(new URL(url).hostname) || (proxy.https === null && proxy.http === null)) return null;
  return {
    ...(proxy.https !== null && { HTTPS_PROXY: proxy.https }),
    ...(proxy.http !== null && { HTTP_PROXY: proxy.http }),
    ...(proxy.noProxy !== null && { NO_PROXY: proxy.noProxy }),
  };
}
