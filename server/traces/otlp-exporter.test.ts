import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExportResult } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { Secret, type TracesConfig } from '../config/index.ts';
import { otlpExporter } from './otlp-exporter.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Seen {
  target: string;
  headers: IncomingHttpHeaders;
}

async function listen(answer: { status: number; body?: string }) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ target: request.url ?? '', headers: request.headers });
    request.resume().on('end', () => response.writeHead(answer.status).end(answer.body));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const spans = () => {
  const memory = new InMemorySpanExporter();
  const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] }).getTracer('t');
  tracer.startSpan('a').end();
  return memory.getFinishedSpans();
};
const traces = (url: string): TracesConfig => ({
  url,
  headers: [['x-key', new Secret('planted-key-1')]],
  serviceName: 's',
  resource: {},
  sampler: { parentBased: true, ratio: 1 },
});
const noProxy = { https: null, http: null, noProxy: null };
const send = (config: TracesConfig, proxy = noProxy as Parameters<typeof otlpExporter>[1]): Promise<ExportResult> =>
  new Promise((resolve) => otlpExporter(config, proxy, 'redstart/test').export(spans(), resolve));

describe('sending traces', () => {
  it('posts protobuf with the headers of the configuration', async () => {
    const { url, seen } = await listen({ status: 200 });
    expect(await send(traces(`${url}/v1/traces`))).toEqual({ code: 0 });
    expect(seen[0]).toMatchObject({
      target: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf', 'x-key': 'planted-key-1' },
    });
    expect(seen[0]?.headers['user-agent']).toMatch(/^redstart\/test /);
  });

  it('goes through the proxy, but for what NO_PROXY names and this machine', async () => {
    const proxy = await listen({ status: 200 });
    const through = { ...noProxy, http: proxy.url };
    expect(await send(traces('http://collector.invalid:4318/v1/traces'), through)).toEqual({ code: 0 });
    expect(proxy.seen[0]?.target).toBe('http://collector.invalid:4318/v1/traces');
    const direct = await listen({ status: 200 });
    expect(await send(traces(`${direct.url}/v1/traces`), through)).toEqual({ code: 0 });
    expect([proxy.seen.length, direct.seen.length]).toEqual([1, 1]);
  });

  it.each([400, 401, 404, 500])('fails with the status %d and not with what the answer says', async (status) => {
    const { url } = await listen({ status, body: 'x'.repeat(100_000) });
    const { code, error } = await send(traces(`${url}/v1/traces`));
    expect(code).toBe(1);
    expect((error as { code?: number } | undefined)?.code).toBe(status);
  });

  it('takes garbage with a good status for taken', async () => {
    const { url } = await listen({ status: 200, body: 'not protobuf at all' });
    expect(await send(traces(`${url}/v1/traces`))).toEqual({ code: 0 });
  });
});
