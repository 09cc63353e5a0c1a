import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../config/index.ts';
import { DATA_FILES } from '../flows/data-files.ts';
import { type DataLock, lockDataFolder } from '../state/data-lock.ts';
import { logLevel } from './log-level.ts';

let dir: string;
let running: DataLock | null;
let printed: string[];
const request = (): string => join(dir, DATA_FILES.logLevelRequest);
const config = () => loadConfig({ env: { REDSTART_DATA_DIR: dir, LOG_LEVEL: 'warn,http=info' }, cwd: dir });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-level-'));
  running = null;
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
});
afterEach(() => {
  vi.restoreAllMocks();
  running?.release();
  rmSync(dir, { recursive: true });
});
const run = (): void => {
  running = lockDataFolder(join(dir, DATA_FILES.lock));
};
/** What the program that runs would do. */
async function take(): Promise<unknown> {
  await expect.poll(() => existsSync(request()), { interval: 5 }).toBe(true);
  const text = readFileSync(request(), 'utf8');
  rmSync(request());
  return (JSON.parse(text) as { levels: unknown }).levels;
}

describe('redstart log-level', () => {
  it('leaves a request and says what is in force when it was taken', async () => {
    run();
    const asked = logLevel(config(), 'git=debug');
    expect(await take()).toBe('warn,git=debug');
    await asked;
    const reset = logLevel(config(), 'reset');
    expect(await take()).toBeNull();
    await reset;
    expect(printed).toEqual([
      'The log level is warn,git=debug, until the next start.',
      'The log level is warn,http=info.',
    ]);
    expect(readdirSync(dir)).not.toContain(expect.stringContaining(DATA_FILES.logLevelRequest));
  });

  it('of two at once, both are taken', async () => {
    run();
    const both = [logLevel(config(), 'debug'), logLevel(config(), 'trace')];
    const taken = [await take(), await take()];
    await Promise.all(both);
    expect(taken.sort()).toEqual(['debug', 'trace']);
  });

  it('refuses what is no level, where nothing runs, and when nobody takes it', async () => {
    await expect(logLevel(config(), 'gti=debug')).rejects.toMatchObject({
      code: 'LOG_LEVELS_INVALID',
      exitCode: 2,
      mend: expect.stringContaining('git, connections'),
    });
    await expect(logLevel(config(), 'debug')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    run();
    running?.release();
    await expect(logLevel(config(), 'debug')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    run();
    await expect(logLevel(config(), 'debug', 300)).rejects.toMatchObject({ code: 'LOG_LEVELS_NOT_TAKEN' });
    expect(existsSync(request())).toBe(false);
    // That of somebody else stays.
    writeFileSync(request(), 'theirs');
    await expect(logLevel(config(), 'debug', 300)).rejects.toMatchObject({ code: 'LOG_LEVELS_NOT_TAKEN' });
    expect(readFileSync(request(), 'utf8')).toBe('theirs');
  });
});
