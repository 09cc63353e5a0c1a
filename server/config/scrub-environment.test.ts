import { describe, expect, it } from 'vitest';
import { namesOf } from './field.ts';
import { schema } from './schema.ts';
import { scrubEnvironment } from './scrub-environment.ts';

describe('scrubEnvironment', () => {
  it('leaves no secret under any of its names', () => {
    const secrets = schema
      .filter((field) => field.secret)
      .flatMap(namesOf)
      .map((name) => name.replace('<NAME>', 'PROD_EU'));
    const env = Object.fromEntries(
      [
        ...secrets,
        'PATH',
        'FLOW_X',
        'flow_y',
        'REDSTART_TLS_KEY_FILE',
        'PORT',
        'AWS_SECRET_ACCESS_KEY',
        'no_proxy',
      ].map((name) => [name, 'x']),
    );
    scrubEnvironment(env, { simulator: false, dotenv: {} });
    expect(secrets).toContain('SEQERA_ACCESS_TOKEN_FILE');
    expect(env).toEqual({ PATH: 'x', FLOW_X: 'x', no_proxy: 'x', FLOW_SIMULATOR: 'false' });
  });

  it('hands .env on beneath the real environment, and tells the simulator', () => {
    const env = { FLOW_A: 'real' };
    scrubEnvironment(env, {
      simulator: true,
      dotenv: { FLOW_A: 'file', FLOW_B: 'file', FLOW_SIMULATOR: 'false', LOG_LEVEL: 'debug' },
    });
    expect(env).toEqual({ FLOW_A: 'real', FLOW_B: 'file', FLOW_SIMULATOR: 'true' });
  });
});
