import { createHmac } from 'node:crypto';
import { invalidInput } from './errors.ts';
import type { NodeStore } from './node-store.ts';

const KEY = 'tokenOrigin';

interface Binding {
  fingerprint: string;
  origin: string;
}

/**
 * Holds a stored token to the host that it was first used with. Whoever may change flows, and not read the token, could
 * else deploy another address under the same connection and have the token sent there.
 * @param owner the connection's id: the fingerprint of one says nothing about another
 * @throws SEQERA_INVALID_INPUT when the token belongs to another origin, SEQERA_STORE_FAILED
 */
export async function bindToken(store: NodeStore, owner: string, token: string, origin: string): Promise<void> {
  const fingerprint = createHmac('sha256', `seqera ${owner}`).update(token).digest('hex');
  const known = await store.get<Binding>(KEY);
  if (known?.fingerprint !== fingerprint) {
    await store.set(KEY, { fingerprint, origin } satisfies Binding);
    return;
  }
  if (known.origin === origin) return;
  throw invalidInput(
    `The token of this connection was entered for ${known.origin}, and is not sent to ${origin}. Make a new connection for ${new URL(origin).host}, with a token of its own, and choose it in the nodes.`,
  );
}
