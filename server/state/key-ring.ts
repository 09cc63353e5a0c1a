import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What a sealed text is for. Each has a key of its own, so that no file can be put in the place of another. */
export type SealPurpose = 'credentials' | 'sessions';

export type Opened =
  /** With the secret that it was sealed with; `stale` when that is not the current one. */
  | { readonly text: string; readonly secret: string; readonly stale: boolean }
  /**
   * `foreign`: sealed with a secret that is not on the ring. `damaged`: sealed with one that is, and changed since.
   * `unsealed`: not in this form at all.
   */
  | { readonly failure: 'foreign' | 'damaged' | 'unsealed' };

const FORMAT = 1;
const ALGORITHM = 'aes-256-gcm';

/**
 * The secret that files are encrypted with, and those of before, which they may still be encrypted with. AES-256-GCM
 * under a key that is derived from the secret, with a new nonce for each writing: a changed file is refused, never
 * decrypted to something else.
 */
export class KeyRing {
  /** What is sealed from now on is sealed with it. */
  readonly current: string;
  readonly #secrets: readonly string[];

  constructor(current: string, previous: readonly string[] = []) {
    this.current = current;
    this.#secrets = [...new Set([current, ...previous])];
  }

  /** The current one first. */
  get secrets(): readonly string[] {
    return this.#secrets;
  }

  seal(purpose: SealPurpose, text: string): string {
    const key = keyId(this.current);
    const nonce = randomBytes(12);
    const cipher = createCipheriv(ALGORITHM, keyFor(this.current, purpose), nonce);
    cipher.setAAD(header(purpose, key));
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${JSON.stringify({
      sealed: FORMAT,
      purpose,
      key,
      nonce: nonce.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
      data: data.toString('base64'),
    })}\n`;
  }

  open(purpose: SealPurpose, sealed: string): Opened {
    const file = parse(sealed);
    if (!file) return { failure: 'unsealed' };
    const secret = this.#secrets.find((each) => keyId(each) === file.key);
    if (secret === undefined) return { failure: 'foreign' };
    try {
      const decipher = createDecipheriv(ALGORITHM, keyFor(secret, purpose), bytes(file.nonce, 12), {
        authTagLength: 16,
      });
      decipher.setAAD(header(purpose, file.key));
      decipher.setAuthTag(bytes(file.tag, 16));
      const text = Buffer.concat([decipher.update(bytes(file.data)), decipher.final()]).toString('utf8');
      return { text, secret, stale: secret !== this.current };
    } catch {
      return { failure: 'damaged' };
    }
  }
}

/** Which secret it was, without telling it: derived as a key is, so it gives away no more than the file itself does. */
export function keyId(secret: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', 'redstart key id', 8)).toString('hex');
}

const keyFor = (secret: string, purpose: SealPurpose): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', `redstart ${purpose}`, 32));

const header = (purpose: SealPurpose, key: string): Buffer => Buffer.from(`redstart ${FORMAT} ${purpose} ${key}`);

interface SealedFile {
  key: string;
  nonce: string;
  tag: string;
  data: string;
}

/** Null when it does not look like one: the form of older versions, or something else altogether. */
function parse(text: string): SealedFile | null {
  try {
    const value = JSON.parse(text) as Record<string, unknown> | null;
    if (typeof value !== 'object' || value === null || !('sealed' in value)) return null;
    const { key, nonce, tag, data } = value;
    const own = { key: String(key), nonce: String(nonce), tag: String(tag), data: String(data) };
    // Of a newer form not even the words are known; authentication fails on it.
    return value.sealed === FORMAT ? own : { ...own, data: '' };
  } catch {
    return null;
  }
}

/** Refuses what Buffer.from would read past: other characters, and endings that say the same in another way. */
function bytes(base64: string, length?: number): Buffer {
  const buffer = Buffer.from(base64, 'base64');
  if (buffer.toString('base64') !== base64 || (length !== undefined && buffer.length !== length))
    throw new Error('not base64');
  return buffer;
}
