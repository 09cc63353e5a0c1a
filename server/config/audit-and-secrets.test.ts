import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluate } from './load-config.ts';

const cwd = mkdtempSync(join(tmpdir(), 'redstart-config-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const load = (env: Record<string, string>) => evaluate({ env, cwd });

describe('the audit trail', () => {
  it('is a file unless said otherwise', () => {
    expect(load({}).config?.audit).toEqual({ mode: 'file', maxBytes: 10 * 1024 * 1024, files: 20 });
    const { config } = load({ REDSTART_AUDIT: 'both', REDSTART_AUDIT_FILE_MB: '2', REDSTART_AUDIT_FILES: '3' });
    expect(config?.audit).toEqual({ mode: 'both', maxBytes: 2 * 1024 * 1024, files: 3 });
  });

  it('says at the start that it is off', () => {
    expect(load({}).warnings.join()).not.toContain('REDSTART_AUDIT');
    expect(load({ REDSTART_AUDIT: 'off' }).warnings).toContainEqual(expect.stringContaining('REDSTART_AUDIT=off'));
  });

  it('can record what is in force, without a secret', () => {
    const { config } = load({ REDSTART_CREDENTIAL_SECRET: 'the secret of credentials', PORT: '1234' });
    expect(config?.effective).toMatchObject({
      PORT: '1234',
      REDSTART_CREDENTIAL_SECRET: 'set',
      TOWER_ACCESS_TOKEN: 'unset',
    });
    expect(JSON.stringify(config?.effective)).not.toContain('the secret of');
  });
});

describe('secrets', () => {
  it('keeps the files of its own secrets from flows', () => {
    const file = join(cwd, 'own-token');
    writeFileSync(file, 'a-token-of-the-Platform\n');
    const { config } = load({ REDSTART_SECRETS_DIR: '.', TOWER_ACCESS_TOKEN_FILE: 'own-token' });
    expect(config?.secrets).toEqual({ dir: cwd, own: [file] });
  });

  it('takes a previous credential secret only together with a new one', () => {
    const previous = { REDSTART_CREDENTIAL_SECRET_PREVIOUS: 'the old secret of 2025' };
    expect(load(previous).problems).toMatchObject([{ variable: 'REDSTART_CREDENTIAL_SECRET' }]);
    const { config } = load({ ...previous, REDSTART_CREDENTIAL_SECRET: 'the new secret of 2026' });
    expect(config?.previousCredentialSecret?.reveal()).toBe('the old secret of 2025');
  });
});
