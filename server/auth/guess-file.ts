import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { replaceFile } from '../flows/write-files.ts';
import { FAMILIAR_MS, FailureMemory, type Failures, FORGET_MS } from './guess-limiter.ts';

export interface GuessFile {
  readonly failures: FailureMemory;
  readonly familiar: FailureMemory;
  /** Writes what changed, if anything did. */
  save(): Promise<void>;
  /** Writes for the last time. */
  close(): Promise<void>;
}

export interface GuessFileOptions {
  readonly path: string;
  readonly logger: Logger;
  readonly now?: () => number;
  readonly everyMs?: number;
}

/** An attack costs one write in so long, however many guesses it makes; a crash forgets no more than these last ones. */
const EVERY_MS = 5000;

/** Failures of signing in, kept over a restart: otherwise whoever can make it restart has new guesses. */
export async function openGuessFile({
  path,
  logger,
  now = Date.now,
  everyMs = EVERY_MS,
}: GuessFileOptions): Promise<GuessFile> {
  const failures = new FailureMemory();
  const familiar = new FailureMemory(2000);
  const stored = await read(path, logger);
  take(stored.failures, failures, now() - FORGET_MS);
  take(stored.familiar, familiar, now() - FAMILIAR_MS);

  const changes = (): number => failures.changes + familiar.changes;
  let written = changes();
  let writing: Promise<void> | null = null;
  let complained = false;

  const write = async (): Promise<void> => {
    const upTo = changes();
    try {
      await replaceFile(path, JSON.stringify({ failures: failures.entries(), familiar: familiar.entries() }), 0o600);
      written = upTo;
      complained = false;
    } catch (error) {
      if (!complained)
        logger.warn({ err: error }, 'failures of signing in cannot be kept: a restart would forget them');
      complained = true;
    }
  };
  const save = (): Promise<void> => {
    if (writing === null && changes() !== written) {
      writing = write().finally(() => {
        writing = null;
      });
    }
    return writing ?? Promise.resolve();
  };
  const timer = setInterval(() => void save(), everyMs);
  timer.unref();
  return {
    failures,
    familiar,
    save,
    async close() {
      clearInterval(timer);
      await writing;
      await save();
    },
  };
}

async function read(path: string, logger: Logger): Promise<{ failures: unknown; familiar: unknown }> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as { failures: unknown; familiar: unknown };
    return { failures: value.failures, familiar: value.familiar };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn(
        { reason: (error as Error).message },
        'kept failures of signing in cannot be used: counting begins anew',
      );
    return { failures: [], familiar: [] };
  }
}

function take(stored: unknown, memory: FailureMemory, notBefore: number): void {
  if (!Array.isArray(stored)) return;
  for (const entry of stored as unknown[]) {
    const [key, value] = Array.isArray(entry) ? (entry as [unknown, Partial<Failures> | null]) : [];
    if (typeof key !== 'string' || typeof value?.count !== 'number' || typeof value.last !== 'number') continue;
    if (value.last > notBefore) memory.set(key, { count: value.count, last: value.last });
  }
}
