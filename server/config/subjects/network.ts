import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { registerSecret } from '../redact.ts';
import { path, plain, proxyUrl } from '../text-types.ts';

const field = fieldsOf('Network');

export const networkFields = {
  https: field('HTTPS_PROXY', {
    aliases: ['https_proxy'],
    type: proxyUrl,
    fallback: null,
    example: 'http://proxy.example.com:3128',
    does: 'The proxy for calls to https:// addresses, the Platform’s among them.',
    change: 'The network lets nothing out but through a proxy.',
    beware: 'A password in it stays in the environment, where flows can read it.',
  }),
  http: field('HTTP_PROXY', {
    aliases: ['http_proxy'],
    type: proxyUrl,
    fallback: null,
    example: 'http://proxy.example.com:3128',
    does: 'The proxy for calls to http:// addresses.',
    change: 'As for HTTPS_PROXY.',
    beware: 'As for HTTPS_PROXY.',
  }),
  noProxy: field('NO_PROXY', {
    aliases: ['no_proxy'],
    type: plain('a comma list of host names', /^\P{Cc}+$/u, 'has control characters in it'),
    fallback: null,
    example: 'localhost,.example.com',
    does: 'Hosts that are called without the proxy.',
    change: 'Your Platform is on your own network.',
  }),
  extraCa: field('NODE_EXTRA_CA_CERTS', {
    type: path('a PEM file of further certificate authorities'),
    fallback: null,
    example: '/etc/ssl/our-ca.pem',
    does: 'Certificate authorities to trust besides the well-known ones. Node.js reads it itself, when it starts.',
    change: 'Your Platform or proxy has a certificate of your own authority.',
    beware: 'In .env it comes too late: set it in the real environment.',
  }),
};

export function readNetwork(reader: Reader, rejectUnauthorized: string | undefined): Config['proxy'] {
  const { value: extraCa, found } = reader.find(networkFields.extraCa);
  if (extraCa !== null && found?.source === '.env') {
    reader.problem(
      networkFields.extraCa,
      'is in .env, which Node.js has not read when it needs it',
      'it in the real environment',
      'export NODE_EXTRA_CA_CERTS=/etc/ssl/our-ca.pem',
    );
  }
  if (rejectUnauthorized === '0') {
    reader.warn(
      'NODE_TLS_REJECT_UNAUTHORIZED is 0: no certificate is checked, so anybody in between can read the access token. Use NODE_EXTRA_CA_CERTS.',
    );
  }
  const proxy = {
    https: reader.get(networkFields.https),
    http: reader.get(networkFields.http),
    noProxy: reader.get(networkFields.noProxy),
  };
  for (const own of [networkFields.https, networkFields.http] as const) {
    const password = URL.parse(proxy[own === networkFields.https ? 'https' : 'http'] ?? '')?.password;
    if (!password) continue;
    registerSecret(password);
    registerSecret(decodeURIComponent(password));
    reader.warn(
      `${reader.nameOf(own)} holds a password, which flows can read from the environment. Let the proxy know this machine by its address instead.`,
    );
  }
  return proxy;
}
