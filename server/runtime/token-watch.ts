import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { Secret } from '../config/index.ts';

export interface TokenSource {
  /** The token of now. */
  token(): string;
  close(): void;
}

export interface TokenWatchOptions {
  /** Name of the connection, for the log. */
  name: string;
  initial: string;
  /** Null: the token never changes. */
  file: string | null;
  logger: Logger;
  everyMs?: number;
}

const POLL_MS = 2000;

/**
 * Follows the content of a token file, not its time stamp: Kubernetes swaps a link behind it, and a file system event
 * does not come over every mount. What cannot be read leaves the token as it was.
 */
export function watchToken({ name, initial, file, logger, everyMs = POLL_MS }: TokenWatchOptions): TokenSource {
  let token = initial;
  if (file === null) return { token: () => token, close() {} };

  let warned = false;
  let reading = false;
  const poll = async (): Promise<void> => {
    if (reading) return;
    reading = true;
    try {
      const text = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
      if (text.trim() === '') throw new Error('it is empty');
      warned = false;
      if (text === token) return;
      // Registers it, so that no log line shows it.
      token = new Secret(text).reveal();
      logger.info({ connection: name }, 'the access token changed and is in use');
    } catch (error) {
      if (!warned) {
        const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
        logger.warn(
          { connection: name, file, reason },
          'the token file cannot be read: the token of before stays in use',
        );
      }
      warned = true;
    } finally {
      reading = false;
    }
  };
  const timer = setInterval(() => void poll(), everyMs);
  timer.unref();
  return { token: () => token, close: () => clearInterval(timer) };
}
