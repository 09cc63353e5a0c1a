import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Audit } from '../audit/audit-event.ts';
import { replaceFile } from '../flows/write-files.ts';

/** Within the data folder. */
export const TOKEN_USE_FILE = 'token-use.json';

/** When each token was last used and from where, by name. */
export type TokenUses = Record<string, { readonly at: string; readonly address: string }>;

/** A pipeline makes hundreds of calls in a row: the trail says once in so long that a token is used from an address. */
const TELL_EVERY_MS = 10 * 60_000;
const SAVE_EVERY_MS = 60_000;
const MAX_TOLD = 1000;

export interface TokenUse {
  used(user: string, address: string): void;
  save(): Promise<void>;
  close(): Promise<void>;
}

export interface TokenUseOptions {
  readonly path: string;
  readonly audit: Audit;
  readonly logger: Logger;
  readonly now?: () => number;
}

/** Remembers the last use of each token, in memory and now and then on disk: no call waits for a write. */
export async function openTokenUse({ path, audit, logger, now = Date.now }: TokenUseOptions): Promise<TokenUse> {
  const uses = new Map(Object.entries(await readTokenUses(path)));
  const told = new Map<string, number>();
  let changed = false;

  const save = async (): Promise<void> => {
    if (!changed) return;
    changed = false;
    await replaceFile(path, JSON.stringify(Object.fromEntries(uses), null, 2), 0o600).catch((error: unknown) => {
      changed = true;
      logger.warn({ err: error }, 'the last use of API tokens cannot be written down');
    });
  };
  const timer = setInterval(() => void save(), SAVE_EVERY_MS);
  timer.unref();
  return {
    used(user, address) {
      const time = now();
      const name = user.replace(/^token:/, '');
      uses.set(name, { at: new Date(time).toISOString(), address });
      changed = true;
      const key = `${name} ${address}`;
      if (time - (told.get(key) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return;
      if (told.size >= MAX_TOLD) told.clear();
      told.set(key, time);
      audit.record({ event: 'token-used', user, address });
    },
    save,
    async close() {
      clearInterval(timer);
      await save();
    },
  };
}

/** Empty when there is none, or it cannot be read: it is for people to look at, nothing depends on it. */
export async function readTokenUses(path: string): Promise<TokenUses> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as TokenUses) : {};
  } catch {
    return {};
  }
}
