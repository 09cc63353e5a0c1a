import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RedstartError } from '../errors.ts';
import { isObject } from './flow-node.ts';
import { replaceFile } from './write-files.ts';

/** What Node-RED hands over for storing: all credentials as one encrypted text. Empty: there are none. */
export type CredentialBlob = { $: string } | Record<string, never>;

export interface CredentialSecret {
  secret: string;
  /** True when it was made up at this start. */
  generated: boolean;
}

/**
 * The secret that credentials are encrypted with: the configured one, else the one in the data folder, else a new one
 * that is put there. Refuses to make a new one when there are credentials that it could not open.
 */
export async function resolveCredentialSecret(options: {
  configured: string | null;
  secretFile: string;
  credentialFile: string;
}): Promise<CredentialSecret> {
  const kept = await readOptional(options.secretFile);
  const secret = options.configured ?? (kept?.trim() || null);
  const blob = await readCredentialFile(options.credentialFile);
  if (secret !== null) {
    if (!opens(blob, secret)) throw wrongSecret(options, kept !== null && opens(blob, kept.trim()));
    return { secret, generated: false };
  }
  if ('$' in blob) {
    throw new RedstartError({
      code: 'CREDENTIAL_SECRET_MISSING',
      message: `${options.credentialFile} holds encrypted credentials, but there is no secret to open them: REDSTART_CREDENTIAL_SECRET is not set and ${options.secretFile} is gone.`,
      mend: `Set REDSTART_CREDENTIAL_SECRET to the secret, or restore ${options.secretFile}. To give the credentials up and enter them again, remove ${options.credentialFile}.`,
    });
  }
  const fresh = randomBytes(32).toString('base64url');
  await replaceFile(options.secretFile, `${fresh}\n`, 0o600);
  return { secret: fresh, generated: true };
}

export async function readCredentialFile(path: string): Promise<CredentialBlob> {
  const text = await readOptional(path);
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value) && typeof value.$ === 'string') return { $: value.$ };
    if (isObject(value) && Object.keys(value).length === 0) return {};
  } catch {
    // Told below, together with JSON that is something else.
  }
  throw new RedstartError({
    code: 'CREDENTIALS_FILE_DAMAGED',
    message: `${path} is not what Node-RED wrote there: it must hold {"$":"…"}.`,
    mend: 'Restore it from a backup, or remove it and enter the credentials again in the editor.',
  });
}

/** Whether the secret opens the blob. */
export function opens(blob: CredentialBlob, secret: string): boolean {
  return decrypt(blob, secret) !== null;
}

/** The blob without the credentials of the given nodes; the same blob when it has none of them. */
export function withoutCredentials(blob: CredentialBlob, secret: string, ids: readonly string[]): CredentialBlob {
  const credentials = decrypt(blob, secret);
  if (!credentials || !ids.some((id) => id in credentials)) return blob;
  for (const id of ids) delete credentials[id];
  return sealCredentials(credentials, secret);
}

/** The credentials of both, the later ones where both have a node's. */
export function mergedCredentials(before: CredentialBlob, later: CredentialBlob, secret: string): CredentialBlob {
  const kept = decrypt(before, secret);
  return kept ? sealCredentials({ ...kept, ...decrypt(later, secret) }, secret) : later;
}

export function sealCredentials(credentials: Record<string, unknown>, secret: string): { $: string } {
  const iv = randomBytes(16);
  const cipher = createCipheriv(ALGORITHM, keyOf(secret), iv);
  const text = cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64');
  return { $: iv.toString('hex') + text };
}

const ALGORITHM = 'aes-256-ctr';

function keyOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Node-RED's format: hex IV, then base64. It has no check sum, so being a JSON object is the test of the secret. */
function decrypt(blob: CredentialBlob, secret: string): Record<string, unknown> | null {
  if (typeof blob.$ !== 'string') return {};
  try {
    const decipher = createDecipheriv(ALGORITHM, keyOf(secret), Buffer.from(blob.$.slice(0, 32), 'hex'));
    const value: unknown = JSON.parse(decipher.update(blob.$.slice(32), 'base64', 'utf8') + decipher.final('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function wrongSecret(options: { secretFile: string; credentialFile: string }, generatedOpens: boolean): RedstartError {
  return new RedstartError({
    code: 'CREDENTIAL_SECRET_WRONG',
    message: `The credential secret does not open ${options.credentialFile}. Starting with it would lose the credentials of every node at the next deploy.`,
    mend: generatedOpens
      ? `They were encrypted with the generated secret: set REDSTART_CREDENTIAL_SECRET_FILE=${options.secretFile}, or unset REDSTART_CREDENTIAL_SECRET.`
      : `Set REDSTART_CREDENTIAL_SECRET to the secret that was in use before. To give the credentials up and enter them again, remove ${options.credentialFile}.`,
  });
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
