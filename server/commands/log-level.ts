import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../config/index.ts';
import { EXPECTED_LOG_LEVELS, formatLogLevels, type LogLevels, parseLogLevels } from '../config/log-levels.ts';
import { RedstartError } from '../errors.ts';
import { DATA_FILES } from '../flows/data-files.ts';
import type { LogLevelRequest } from '../runtime/log-control.ts';
import { lockWhenIdle } from '../state/data-lock.ts';

/** The program looks every two seconds, and takes one request after the other. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 100;

const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/** The word that goes back to LOG_LEVEL. */
const RESET = 'reset';

/** `redstart log-level LEVELS`: of the program that runs on this data folder, until it ends. */
export async function logLevel(config: Config, text: string, patienceMs = PATIENCE_MS): Promise<void> {
  const levels = text === RESET ? null : readLevels(text, config.log);
  process.umask(0o077);
  const dir = config.data.dir;
  if (!isRunning(join(dir, DATA_FILES.lock))) {
    throw new RedstartError({
      code: 'NOT_RUNNING',
      message: `Nothing runs on the data folder ${dir}.`,
      mend: 'Run this where the program runs: in its container, as its user, with the same environment. For the next start set LOG_LEVEL.',
    });
  }
  const file = join(dir, DATA_FILES.logLevelRequest);
  const request: LogLevelRequest = { levels: levels && formatLogLevels(levels), at: new Date().toISOString() };
  const until = Date.now() + patienceMs;
  const left = await leave(file, request, until);
  if (!left || !(await taken(file, until))) {
    if (left) await rm(file, { force: true });
    throw new RedstartError({
      code: 'LOG_LEVELS_NOT_TAKEN',
      message: `The program did not take the request within ${patienceMs / 1000} s.`,
      mend: 'Try again. If it stays so, the program is busy, starting or stopping: its log says which.',
    });
  }
  console.log(`The log level is ${formatLogLevels(levels ?? config.log)}${levels ? ', until the next start' : ''}.`);
}

function readLevels(text: string, configured: LogLevels): LogLevels {
  const levels = parseLogLevels(text, configured.level);
  if (!('problem' in levels)) return levels;
  throw new RedstartError({
    code: 'LOG_LEVELS_INVALID',
    message: `"${text.slice(0, 100)}" ${levels.problem}.`,
    mend: `Give ${EXPECTED_LOG_LEVELS}. Or the word ${RESET}.`,
  });
}

function isRunning(lockFile: string): boolean {
  if (!existsSync(lockFile)) return false;
  const lock = lockWhenIdle(lockFile);
  lock?.release();
  return lock === null;
}

/** Whole or not at all, and never over the request of somebody else. */
async function leave(file: string, request: LogLevelRequest, until: number): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(request), { mode: 0o600 });
  try {
    for (;;) {
      try {
        await link(draft, file);
        return true;
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (NO_LINKS.has(code)) {
          // A file system without hard links: whole all the same, and of two at once the later one.
          await rename(draft, file);
          return true;
        }
        if (code !== 'EEXIST') throw error;
        if (Date.now() > until) return false;
        await setTimeout(LOOK_MS);
      }
    }
  } finally {
    await rm(draft, { force: true });
  }
}

async function taken(file: string, until: number): Promise<boolean> {
  while (existsSync(file)) {
    if (Date.now() > until) return false;
    await setTimeout(LOOK_MS);
  }
  return true;
}
