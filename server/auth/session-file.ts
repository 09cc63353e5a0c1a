import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ROLES } from '../config/index.ts';
import { replaceFile } from '../flows/write-files.ts';
import type { Session, SessionFile } from './sessions.ts';

export interface SessionFileOptions {
  readonly path: string;
  /** The credential secret; the key is derived from it. */
  readonly secret: string;
  /** A text that changes when the user's password or role does; null for a user who may not sign in any more. */
  fingerprint(session: Pick<Session, 'user' | 'by' | 'role'>, salt: string): Promise<string | null>;
  /** Called when a file was there that could not be used. Everybody signs in again, nothing else is lost. */
  onUnreadable(reason: string): void;
}

interface Sealed {
  readonly salt: string;
  readonly sessions: Record<string, Session>;
  /** By user and way of signing in. */
  readonly fingerprints: Record<string, string>;
}

/**
 * Sessions on disk. Encrypted and signed: whoever could write one into the file would be signed in. A session goes with
 * the password or the role that it was begun with.
 */
export function sessionFile(options: SessionFileOptions): SessionFile {
  const key = Buffer.from(hkdfSync('sha256', options.secret, '', 'redstart sessions', 32));

  return {
    async load() {
      const text = await readFile(options.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') options.onUnreadable(error.message);
        return null;
      });
      if (text === null) return {};
      const sealed = unseal(text, key);
      if (!sealed) {
        options.onUnreadable('it was written with another credential secret or by another version, or is damaged');
        return {};
      }
      const current = new Map<string, string | null>();
      const kept: Record<string, Session> = {};
      for (const [token, session] of Object.entries(sealed.sessions)) {
        const owner = ownerOf(session);
        if (!current.has(owner)) current.set(owner, await options.fingerprint(session, sealed.salt));
        const now = current.get(owner) ?? null;
        if (now !== null && now === sealed.fingerprints[owner]) kept[token] = session;
      }
      return kept;
    },

    async save(sessions) {
      const salt = randomBytes(16).toString('hex');
      const fingerprints: Record<string, string> = {};
      for (const session of Object.values(sessions)) {
        const owner = ownerOf(session);
        if (owner in fingerprints) continue;
        const fingerprint = await options.fingerprint(session, salt);
        if (fingerprint !== null) fingerprints[owner] = fingerprint;
      }
      await replaceFile(options.path, seal({ sessions, salt, fingerprints }, key), 0o600);
    },
  };
}

const ownerOf = ({ user, by, role }: Pick<Session, 'user' | 'by' | 'role'>): string => `${by}/${role}/${user}`;

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

function unseal(text: string, key: Buffer): Sealed | null {
  try {
    const file = JSON.parse(text) as Record<string, unknown>;
    const bytes = (name: string): Buffer => Buffer.from(String(file[name]), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes('iv'), { authTagLength: 16 });
    decipher.setAuthTag(bytes('tag'));
    const sealed = JSON.parse(Buffer.concat([decipher.update(bytes('data')), decipher.final()]).toString()) as Sealed;
    return Object.values(sealed.sessions).every(isSession) ? sealed : null;
  } catch {
    return null;
  }
}

/** What an earlier version sealed has another shape. */
function isSession(value: Partial<Session>): boolean {
  return (
    typeof value.user === 'string' &&
    typeof value.expires === 'number' &&
    (value.by === 'password' || value.by === 'oidc') &&
    ROLES.some((role) => role === value.role)
  );
}
