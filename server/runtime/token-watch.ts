import type { Logger } from 'pino';
import { Secret } from '../config/index.ts';
import { watchFile } from '../config/watch-file.ts';

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

/** Follows a token file. What cannot be read, or is empty, leaves the token as it was. */
export function watchToken({ name, initial, file, logger, everyMs }: TokenWatchOptions): TokenSource {
  let token = initial;
  if (file === null) return { token: () => token, close() {} };
  const watched = watchFile({
    file,
    maxBytes: 64 * 1024,
    ...(everyMs !== undefined && { everyMs }),
    changed(content) {
      const text = content.replace(/\r?\n$/, '');
      if (text.trim() === '') throw new Error('it is empty');
      if (text === token) return;
      // Registers it, so that no log line shows it.
      token = new Secret(text).reveal();
      logger.info({ connection: name }, 'the access token changed and is in use');
    },
    failed(reason) {
      logger.warn(
        { connection: name, file, reason },
        'the token file cannot be read: the token of before stays in use',
      );
    },
  });
  return { token: () => token, close: () => watched.close() };
}
