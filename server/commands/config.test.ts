import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { config } from './config.ts';

const TOKEN = 'planted-token-of-the-test';
let out: string[];
let errors: string[];

beforeEach(() => {
  out = [];
  errors = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void out.push(text));
  vi.spyOn(console, 'error').mockImplementation((text: string) => void errors.push(text));
  for (const name of Object.keys(process.env)) if (/^(TOWER|SEQERA|REDSTART)_/.test(name)) vi.stubEnv(name, '');
  vi.stubEnv('PORT', '2000');
  vi.stubEnv('SEQERA_ACCESS_TOKEN', TOKEN);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

describe('redstart config', () => {
  it('shows each value and where it comes from, secrets as set or unset', async () => {
    vi.stubEnv('REDSTART_CONNECTION_LAB_TOKEN', TOKEN);
    await config({});
    const table = out.join('\n');
    expect(table).toMatch(/^TOWER_ACCESS_TOKEN +set +environment \(SEQERA_ACCESS_TOKEN\)$/m);
    expect(table).toMatch(/^REDSTART_CONNECTION_LAB_TOKEN +set +environment$/m);
    expect(table).toMatch(/^PORT +2000 +environment$/m);
    expect(table).toMatch(/HOST +127\.0\.0\.1 +default/);
    expect(table).toMatch(/REDSTART_ADMIN_PASSWORD +unset +default/);
    expect(table + errors.join()).not.toContain(TOKEN);
    expect(process.exitCode).toBeUndefined();
  });

  it('shows what is wrong beside it, and fails as a start would', async () => {
    vi.stubEnv('PORT', 'x');
    await config({});
    expect(out.join('\n')).toMatch(/^PORT +not accepted +environment$/m);
    expect(errors.join('\n')).toMatch(
      /CONFIG_INVALID: the configuration has one problem\n\n {2}PORT is not a whole number/,
    );
    expect(process.exitCode).toBe(78);
  });

  it('gives the same as JSON alone', async () => {
    vi.stubEnv('REDSTART_ADMIN_PASSWORD', 'admin');
    await config({ json: true, local: true });
    const { ok, settings, problems } = JSON.parse(out.join('\n'));
    expect(ok).toBe(false);
    expect(problems).toEqual([expect.objectContaining({ variable: 'REDSTART_ADMIN_PASSWORD' })]);
    expect(settings).toContainEqual({
      variable: 'TOWER_ACCESS_TOKEN',
      value: 'set',
      source: 'environment',
      from: 'SEQERA_ACCESS_TOKEN',
      secret: true,
      valid: true,
    });
    expect(settings).toContainEqual(
      expect.objectContaining({ variable: 'REDSTART_ADMIN_PASSWORD', value: 'set', valid: false }),
    );
    expect(errors).toEqual([]);
    expect(out.join()).not.toContain(TOKEN);
  });
});
