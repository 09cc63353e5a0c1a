import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RedstartError } from '../errors.ts';
import { failpoint } from '../state/failpoint.ts';
import { KeyRing } from '../state/key-ring.ts';
import { createCredentialFile, markSealed, readOptional, wrongSecret } from './credential-file.ts';
import { DATA_FILES } from './data-files.ts';
import { replaceFile } from './write-files.ts';

export interface SecretOptions {
  dataDir: string;
  /** Of the environment; null: that of the data folder. */
  configured: string | null;
  previous: string | null;
}

export interface ResolvedSecret {
  ring: KeyRing;
  /** True when it was made up at this start. */
  generated: boolean;
}

export interface Renewed {
  /** Files that are now encrypted with the current secret and were not. */
  files: string[];
  /** True when a secret that `rotate-secret` had made took the place of the one before. */
  promoted: boolean;
}

/**
 * The secret that files are encrypted with: the configured one, else the one in the data folder, else a new one that is
 * put there. Refuses to go on when there are credentials that it does not open.
 */
export async function resolveSecret(options: SecretOptions): Promise<ResolvedSecret> {
  const at = (name: string): string => join(options.dataDir, name);
  const secretFile = at(DATA_FILES.credentialSecret);
  const kept = trimmed(await readOptional(secretFile));
  const next = trimmed(await readOptional(at(DATA_FILES.nextCredentialSecret)));
  const { configured, previous } = options;
  const older = previous === null ? [] : [previous];
  if (configured !== null) {
    const ring = new KeyRing(configured, older);
    await check(options, ring, kept);
    return { ring, generated: false };
  }
  const known = [next, kept].filter((secret) => secret !== null);
  const [current, ...before] = known;
  if (current !== undefined) {
    const ring = new KeyRing(current, before);
    await check(options, ring, null);
    return { ring, generated: false };
  }
  const credentials = at(DATA_FILES.credentials);
  const text = await readOptional(credentials);
  if (text !== null && text.trim() !== '{}') {
    throw new RedstartError({
      code: 'CREDENTIAL_SECRET_MISSING',
      message: `${credentials} holds encrypted credentials, but there is no secret to open them: REDSTART_CREDENTIAL_SECRET is not set and ${secretFile} is gone.`,
      mend: `Set REDSTART_CREDENTIAL_SECRET to the secret, or restore ${secretFile}. To give the credentials up and enter them again, remove ${credentials}.`,
    });
  }
  const fresh = freshSecret();
  await replaceFile(secretFile, `${fresh}\n`, 0o600);
  return { ring: new KeyRing(fresh), generated: true };
}

/** Makes the secret that is used from the next start on. The same one when there is one already. */
export async function stageSecret(dataDir: string): Promise<void> {
  const path = join(dataDir, DATA_FILES.nextCredentialSecret);
  if (trimmed(await readOptional(path)) === null) await replaceFile(path, `${freshSecret()}\n`, 0o600);
}

/**
 * Encrypts anew what is encrypted with an older secret, or in an older form. To be called with the data folder locked.
 * File by file: after a crash some have the new key and some the old one, each says which, and both secrets are still
 * there to read them. The old one goes last.
 */
export async function renewEncryption(options: SecretOptions, ring: KeyRing): Promise<Renewed> {
  const at = (name: string): string => join(options.dataDir, name);
  const files: string[] = [];
  const marker = at(DATA_FILES.credentialsSealed);
  for (const name of [DATA_FILES.credentials, DATA_FILES.credentialsBefore]) {
    failpoint('rotate.file');
    if (await createCredentialFile({ path: at(name), marker, ring }).renew()) files.push(name);
  }
  failpoint('rotate.sealed');
  // Not before all of them are: one left in the old form would be refused from then on.
  await markSealed(marker, ring);
  failpoint('rotate.file');
  if (await renewSessions(at(DATA_FILES.sessions), ring)) files.push(DATA_FILES.sessions);
  failpoint('rotate.promote');
  const promoted =
    options.configured === null && trimmed(await readOptional(at(DATA_FILES.nextCredentialSecret))) === ring.current;
  if (promoted) await rename(at(DATA_FILES.nextCredentialSecret), at(DATA_FILES.credentialSecret));
  failpoint('rotate.promoted');
  return { files, promoted };
}

async function check(options: SecretOptions, ring: KeyRing, kept: string | null): Promise<void> {
  const path = join(options.dataDir, DATA_FILES.credentials);
  const marker = join(options.dataDir, DATA_FILES.credentialsSealed);
  try {
    await createCredentialFile({ path, marker, ring }).read();
  } catch (error) {
    if (!(error instanceof RedstartError) || error.code !== 'CREDENTIAL_SECRET_WRONG' || kept === null) throw error;
    const generated = new KeyRing(kept);
    const opens = await createCredentialFile({ path, marker, ring: generated })
      .read()
      .then(
        () => true,
        () => false,
      );
    if (!opens) throw error;
    const file = join(options.dataDir, DATA_FILES.credentialSecret);
    throw new RedstartError({
      code: 'CREDENTIAL_SECRET_WRONG',
      message: wrongSecret(path).message,
      mend: `They were encrypted with the generated secret: set REDSTART_CREDENTIAL_SECRET_PREVIOUS_FILE=${file} to encrypt them with the new one at the start, or REDSTART_CREDENTIAL_SECRET_FILE=${file} to stay with it.`,
    });
  }
}

/** One that cannot be read is left as it is: everybody signs in again, and the log says so when it is loaded. */
async function renewSessions(path: string, ring: KeyRing): Promise<boolean> {
  const text = await readOptional(path);
  if (text === null) return false;
  const opened = ring.open('sessions', text);
  if ('text' in opened && !opened.stale) return false;
  const content = 'text' in opened ? opened.text : olderSessions(text, ring);
  if (content === null) return false;
  await replaceFile(path, ring.seal('sessions', content), 0o600);
  return true;
}

/** As versions before the common seal wrote them: authenticated as well, without a key id. */
function olderSessions(text: string, ring: KeyRing): string | null {
  for (const secret of ring.secrets) {
    try {
      const file = JSON.parse(text) as Record<string, unknown>;
      const bytes = (name: string): Buffer => Buffer.from(String(file[name]), 'base64');
      const key = Buffer.from(hkdfSync('sha256', secret, '', 'redstart sessions', 32));
      const decipher = createDecipheriv('aes-256-gcm', key, bytes('iv'), { authTagLength: 16 });
      decipher.setAuthTag(bytes('tag'));
      return Buffer.concat([decipher.update(bytes('data')), decipher.final()]).toString('utf8');
    } catch {
      // Another secret, perhaps.
    }
  }
  return null;
}

const trimmed = (text: string | null): string | null => text?.trim() || null;

const freshSecret = (): string => randomBytes(32).toString('base64url');
