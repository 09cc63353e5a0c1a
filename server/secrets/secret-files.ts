import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { registerSecret } from '../config/index.ts';
import { referencedName } from './secret-reference.ts';

/** A reference that leads to no secret. The message says what is wrong, for whom it concerns to be told where. */
export class SecretMissing extends Error {
  readonly code = 'SECRET_MISSING';
}

/** It is there, and not for flows. */
class SecretWithheld extends SecretMissing {}

export interface SecretFiles {
  /** The secret of now. @throws SecretMissing */
  value(reference: string): string;
}

export interface SecretFilesOptions {
  /** Null: REDSTART_SECRETS_DIR is not set. */
  dir: string | null;
  /** Files of secrets that are the program's own: /run/secrets holds both, and a flow gets none of these. */
  own: readonly string[];
  logger: Logger;
  /** Milliseconds of a clock that is never put back: a secret that changed would wait for it to catch up. */
  now?(): number;
}

/** A file is looked at no more often than this; a flow may ask with each message. */
const LOOK_EVERY_MS = 1000;
/** More is no secret but a file that somebody named by mistake. */
const MAX_BYTES = 64 * 1024;

interface Known {
  value: string;
  looked: number;
  /** Already said that it cannot be read any more. */
  warned: boolean;
}

/** Secrets by name, from the files of one folder. What is read is stripped from all logs from then on. */
export function createSecretFiles(options: SecretFilesOptions): SecretFiles {
  const { dir, logger } = options;
  const now = options.now ?? (() => performance.now());
  const known = new Map<string, Known>();

  function value(reference: string): string {
    const name = referencedName(reference);
    if (name === null)
      throw new SecretMissing(
        'what follows "secret:" is no name of a secret: letters, digits and . _ - are, and it begins with none of the last three but _',
      );
    if (dir === null) throw new SecretMissing(`the secret "${name}" is asked for, but REDSTART_SECRETS_DIR is not set`);
    const before = known.get(name);
    if (before && now() - before.looked < LOOK_EVERY_MS) return before.value;
    try {
      refuseOwn(dir, name, options.own);
      const read = readSecret(dir, name);
      registerSecret(read);
      if (before?.warned) logger.info({ secret: name }, `the secret "${name}" can be read again`);
      known.set(name, { value: read, looked: now(), warned: false });
      return read;
    } catch (error) {
      if (!before || error instanceof SecretWithheld) throw error;
      // As with tokens: while a file is being replaced, or a volume is away, the last one is better than none.
      if (!before.warned)
        logger.warn({ secret: name }, `${(error as Error).message}; the value of before stays in use`);
      known.set(name, { value: before.value, looked: now(), warned: true });
      return before.value;
    }
  }

  return { value };
}

function refuseOwn(dir: string, name: string, own: readonly string[]): void {
  const path = join(dir, name);
  const real = realPath(path);
  if (!own.some((each) => each === path || realPath(each) === real)) return;
  throw new SecretWithheld(`the secret "${name}" is one of Redstart's own, which flows do not get`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readSecret(dir: string, name: string): string {
  const path = join(dir, name);
  try {
    // A device or a pipe would hold up everything.
    const info = statSync(path);
    if (!info.isFile()) throw new SecretMissing(`the secret "${name}" cannot be read: ${path} is no file`);
    if (info.size > MAX_BYTES)
      throw new SecretMissing(`the secret "${name}" cannot be read: ${path} has more than ${MAX_BYTES} bytes`);
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    if (text === '') throw new SecretMissing(`the secret "${name}" is empty: ${path}`);
    return text;
  } catch (error) {
    if (error instanceof SecretMissing) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `there is no file ${path}` : `${path}: ${code ?? message}`;
    throw new SecretMissing(`the secret "${name}" cannot be read: ${why}`);
  }
}
