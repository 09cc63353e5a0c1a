import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { loadTlsFiles, type TlsMaterial } from './tls-material.ts';

export interface TlsReloadOptions {
  certFile: string;
  keyFile: string;
  logger: Logger;
  /** Takes it into use. What it throws counts as files that cannot be used. */
  use(material: TlsMaterial): void;
  /** What the server was started with. */
  inUse: { readonly cert: string; readonly key: string };
  everyMs?: number;
}

/**
 * Takes a renewed certificate into use for new connections; open ones keep theirs. The content is compared, not a date: tools
 * that renew swap files, links or whole folders. A pair that does not fit, as between the writing of its two
 * files, is left alone and the one in use stays.
 */
export function reloadTls(options: TlsReloadOptions): { stop(): void; check(): Promise<void> } {
  const { certFile, keyFile, logger } = options;
  let inUse = `${options.inUse.cert}\n${options.inUse.key}`;
  let warned: string | null = null;

  const contents = async (): Promise<string> => {
    const [cert, key] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return `${cert}\n${key}`;
  };
  const warn = (what: string, error: unknown): void => {
    // Half a renewal is seen for a moment only; the same state seen twice is a fault, said once.
    if (warned === what) return;
    warned = what;
    logger.warn({ err: error }, 'The TLS certificate or key changed but cannot be used; the former one stays in use');
  };

  const check = async (): Promise<void> => {
    let now: string;
    try {
      now = await contents();
    } catch (error) {
      warn('unreadable', error);
      return;
    }
    if (now === inUse) return;
    try {
      const material = loadTlsFiles(certFile, keyFile);
      options.use(material);
      inUse = now;
      warned = null;
      logger.info(
        {
          event: 'tls.reloaded',
          validTo: material.certificate.validTo,
          fingerprint: material.certificate.fingerprint256,
        },
        'The TLS certificate was renewed',
      );
    } catch (error) {
      warn(now, error);
    }
  };

  const timer = setInterval(() => void check(), options.everyMs ?? 2000);
  timer.unref();
  return { stop: () => clearInterval(timer), check };
}
