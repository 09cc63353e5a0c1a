import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { lockDataFolder } from './data-lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redstart-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function holder(): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = join(folder, 'holder.mjs');
  const module = pathToFileURL(join(import.meta.dirname, 'data-lock.ts')).href;
  writeFileSync(
    script,
    `import { lockDataFolder } from '${module}'; globalThis.lock = lockDataFolder(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  // A child that a failed test leaves behind would keep the whole run from ending.
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

describe('the lock of a data folder', () => {
  it('refuses a second process, saying who has it, and is free again after kill -9', async () => {
    const other = await holder();
    expect(() => lockDataFolder(path)).toThrow(
      expect.objectContaining({
        code: 'DATA_FOLDER_IN_USE',
        exitCode: 75,
        message: expect.stringContaining(`process ${other.pid} `),
      }),
    );
    await other.kill();
    const lock = lockDataFolder(path);
    expect(() => lockDataFolder(path)).toThrow(/in use by process/);
    lock.release();
    lockDataFolder(path).release();
  });

  it('says what to do about a file that is no lock', () => {
    writeFileSync(path, 'something else entirely '.repeat(100));
    expect(() => lockDataFolder(path)).toThrow(
      expect.objectContaining({ code: 'DATA_FOLDER_LOCK_FAILED', mend: expect.stringContaining('remove it') }),
    );
  });
});
