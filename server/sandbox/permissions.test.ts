import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { configuredFiles } from '../config/configured-files.ts';
import { loadConfig } from '../config/index.ts';
import { permissionFlags, permissionPaths } from './permission-flags.ts';
import { giveUpRights } from './permissions.ts';

const lines: Record<string, unknown>[] = [];
const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });

describe('giveUpRights', () => {
  it('gives up what could undo the model, and says so when it cannot', () => {
    const rights = new Set(['worker', 'inspector', 'fs.read']);
    giveUpRights(logger, { has: (scope) => rights.has(scope), drop: (scope) => void rights.delete(scope) });
    expect([...rights]).toEqual(['fs.read']);
    expect(lines.pop()).toMatchObject({ level: 30 });
    giveUpRights(logger, { has: () => true });
    expect(lines.pop()).toMatchObject({ level: 40, kept: ['worker', 'inspector'] });
    giveUpRights(logger, undefined);
    expect(lines).toEqual([]);
  });
});

describe('permissionFlags', () => {
  it('are what a configuration needs and no more', () => {
    const cwd = mkdtempSync(join(tmpdir(), 'redstart-flags-'));
    try {
      mkdirSync(join(cwd, 'flows'));
      mkdirSync(join(cwd, 'secrets'));
      writeFileSync(join(cwd, 'secrets', 'now'), 'a-token-of-the-platform\n');
      symlinkSync('now', join(cwd, 'secrets', 'token'));
      writeFileSync(join(cwd, 'plain'), 'another-token-of-it\n');
      const env = {
        TOWER_ACCESS_TOKEN_FILE: 'secrets/token',
        REDSTART_CONNECTION_LAB_TOKEN_FILE: 'plain',
        REDSTART_FLOWS_MODE: 'readonly',
      };
      const flags = permissionFlags(permissionPaths(loadConfig({ env, cwd }), configuredFiles(env, cwd)));
      const of = (flag: string) =>
        flags.filter((each) => each.startsWith(`--allow-fs-${flag}=`)).map((each) => each.split('=')[1]);
      expect(flags[0]).toBe('--permission');
      expect(of('write')).toEqual([join(cwd, 'data'), join(cwd, 'data', '*')]);
      const read = of('read');
      for (const path of ['data', 'flows/*', 'secrets', 'secrets/*', 'plain', '.env'])
        expect(read).toContain(join(cwd, path));
      expect(read).not.toContain(cwd);
      expect(read).not.toContain(join(cwd, '*'));
      expect(flags).not.toContain('--allow-child-process');
      expect(flags).not.toContain('--allow-addons');
    } finally {
      rmSync(cwd, { recursive: true });
    }
  });
});
