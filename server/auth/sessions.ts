import { randomBytes } from 'node:crypto';
import type { Role } from '../config/index.ts';
import type { Bearers, Identity } from './identities.ts';
import { hashToken } from './token-hash.ts';
import { Watchers } from './watchers.ts';

/** Somebody who signed in. */
export interface Session {
  readonly user: string;
  readonly role: Role;
  readonly by: 'password' | 'oidc';
  /** Milliseconds of the epoch. */
  readonly expires: number;
  /** The ID token of single sign-on: the provider wants it back at the log-out. */
  readonly idToken?: string;
}

/** Keeps sessions over a restart, by the hash of their token. */
export interface SessionFile {
  load(): Promise<Record<string, Session>>;
  save(sessions: Record<string, Session>): Promise<void>;
}

export type EndOfSession = 'signed out' | 'expired' | 'user changed' | 'too many';

export interface SessionsOptions {
  readonly hours: number;
  readonly now?: () => number;
  readonly file?: SessionFile;
  readonly onEnd?: (session: Session, why: EndOfSession) => void;
  /** The sessions are in memory all the same. */
  readonly onUnsaved?: (error: unknown) => void;
}

/** More than this and the oldest end: a script that signs in again for each call must not fill the memory. */
export const MAX_SESSIONS = 2000;
/** A timer does not notice that the clock was put right, or the machine asleep: it is looked at anew so often. */
export const LOOK_AGAIN_MS = 60_000;

/**
 * The sessions of the editor. Node-RED keeps none: it asks for the owner of a token each time (`tokens` of its
 * adminAuth), so that a session that ends here has ended everywhere. The token itself is kept nowhere, only its hash.
 */
export class Sessions implements Bearers {
  readonly #options: SessionsOptions;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #watchers = new Watchers();
  #timer: NodeJS.Timeout | null = null;
  #saving: Promise<void> | null = null;
  #unsaved = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Takes up those of before the restart. */
  async load(): Promise<void> {
    const stored = (await this.#options.file?.load()) ?? {};
    for (const [key, session] of Object.entries(stored)) this.#sessions.set(key, session);
    this.#expire();
  }

  get lifetimeSeconds(): number {
    return Math.round(this.#options.hours * 3600);
  }

  /** @returns the token, which is told nobody else */
  begin(session: Omit<Session, 'expires'>): string {
    const token = randomBytes(32).toString('base64url');
    this.#sessions.set(hashToken(token), { ...session, expires: this.#now() + this.lifetimeSeconds * 1000 });
    const oldest = this.#sessions.size > MAX_SESSIONS ? this.#sessions.keys().next().value : undefined;
    if (oldest !== undefined) this.#end(oldest, 'too many');
    this.#expire();
    this.#save();
    return token;
  }

  find(token: string): Identity | null {
    const session = this.#find(token);
    return session && { user: session.user, role: session.role, by: session.by };
  }

  watch(token: string, ended: () => void): () => void {
    return this.#watchers.add(hashToken(token), ended);
  }

  /** Signs out. @returns the session that was */
  end(token: string): Session | null {
    const session = this.#find(token);
    if (session !== null) {
      this.#end(hashToken(token), 'signed out');
      this.#save();
    }
    return session;
  }

  /** Ends what was begun by somebody who is no longer who they were. */
  endOf(user: string, by: Session['by']): void {
    const keys = [...this.#sessions].filter(([, one]) => one.user === user && one.by === by).map(([key]) => key);
    for (const key of keys) this.#end(key, 'user changed');
    if (keys.length > 0) this.#save();
  }

  /** Resolves when all is written that was begun or ended until now. */
  async saved(): Promise<void> {
    while (this.#saving !== null) await this.#saving;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  // Looking up by a hash tells by its time nothing of a token that somebody is guessing at.
  #find(token: string): Session | null {
    const session = this.#sessions.get(hashToken(token));
    return session !== undefined && session.expires > this.#now() ? session : null;
  }

  #end(key: string, why: EndOfSession): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#sessions.delete(key);
    this.#watchers.end(key);
    this.#options.onEnd?.(session, why);
  }

  #expire(): void {
    this.stop();
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { expires }] of this.#sessions) {
      if (expires <= now) this.#end(key, 'expired');
      else next = Math.min(next, expires);
    }
    this.#timer =
      next === Number.POSITIVE_INFINITY ? null : setTimeout(() => this.#expire(), Math.min(next - now, LOOK_AGAIN_MS));
    this.#timer?.unref();
  }

  /** One write at a time; what changes meanwhile is in the next one. */
  #save(): void {
    const { file, onUnsaved } = this.#options;
    if (file === undefined) return;
    this.#unsaved = true;
    this.#saving ??= (async () => {
      while (this.#unsaved) {
        this.#unsaved = false;
        await file.save(Object.fromEntries(this.#sessions)).catch((error: unknown) => onUnsaved?.(error));
      }
      this.#saving = null;
    })();
  }
}
