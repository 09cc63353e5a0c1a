import { readFile, stat } from 'node:fs/promises';
import { RedstartError } from '../errors.ts';
import { type KeyRing, keyId } from '../state/key-ring.ts';
import { type CredentialBlob, decryptBlob, encryptBlob, parseBlob } from './credential-blob.ts';
import { replaceFile } from './write-files.ts';

export interface CredentialFile {
  /**
   * What is in it, encrypted with the current secret; empty when there is no file.
   * @throws RedstartError when it cannot be opened. It is then left as it is.
   */
  read(): Promise<CredentialBlob>;
  write(blob: CredentialBlob): Promise<void>;
  /** Seals it anew when it is in an older form or under an older secret. @returns whether it had to be */
  renew(): Promise<boolean>;
}

/**
 * What Node-RED encrypts of credentials, in a sealed file: its own format tells neither a wrong key nor a changed byte.
 * @param options.marker A file that says that this data folder has nothing in the old form any more (`markSealed`). From
 * then on that is refused: somebody without the secret could change a byte of it and nobody would see.
 */
export function createCredentialFile(options: { path: string; marker: string; ring: KeyRing }): CredentialFile {
  const { path, marker, ring } = options;

  async function load(): Promise<{ blob: CredentialBlob; stale: boolean } | null> {
    const text = await readOptional(path);
    if (text === null) return null;
    const opened = ring.open('credentials', text);
    if ('text' in opened) {
      const blob = parseBlob(opened.text);
      if (blob) return { blob: translate(blob, opened.secret), stale: opened.stale };
      throw damaged(path, 'what is sealed in it is not what Node-RED keeps');
    }
    if (opened.failure === 'foreign') throw wrongSecret(path);
    if (opened.failure === 'damaged') throw damaged(path, 'it was changed since it was written, or is cut off');
    return { blob: await older(text), stale: true };
  }

  /** As versions without the seal wrote it. */
  async function older(text: string): Promise<CredentialBlob> {
    const blob = parseBlob(text);
    if (!blob) throw damaged(path, 'it is neither sealed nor what older versions wrote');
    if (await stat(marker).catch(() => null)) {
      throw damaged(
        path,
        `it is not sealed, as older versions left it, but ${marker} says that it was already: somebody put another file in its place`,
        `Restore it from a backup. If you put it there yourself and trust it, remove ${marker}.`,
      );
    }
    const secret = ring.secrets.find((each) => decryptBlob(blob, each) !== null);
    if (secret === undefined) throw wrongSecret(path);
    return translate(blob, secret);
  }

  function translate(blob: CredentialBlob, secret: string): CredentialBlob {
    if (secret === ring.current) return blob;
    const credentials = decryptBlob(blob, secret);
    if (!credentials) throw damaged(path, 'what is sealed in it does not open with the secret of the seal');
    return '$' in blob ? encryptBlob(credentials, ring.current) : blob;
  }

  const write = (blob: CredentialBlob): Promise<void> =>
    replaceFile(path, ring.seal('credentials', JSON.stringify(blob)), 0o600);

  return {
    read: async () => (await load())?.blob ?? {},
    write,
    async renew() {
      const loaded = await load();
      if (!loaded?.stale) return false;
      await write(loaded.blob);
      return true;
    },
  };
}

/** To be called when nothing is left in the old form. */
export async function markSealed(marker: string, ring: KeyRing): Promise<void> {
  const id = `${keyId(ring.current)}\n`;
  if ((await readOptional(marker)) !== id) await replaceFile(marker, id, 0o600);
}

export function wrongSecret(path: string): RedstartError {
  return new RedstartError({
    code: 'CREDENTIAL_SECRET_WRONG',
    message: `The credential secret does not open ${path}. Starting with it would lose the credentials of every node at the next deploy.`,
    mend: `Set REDSTART_CREDENTIAL_SECRET to the secret that was in use before; or, if the new one is meant, set REDSTART_CREDENTIAL_SECRET_PREVIOUS to the old one. To give the credentials up and enter them again, remove ${path}.`,
  });
}

function damaged(path: string, why: string, mend?: string): RedstartError {
  return new RedstartError({
    code: 'CREDENTIALS_FILE_DAMAGED',
    message: `${path} cannot be used: ${why}. It was left as it is.`,
    mend: mend ?? 'Restore it from a backup, or remove it and enter the credentials again in the editor.',
  });
}

export async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
