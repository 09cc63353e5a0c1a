import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Request } from 'express';

export interface CookieOptions {
  /** `Lax` where the browser must send it when another site sends it here. */
  readonly sameSite: 'Strict' | 'Lax';
  /** 0 takes it away. */
  readonly maxAgeSeconds: number;
}

/**
 * Without a path: the browser takes that of the request, as it sees it, which is right behind a proxy that takes a part
 * of the path away, too. Not readable by scripts, and not sent in clear but on this machine.
 */
export function setCookie(
  req: Request,
  res: ServerResponse,
  name: string,
  value: string,
  options: CookieOptions,
): void {
  const secure = req.secure ? '; Secure' : '';
  res.appendHeader(
    'Set-Cookie',
    `${name}=${value}; HttpOnly; SameSite=${options.sameSite}; Max-Age=${options.maxAgeSeconds}${secure}`,
  );
}

export function cookie(req: Request, name: string): string | null {
  for (const part of (req.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return null;
}

/** Texts that only this process can make and read: what is in a browser's hands meanwhile is kept nowhere else. */
export class Sealer {
  readonly #key = randomBytes(32);

  seal(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), data]).toString('base64url');
  }

  /** null: not made here, or changed. */
  open(sealed: string): string | null {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < 28) return null;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }
}
