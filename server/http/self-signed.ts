import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RedstartError } from '../errors.ts';
import { writeFiles } from '../flows/write-files.ts';
import type { TlsMaterial } from './tls-material.ts';

const DAY_MS = 86_400_000;
/** What browsers accept at most. */
const VALID_DAYS = 397;
const RENEW_DAYS = 30;
const WILDCARDS = new Set(['0.0.0.0', '::', '']);

/**
 * The certificate made at the first start, kept in `<data>/tls` and used again while it is valid and names the host, so that
 * whoever trusted it once is not asked again.
 */
export async function selfSigned(o: {
  dataDir: string;
  host: string;
  now?: Date;
}): Promise<{ material: TlsMaterial; made: boolean }> {
  const now = o.now ?? new Date();
  const dir = join(o.dataDir, 'tls');
  const certFile = join(dir, 'self-signed.crt');
  const keyFile = join(dir, 'self-signed.key');
  const names = namesFor(o.host);

  const kept = read(certFile, keyFile);
  if (kept !== null && stillGood(kept.certificate, names, now)) {
    chmodSync(keyFile, 0o600);
    return { material: kept, made: false };
  }
  const made = await generate(names, now);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const files = [
      { path: keyFile, text: made.key, mode: 0o600 },
      { path: certFile, text: made.cert, mode: 0o644 },
    ];
    // Not waiting for the disk: a lost one is made again, and under Node's permission model it could not.
    await writeFiles(files, undefined, { durable: false });
  } catch (cause) {
    throw new RedstartError({
      code: 'TLS_SELF_SIGNED_UNWRITABLE',
      message: `Cannot keep the self-signed certificate in ${dir}: ${cause instanceof Error ? cause.message : String(cause)}`,
      mend: `Make the folder writable for uid ${process.getuid?.() ?? '?'}, or bring a certificate (REDSTART_TLS=files).`,
      cause,
    });
  }
  return { material: { ...made, certificate: new X509Certificate(made.cert) }, made: true };
}

function namesFor(host: string): { dns: string[]; ip: string[] } {
  const dns = new Set(['localhost', hostname().toLowerCase()]);
  const ip = new Set(['127.0.0.1', '::1']);
  if (!WILDCARDS.has(host)) (isIP(host) === 0 ? dns : ip).add(host.toLowerCase());
  return { dns: [...dns], ip: [...ip] };
}

/** Anything unreadable or not fitting together is replaced: it is ours to make anew. */
function read(certFile: string, keyFile: string): TlsMaterial | null {
  try {
    const cert = readFileSync(certFile, 'utf8');
    const key = readFileSync(keyFile, 'utf8');
    const certificate = new X509Certificate(cert);
    return certificate.checkPrivateKey(createPrivateKey(key)) ? { cert, key, certificate } : null;
  } catch {
    return null;
  }
}

function stillGood(certificate: X509Certificate, names: { dns: string[]; ip: string[] }, now: Date): boolean {
  return (
    certificate.validFromDate.getTime() <= now.getTime() &&
    certificate.validToDate.getTime() - now.getTime() > RENEW_DAYS * DAY_MS &&
    names.dns.every((name) => certificate.checkHost(name) !== undefined) &&
    names.ip.every((address) => certificate.checkIP(address) !== undefined)
  );
}

async function generate(names: { dns: string[]; ip: string[] }, now: Date): Promise<{ cert: string; key: string }> {
  // Only where it is needed: it brings an ASN.1 library with it.
  const { generate: make } = await import('selfsigned');
  const made = await make([{ name: 'commonName', value: 'Redstart' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A little back: clocks of clients differ.
    notBeforeDate: new Date(now.getTime() - 3_600_000),
    notAfterDate: new Date(now.getTime() + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.dns.map((value) => ({ type: 2 as const, value })),
          ...names.ip.map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
