import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { isObject } from './flow-node.ts';

/** What Node-RED hands over for storing: all credentials as one encrypted text. Empty: there are none. */
export type CredentialBlob = { $: string } | Record<string, never>;

/** Credentials by node id, then by field. */
export type Credentials = Record<string, unknown>;

const ALGORITHM = 'aes-256-ctr';

const keyOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Node-RED's format: hex IV, then base64. */
export function encryptBlob(credentials: Credentials, secret: string): { $: string } {
  const iv = randomBytes(16);
  const cipher = createCipheriv(ALGORITHM, keyOf(secret), iv);
  const text = cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64');
  return { $: iv.toString('hex') + text };
}

/** Null when the secret is another one. The format has no check sum: being a JSON object is the test of the secret. */
export function decryptBlob(blob: CredentialBlob, secret: string): Credentials | null {
  if (typeof blob.$ !== 'string') return {};
  try {
    const decipher = createDecipheriv(ALGORITHM, keyOf(secret), Buffer.from(blob.$.slice(0, 32), 'hex'));
    const value: unknown = JSON.parse(decipher.update(blob.$.slice(32), 'base64', 'utf8') + decipher.final('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The form itself; null for anything else. */
export function parseBlob(text: string): CredentialBlob | null {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && typeof value.$ === 'string') return { $: value.$ };
    return isObject(value) && Object.keys(value).length === 0 ? {} : null;
  } catch {
    return null;
  }
}

/** The blob without the credentials of the given nodes; the same blob when it has none of them. */
export function withoutCredentials(blob: CredentialBlob, secret: string, ids: readonly string[]): CredentialBlob {
  const credentials = decryptBlob(blob, secret);
  if (!credentials || !ids.some((id) => id in credentials)) return blob;
  for (const id of ids) delete credentials[id];
  return encryptBlob(credentials, secret);
}

/** The credentials of both, the later ones where both have a node's. */
export function mergedCredentials(before: CredentialBlob, later: CredentialBlob, secret: string): CredentialBlob {
  const kept = decryptBlob(before, secret);
  return kept ? encryptBlob({ ...kept, ...decryptBlob(later, secret) }, secret) : later;
}
