import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { redact, scrubEnvironment } from './index.ts';
import { evaluate } from './load-config.ts';

const cwd = mkdtempSync(join(tmpdir(), 'redstart-traces-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const read = (env: Record<string, string>) =>
  evaluate({ env: { TOWER_ACCESS_TOKEN: 'a-token-of-tests', ...env }, cwd });
const traces = (env: Record<string, string>) => {
  const { config, problems } = read(env);
  expect(problems).toEqual([]);
  return config?.traces;
};
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };

describe('traces', () => {
  it('are off without an address, whatever else is set', () => {
    expect(traces({})).toBeNull();
    expect(traces({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeNull();
    expect(traces({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' })).toBeNull();
  });

  it('go to /v1/traces below the address, or to the address for traces as it is', () => {
    expect(traces(ENDPOINT)).toEqual({
      url: 'http://collector:4318/v1/traces',
      headers: [],
      serviceName: 'redstart',
      resource: {},
      sampler: { parentBased: true, ratio: 1 },
    });
    const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://other.example.com/take' };
    expect(traces({ ...ENDPOINT, ...own })?.url).toBe('https://other.example.com/take');
    expect(traces(own)?.url).toBe('https://other.example.com/take');
  });

  it('take headers as secrets, from a file too, and hide each part of them', () => {
    const file = join(cwd, 'headers');
    writeFileSync(file, 'authorization=Bearer%20planted-key-9,x-team=one\n', { mode: 0o600 });
    const env: NodeJS.ProcessEnv = {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS_FILE: file,
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'X-Team=planted-team-2',
    };
    const { config } = evaluate({ env, cwd });
    expect(config?.traces?.headers.map(([name, value]) => [name, value.reveal()])).toEqual([
      ['authorization', 'Bearer planted-key-9'],
      ['x-team', 'planted-team-2'],
    ]);
    expect(redact('sent planted-key-9 and planted-team-2')).toBe('sent [redacted] and [redacted]');
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config)).not.toContain('planted');
    if (config) scrubEnvironment(env, config);
    expect(Object.keys(env).filter((name) => name.startsWith('OTEL_'))).toEqual([]);
  });

  it('have a name and attributes of the resource', () => {
    const OTEL_RESOURCE_ATTRIBUTES = 'service.name=a,team=genomics,where=K%C3%B6ln%2C 3';
    expect(traces({ ...ENDPOINT, OTEL_RESOURCE_ATTRIBUTES })).toMatchObject({
      serviceName: 'a',
      resource: { team: 'genomics', where: 'Köln, 3' },
    });
    expect(traces({ ...ENDPOINT, OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: 'b' })?.serviceName).toBe('b');
  });

  it.each([
    ['always_on', undefined, false, 1],
    ['always_off', undefined, false, 0],
    ['traceidratio', '0.25', false, 0.25],
    ['parentbased_traceidratio', undefined, true, 1],
    ['parentbased_always_off', undefined, true, 0],
  ])('sample by %s %s', (name, argument, parentBased, ratio) => {
    const env = { ...ENDPOINT, OTEL_TRACES_SAMPLER: name, ...(argument && { OTEL_TRACES_SAMPLER_ARG: argument }) };
    expect(traces(env)?.sampler).toEqual({ parentBased, ratio });
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', 'is neither http:// nor https://'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:planted-pw@collector', 'has a user or password in it'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'is not available yet: "grpc"'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json', 'is not available yet: "http/json"'],
    [
      'OTEL_EXPORTER_OTLP_HEADERS',
      'authorization: planted-key',
      'has an entry that does not begin with the name of a header and =',
    ],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'a=planted%0d%0ab: c', 'has a value that no header can have'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'team', 'is no comma list of name=value'],
    ['OTEL_TRACES_SAMPLER', 'sometimes', 'is none of the accepted values: "sometimes"'],
    ['OTEL_TRACES_SAMPLER_ARG', '2', 'is not a number from 0 to 1'],
  ])('refuse %s=%s', (variable, value, problem) => {
    const { problems } = read({ ...ENDPOINT, [variable]: value });
    expect(problems).toMatchObject([{ variable, problem, example: expect.stringContaining(`${variable}=`) }]);
    expect(JSON.stringify(problems)).not.toContain('planted');
  });

  it('warn of what is set and would be missed', () => {
    const { warnings } = read({ ...ENDPOINT, OTEL_BSP_MAX_QUEUE_SIZE: '9', OTEL_METRICS_EXPORTER: 'none' });
    expect(warnings).toEqual([expect.stringContaining('OTEL_BSP_MAX_QUEUE_SIZE is not looked at')]);
    expect(read({ ...ENDPOINT, OTEL_TRACES_SAMPLER_ARG: '0.5' }).warnings).toHaveLength(1);
  });
});
