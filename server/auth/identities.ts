import type { IncomingMessage } from 'node:http';
import type { Role } from '../config/index.ts';

/** Who sends a request. */
export interface Identity {
  /** The name of the user; of a token `token:` and its name, which no user can have. */
  readonly user: string;
  readonly role: Role;
  readonly by: 'password' | 'oidc' | 'token';
}

/** Something that bearer tokens belong to: sessions of people, tokens of programs. */
export interface Bearers {
  /** null: not valid, or not any more. */
  find(token: string): Identity | null;
  /** Calls back once, when a token that is valid ends. @returns how to stop watching */
  watch(token: string, ended: () => void): () => void;
}

/** Several as one. */
export function identities(...all: readonly Bearers[]): Bearers {
  return {
    find(token) {
      for (const each of all) {
        const identity = each.find(token);
        if (identity !== null) return identity;
      }
      return null;
    },
    watch(token, ended) {
      const stops = all.map((each) => each.watch(token, ended));
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

const known = new WeakMap<IncomingMessage, Identity>();

/** Whose request it is that the gate let through. */
export const identityOf = (req: IncomingMessage): Identity | null => known.get(req) ?? null;

export function identify(req: IncomingMessage, identity: Identity): void {
  known.set(req, identity);
}
