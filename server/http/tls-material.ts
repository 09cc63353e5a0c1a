import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import type { FatalCode } from '../error-catalogue.ts';
import { RedstartError } from '../errors.ts';

/** A key and the certificates that go with it, checked against each other. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly certificate: X509Certificate;
}

/** 1.2 with forward secrecy and authenticated ciphers, and all of 1.3. */
export function secureContext(
  material: Pick<TlsMaterial, 'cert' | 'key'>,
  clientCa: string | null = null,
): SecureContextOptions {
  return {
    cert: material.cert,
    key: material.key,
    ...(clientCa !== null && { ca: clientCa }),
    minVersion: 'TLSv1.2',
    ciphers: [
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ].join(':'),
  };
}

/** Reads and checks both files; throws a RedstartError that names the file and what to do. */
export function loadTlsFiles(certFile: string, keyFile: string): TlsMaterial {
  const key = readKey(keyFile);
  const cert = read(certFile, 'REDSTART_TLS_CERT_FILE');
  return checkPair({ cert, key, certFile, keyFile });
}

/** The authorities of client certificates, as PEM; throws a RedstartError that names the file and what to do. */
export function loadClientCa(file: string): string {
  const text = read(file, 'REDSTART_TLS_CLIENT_CA_FILE');
  checkClientCa(text, file);
  return text;
}

export function checkClientCa(text: string, file: string): void {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error('there is no certificate in it');
    for (const block of blocks) {
      // OpenSSL takes anything as an authority and then trusts nobody by it.
      if (!new X509Certificate(block).ca) throw new Error('a certificate in it is not that of an authority (CA:TRUE)');
    }
  } catch (cause) {
    throw new RedstartError({
      code: 'TLS_CLIENT_CA_INVALID',
      message: `${file} holds no authorities of client certificates: ${cause instanceof Error ? cause.message : String(cause)}`,
      mend: 'Give the certificates of the authorities that issue your client certificates, as PEM, and nothing else.',
      cause,
    });
  }
}

function read(file: string, variable: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RedstartError({
      code: 'TLS_FILE_UNREADABLE',
      message: `Cannot read the file of ${variable}, ${file}: ${codeOf(cause)}`,
      mend: `Check that the file is there and readable for uid ${process.getuid?.() ?? '?'}.`,
      cause,
    });
  }
}

function readKey(file: string): string {
  const text = read(file, 'REDSTART_TLS_KEY_FILE');
  // Follows symbolic links: the mode that counts is that of the file itself.
  const mode = statSync(file).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
    throw new RedstartError({
      code: 'TLS_KEY_EXPOSED',
      message: `Everyone on this machine can read or change the TLS key ${file} (mode ${mode.toString(8)})`,
      mend: `chmod 600 ${file} (Kubernetes: defaultMode 0440 with an fsGroup on the secret's volume).`,
    });
  }
  return text;
}

function checkPair(o: { cert: string; key: string; certFile: string; keyFile: string }): TlsMaterial {
  const fail = (code: FatalCode, message: string, mend: string, cause?: unknown): never => {
    throw new RedstartError({ code, message, mend, cause });
  };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(o.cert);
  } catch (cause) {
    return fail(
      'TLS_CERT_INVALID',
      `${o.certFile} holds no certificate in PEM form`,
      'Give the certificate, followed by its chain, as PEM.',
      cause,
    );
  }
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(o.key));
  } catch (cause) {
    return fail(
      'TLS_KEY_INVALID',
      `${o.keyFile} holds no private key in PEM form, or one with a passphrase`,
      'Give the key as PEM without a passphrase.',
      cause,
    );
  }
  if (!matches) {
    return fail(
      'TLS_PAIR_MISMATCH',
      `The certificate ${o.certFile} does not belong to the key ${o.keyFile}`,
      'Give the certificate that was issued for this key, the server certificate first in the file.',
    );
  }
  return { cert: o.cert, key: o.key, certificate };
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
