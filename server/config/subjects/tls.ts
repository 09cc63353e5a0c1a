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
    does: 'Clients must show a certificate of these authorities (mutual TLS), beside what they must do anyway to get in. Read again when it changes. Probes need none.',
    change: 'Only machines that you gave a certificate shall connect.',
    beware: 'Revocation lists are not looked at: take the authority away, or give certificates that end soon.',
  }),
  clientAuth: field('REDSTART_TLS_CLIENT_AUTH', {
    type: choice(['flows', 'editor', 'both']),
    fallback: 'both',
    fallbackText: '`both` with REDSTART_TLS_CLIENT_CA_FILE',
    example: 'flows',
    does: 'Where a client certificate is asked for: the flows’ endpoints, the editor with its admin API, or both.',
    change: 'People sign in from browsers without a certificate (flows), or callers have none (editor).',
  }),
};

export function readTls(reader: Reader, host: string): Config['tls'] {
  const mode: Config['tls']['mode'] = isLoopback(host) ? 'off' : 'self-signed';
  const chosen = reader.get(tlsFields.mode, { value: mode, text: mode });
  const tls = {
    mode: chosen,
    certFile: readFile(reader, tlsFields.certFile, chosen),
    keyFile: readFile(reader, tlsFields.keyFile, chosen),
    ...readClientCa(reader, chosen),
  };
  if (chosen === 'off' && !isLoopback(host)) {
    reader.warn(
      `REDSTART_TLS is off and HOST is ${host}: passwords and tokens cross the network in clear, unless a proxy in front ends TLS.`,
    );
  }
  return tls;
}

function readClientCa(reader: Reader, mode: Config['tls']['mode']): Pick<Config['tls'], 'clientCaFile' | 'clientAuth'> {
  const { clientCaFile, clientAuth } = tlsFields;
  const given = reader.get(clientCaFile);
  const everywhere: Config['tls']['clientAuth'] = 'both';
  const where = reader.get(clientAuth, { value: everywhere, text: given === null ? 'none' : everywhere });
  if (given === null) {
    if (reader.has(clientAuth) && !reader.has(clientCaFile))
      reader.problem(clientCaFile, 'is not set, but REDSTART_TLS_CLIENT_AUTH is', clientCaFile.type.expected);
    return { clientCaFile: null, clientAuth: null };
  }
  if (mode === 'off') {
    reader.problem(
      clientCaFile,
      'is set, but REDSTART_TLS is off: there are no certificates without TLS',
      'REDSTART_TLS=files or self-signed beside it, or unset',
      'REDSTART_TLS=files',
    );
  }
  return { clientCaFile: readable(reader, clientCaFile, given), clientAuth: where };
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
  return readable(reader, own, given);
}

function readable(reader: Reader, own: Field<string | null>, given: string): string {
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
