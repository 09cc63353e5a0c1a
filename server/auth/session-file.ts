import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ROLES } from '../config/index.ts';
import { replaceFile } from '../flows/write-files.ts';
import type { KeyRing } from '../state/key-ring.ts';
import type { Session, SessionFile } from './sessions.ts';

export interface SessionFileOptions {
  readonly path: string;
  readonly ring: KeyRing;
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
  return {
    async load() {
      const text = await readFile(options.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') options.onUnreadable(error.message);
        return null;
      });
      if (text === null) return {};
      const sealed = unseal(text, options.ring);
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
      const content: Sealed = { sessions, salt, fingerprints };
      await replaceFile(options.path, options.ring.seal('sessions', JSON.stringify(content)), 0o600);
    },
  };
}

const ownerOf = ({ user, by, role }: Pick<Session, 'user' | 'by' | 'role'>): string => `${by}/${role}/${user}`;

function unseal(text: string, ring: KeyRing): Sealed | null {
  const opened = ring.open('sessions', text);
  if ('failure' in opened) return null;
  const sealed = JSON.parse(opened.text) as Sealed;
  return Object.values(sealed.sessions).every(isSession) ? sealed : null;
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
