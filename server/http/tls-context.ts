import type { Server } from 'node:https';
import type { Logger } from 'pino';
import { type WatchedFile, watchFile } from '../config/watch-file.ts';
import { selfSigned } from './self-signed.ts';
import { checkClientCa, secureContext, type TlsMaterial } from './tls-material.ts';
import { reloadTls } from './tls-reload.ts';

/** A self-signed certificate is looked at this often: it is made anew a month before it ends. */
const LOOK_MS = 12 * 3_600_000;

export interface TlsContextOptions {
  readonly server: Server;
  readonly material: TlsMaterial;
  readonly files: { readonly certFile: string; readonly keyFile: string } | null;
  readonly clientCa: { readonly file: string; readonly text: string } | null;
  /** New authorities are in use. */
  readonly onClientCa: () => void;
  readonly dataDir: string;
  readonly host: string;
  readonly logger: Logger;
}

export interface TlsContext {
  /** Looks at all of it now. */
  check(now?: Date): Promise<void>;
  /** SHA-256 of the certificate that is shown. */
  fingerprint(): string;
  stop(): void;
}

/** Keeps what the server shows and trusts up to date, for new connections; open ones go on. */
export function followTls(options: TlsContextOptions): TlsContext {
  const { server, logger, files, clientCa } = options;
  let material = options.material;
  let authorities = clientCa?.text ?? null;

  const use = (next: { material?: TlsMaterial; authorities?: string }): void => {
    const wanted = { material: next.material ?? material, authorities: next.authorities ?? authorities };
    // Throws when it does not fit together: then what is in use stays.
    server.setSecureContext(secureContext(wanted.material, wanted.authorities));
    ({ material, authorities } = wanted);
  };

  const renewSelfSigned = async (now?: Date): Promise<void> => {
    try {
      const { material: next, made } = await selfSigned({
        dataDir: options.dataDir,
        host: options.host,
        ...(now !== undefined && { now }),
      });
      if (!made) return;
      use({ material: next });
      logger.info(
        {
          event: 'tls.self-signed',
          fingerprint: next.certificate.fingerprint256,
          validTo: next.certificate.validTo,
        },
        `Made a new self-signed certificate before the former one ends, SHA-256 ${next.certificate.fingerprint256}`,
      );
    } catch (error) {
      logger.error({ err: error }, 'The self-signed certificate ends soon and cannot be made anew');
    }
  };

  const pair = files && reloadTls({ ...files, logger, use: (next) => use({ material: next }), inUse: material });
  const ca: WatchedFile | null =
    clientCa &&
    watchFile({
      file: clientCa.file,
      known: clientCa.text,
      changed(text) {
        checkClientCa(text, clientCa.file);
        use({ authorities: text });
        options.onClientCa();
        logger.info({ event: 'tls.client-ca' }, 'The authorities of client certificates changed and are in use');
      },
      failed: (reason) =>
        logger.error(
          { event: 'tls.client-ca', reason },
          `The file of REDSTART_TLS_CLIENT_CA_FILE cannot be used, the former authorities stay: ${reason}`,
        ),
    });
  const timer = files === null ? setInterval(() => void renewSelfSigned(), LOOK_MS) : null;
  timer?.unref();

  return {
    async check(now) {
      await Promise.all([pair?.check(), ca?.check(), files === null ? renewSelfSigned(now) : undefined]);
    },
    fingerprint: () => material.certificate.fingerprint256,
    stop() {
      pair?.stop();
      ca?.close();
      if (timer !== null) clearInterval(timer);
    },
  };
}
