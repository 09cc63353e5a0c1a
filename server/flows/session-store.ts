import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isObject } from './flow-node.ts';
import { replaceFile } from './write-files.ts';

/** Node-RED's editor sessions by bearer token. */
export type Sessions = Record<string, { user?: string; [property: string]: unknown }>;

export interface SessionStoreOptions {
  path: string;
  /** The credential secret; the key is derived from it. */
  secret: string;
  /** A text that changes when the user's password does; null for a user who may not sign in any more. */
  fingerprint(user: string, salt: string): Promise<string | null>;
  /** Called when a file was there that could not be used. Everybody signs in again, nothing else is lost. */
  onUnreadable(reason: string): void;
}

interface Sealed {
  sessions: Sessions;
  salt: string;
  fingerprints: Record<string, string>;
}

/**
 * Keeps sessions over a restart. A token in it is as good as a password, so the file is encrypted; and a session goes
 * with the password that it was begun with, which Node-RED itself does not look at.
 */
export function createSessionStore(options: SessionStoreOptions) {
  const key = Buffer.from(hkdfSync('sha256', options.secret, '', 'redstart sessions', 32));

  async function load(): Promise<Sessions> {
    const text = await readFile(options.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') options.onUnreadable(error.message);
      return null;
    });
    if (text === null) return {};
    const sealed = open(text, key);
    if (!sealed) {
      options.onUnreadable('it was written with another credential secret, or damaged');
      return {};
    }
    const current = new Map<string, boolean>();
    const kept: Sessions = {};
    for (const [token, session] of Object.entries(sealed.sessions)) {
      const user = session.user ?? '';
      if (!current.has(user)) {
        const now = await options.fingerprint(user, sealed.salt);
        current.set(user, now !== null && now === sealed.fingerprints[user]);
      }
      if (current.get(user)) kept[token] = session;
    }
    return kept;
  }

  async function save(sessions: Sessions): Promise<void> {
    const salt = randomBytes(16).toString('hex');
    const fingerprints: Record<string, string> = {};
    for (const { user = '' } of Object.values(sessions)) {
      if (user in fingerprints) continue;
      const fingerprint = await options.fingerprint(user, salt);
      if (fingerprint !== null) fingerprints[user] = fingerprint;
    }
    await replaceFile(options.path, seal({ sessions, salt, fingerprints }, key), 0o600);
  }

  return { load, save };
}

function seal(content: Sealed, key: Buffer): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const data = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
  return JSON.stringify({
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
  });
}

function open(text: string, key: Buffer): Sealed | null {
  try {
    const file: unknown = JSON.parse(text);
    if (!isObject(file)) return null;
    const bytes = (name: string): Buffer => Buffer.from(String(file[name]), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes('iv'), { authTagLength: 16 });
    decipher.setAuthTag(bytes('tag'));
    return JSON.parse(Buffer.concat([decipher.update(bytes('data')), decipher.final()]).toString()) as Sealed;
  } catch {
    return null;
  }
}
