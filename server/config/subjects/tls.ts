import { accessSync, constants, statSync } from 'node:fs';
import type { Config } from '../config.ts';
import { type Field, fieldsOf } from '../field.ts';
import { describeFileError, mendFileError } from '../file-error.ts';
import type { Reader } from '../reader.ts';
import { choice, path } from '../text-types.ts';
import { isLoopback } from './server.ts';

const field = fieldsOf('TLS');

export const tlsFields = {
  mode: field('REDSTART_TLS', {
    type: choice(['off', 'self-signed', 'files']),
    fallback: 'off',
    fallbackText: '`off` when HOST is loopback, else `self-signed`',
    example: 'files',
    does: 'How connections to Redstart are encrypted: not at all, with a certificate that it makes for itself, or with yours.',
    change: 'files: you have a certificate. off: a proxy in front ends TLS.',
    beware:
      'A self-signed certificate keeps listeners out, not somebody in between: callers cannot tell it from another.',
  }),
  certFile: field('REDSTART_TLS_CERT_FILE', {
    type: path('a PEM file with the certificate and its intermediates'),
    fallback: null,
    example: '/run/secrets/tls.crt',
    does: 'The certificate for REDSTART_TLS=files. Read again when it changes.',
    change: 'With REDSTART_TLS=files.',
  }),
  keyFile: field('REDSTART_TLS_KEY_FILE', {
    type: path('a PEM file with the private key'),
    fallback: null,
    example: '/run/secrets/tls.key',
    does: 'The private key for REDSTART_TLS=files. Read again when it changes.',
    change: 'With REDSTART_TLS=files.',
    beware: 'Keep the file readable for Redstart’s uid alone.',
  }),
  clientCaFile: field('REDSTART_TLS_CLIENT_CA_FILE', {
    type: path('a PEM file with the authorities of client certificates'),
    fallback: null,
    example: '/run/secrets/clients.pem',
    does: 'Asks every client for a certificate of these authorities (mutual TLS).',
    change: 'Only machines that you gave a certificate shall connect.',
    later: true,
  }),
};

export function readTls(reader: Reader, host: string): Config['tls'] {
  const mode: Config['tls']['mode'] = isLoopback(host) ? 'off' : 'self-signed';
  const chosen = reader.get(tlsFields.mode, { value: mode, text: mode });
  const tls = {
    mode: chosen,
    certFile: readFile(reader, tlsFields.certFile, chosen),
    keyFile: readFile(reader, tlsFields.keyFile, chosen),
    clientCaFile: reader.get(tlsFields.clientCaFile),
  };
  if (chosen === 'off' && !isLoopback(host)) {
    reader.warn(
      `REDSTART_TLS is off and HOST is ${host}: passwords and tokens cross the network in clear, unless a proxy in front ends TLS.`,
    );
  }
  return tls;
}

function readFile(reader: Reader, own: Field<string | null>, mode: Config['tls']['mode']): string | null {
  const given = reader.get(own);
  if (given === null) {
    if (mode === 'files' && !reader.has(own))
      reader.problem(own, 'is not set, but REDSTART_TLS is files', own.type.expected);
    return null;
  }
  if (mode !== 'files') {
    reader.problem(
      own,
      `is set, but REDSTART_TLS is ${mode}, which does not use it`,
      'REDSTART_TLS=files beside it, or unset',
      'REDSTART_TLS=files',
    );
    return null;
  }
  const file = reader.absolute(given);
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  } catch (error) {
    const mend = mendFileError(error, file, `${own.variable}=${own.example}`);
    reader.problem(own, `cannot be read: ${describeFileError(error, file)}`, own.type.expected, mend);
  }
  return file;
}
