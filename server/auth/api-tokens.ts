import type { Logger } from 'pino';
import type { ApiTokenConfig, AuthConfig } from '../config/index.ts';
import { parseTokensFile } from '../config/tokens-file.ts';
import { type WatchedFile, watchFile } from '../config/watch-file.ts';
import type { Bearers, Identity } from './identities.ts';
import { LOOK_AGAIN_MS } from './sessions.ts';
import { hashToken } from './token-hash.ts';
import { Watchers } from './watchers.ts';

export interface ApiTokensOptions {
  readonly logger: Logger;
  readonly now?: () => number;
  readonly everyMs?: number;
  /** Was revoked or changed while this ran. */
  readonly onEnd?: (token: ApiTokenConfig) => void;
}

/** The tokens of REDSTART_TOKENS_FILE, which is followed. Only their hashes are known here. */
export class ApiTokens implements Bearers {
  readonly #options: ApiTokensOptions;
  readonly #now: () => number;
  readonly #watchers = new Watchers();
  readonly #watched: WatchedFile | null;
  #tokens = new Map<string, ApiTokenConfig>();
  #timer: NodeJS.Timeout | null = null;

  constructor(config: AuthConfig['tokens'], options: ApiTokensOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#replace(config?.list ?? []);
    const file = config?.file;
    this.#watched =
      file === undefined
        ? null
        : watchFile({
            file,
            ...(options.everyMs !== undefined && { everyMs: options.everyMs }),
            changed: (text) => this.#read(file, text),
            failed: (reason) =>
              options.logger.error(
                { event: 'tokens.file', file, reason },
                'the tokens file cannot be read: the tokens of before stay',
              ),
          });
  }

  find(token: string): Identity | null {
    // Looking up by a hash tells by its time nothing of a token that somebody is guessing at.
    const entry = this.#tokens.get(hashToken(token));
    if (entry === undefined || (entry.expires !== null && entry.expires <= this.#now())) return null;
    return { user: `token:${entry.name}`, role: entry.role, by: 'token' };
  }

  watch(token: string, ended: () => void): () => void {
    return this.#watchers.add(hashToken(token), ended);
  }

  /** Looks at the file now. */
  async check(): Promise<void> {
    await this.#watched?.check();
  }

  close(): void {
    this.#watched?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #read(file: string, text: string): void {
    const { logger } = this.#options;
    const { tokens, faults } = parseTokensFile(text);
    if (faults.length > 0) {
      const lines = faults.map(({ line, problem }) => `line ${line}: ${problem}`);
      logger.error(
        { event: 'tokens.file', file, faults: lines },
        `the tokens file has ${faults.length === 1 ? 'a mistake' : 'mistakes'}, the tokens of before stay: ${lines.join('; ')}`,
      );
      return;
    }
    const before = this.#tokens;
    this.#replace(tokens);
    for (const [hash, entry] of before) {
      const now = this.#tokens.get(hash);
      if (now?.role === entry.role && now.name === entry.name) continue;
      this.#options.onEnd?.(entry);
      this.#watchers.end(hash);
    }
    logger.info({ event: 'tokens.file', file, tokens: tokens.length }, 'the tokens file was read');
  }

  #replace(tokens: readonly ApiTokenConfig[]): void {
    this.#tokens = new Map(tokens.map((token) => [token.sha256, token]));
    this.#expire();
  }

  /** Connections that a token opened end with it. */
  #expire(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const [hash, { expires }] of this.#tokens) {
      if (expires === null) continue;
      if (expires <= now) this.#watchers.end(hash);
      else next = Math.min(next, expires);
    }
    this.#timer =
      next === Number.POSITIVE_INFINITY ? null : setTimeout(() => this.#expire(), Math.min(next - now, LOOK_AGAIN_MS));
    this.#timer?.unref();
  }
}
