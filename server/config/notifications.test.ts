import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, redact } from './index.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'redstart-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const load = (env: Record<string, string>) => loadConfig({ env, cwd });
const told = (env: Record<string, string>): string[] => {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
    throw error;
  }
  return [];
};

const SLACK = 'https://hooks.slack.com/services/T012345/B012345/planted0123456789';

describe('notifications', () => {
  it('are off without an address, and what belongs to one is refused', () => {
    expect(load({}).notifications).toBeNull();
    expect(told({ REDSTART_NOTIFY_ON: 'flows', REDSTART_NOTIFY_SECRET: 'x'.repeat(16) })).toEqual([
      'REDSTART_NOTIFY_ON is set without REDSTART_NOTIFY_URL',
      'REDSTART_NOTIFY_SECRET is set without REDSTART_NOTIFY_URL',
    ]);
  });

  it.each([
    [SLACK, 'slack'],
    ['https://prod-12.westeurope.logic.azure.com:443/workflows/a/triggers/manual/paths/invoke?sig=planted01', 'teams'],
    ['https://9f.4a.environment.api.powerplatform.com/powerautomate/automations/direct/x?sig=planted0123', 'teams'],
    ['https://acme.webhook.office.com/webhookb2/planted0123456789', 'teams'],
    ['https://alerts.example.org/planted0123456789', 'generic'],
    ['https://hooks.slack.com.example.org/planted0123456789', 'generic'],
  ])('%s is of the format %s', (url, format) => {
    expect(load({ REDSTART_NOTIFY_URL: url }).notifications).toMatchObject({
      format,
      on: ['flows', 'connections', 'git', 'appliance'],
      intervalMs: 900_000,
      recoveryMs: 600_000,
    });
  });

  it('have an address that is a secret, as a whole and in its path', () => {
    const config = load({ REDSTART_NOTIFY_URL: SLACK });
    expect(config.effective.REDSTART_NOTIFY_URL).toBe('set');
    expect(JSON.stringify(config.notifications)).not.toContain('planted0123456789');
    expect(redact('POST /services/T012345/B012345/planted0123456789 to hooks.slack.com')).toBe(
      'POST [redacted] to hooks.slack.com',
    );
  });

  it('refuse what cannot work or is not safe, and never show the address', () => {
    expect(told({ REDSTART_NOTIFY_URL: 'ftp://example.org/planted0123456789' })).toEqual([
      'REDSTART_NOTIFY_URL is neither https:// nor http://',
    ]);
    expect(told({ REDSTART_NOTIFY_URL: 'https://u:p@example.org/planted' })).toEqual([
      'REDSTART_NOTIFY_URL has a user or password in it',
    ]);
    expect(told({ REDSTART_NOTIFY_URL: 'http://example.org/planted01', REDSTART_NOTIFY_FORMAT: 'slack' })).toEqual([
      'REDSTART_NOTIFY_URL is not https://',
    ]);
    expect(told({ REDSTART_NOTIFY_URL: SLACK, REDSTART_NOTIFY_SECRET: 'x'.repeat(16) })).toEqual([
      'REDSTART_NOTIFY_SECRET is set, and the format is slack, which has no signature',
    ]);
    expect(told({ REDSTART_NOTIFY_URL: SLACK, REDSTART_NOTIFY_ON: 'flows,moon' })[0]).toContain('none of the accepted');
    const { warnings } = load({ REDSTART_NOTIFY_URL: 'http://relay.example.org/planted01' });
    expect(warnings.join()).toContain('REDSTART_NOTIFY_URL is http://');
  });
});
