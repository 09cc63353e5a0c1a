import { SCHEMES, type SignatureScheme } from './webhook-signature.ts';

/** The properties of the node as they are stored. */
export interface WebhookProperties {
  path?: string;
  scheme?: string;
  header?: string;
  prefix?: string;
  algorithm?: string;
  encoding?: string;
  timestampHeader?: string;
  signedText?: string;
  tolerance?: number | string;
  replays?: string;
  replayHours?: number | string;
  maxBody?: number | string;
  rateLimit?: number | string;
}

export interface WebhookOptions {
  path: string;
  scheme: SignatureScheme;
  toleranceMs: number;
  /** How long an equal request is refused; null: never. */
  replayMs: number | null;
  maxBytes: number;
  perMinute: number;
}

/** Something that the author of the flow has to mend. */
export class WebhookFault extends Error {}

export const MIN_SECRET_LENGTH = 16;

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

export function webhookOptions(properties: WebhookProperties): WebhookOptions {
  return {
    path: pathOf(properties.path ?? ''),
    scheme: schemeOf(properties),
    toleranceMs: numberOf(properties.tolerance, 300, 'the time window', 1, 86_400) * 1000,
    replayMs:
      properties.replays === 'accept'
        ? null
        : numberOf(properties.replayHours, 24, 'how long replays are refused', 1, 720) * 3_600_000,
    maxBytes: numberOf(properties.maxBody, 1024, 'the body limit', 1, 5120) * 1024,
    perMinute: numberOf(properties.rateLimit, 600, 'the rate limit', 1, 100_000),
  };
}

/** No pattern and no parameter: only a path that is told by its exact letters can be opened to those who sign. */
function pathOf(given: string): string {
  const path = `/${given.trim().replace(/^\/+|\/+$/g, '')}`;
  if (!/^(?:\/(?!\.\.?(?:\/|$))[\w.~-]+)+$/.test(path)) {
    throw new WebhookFault('The path is empty, or has more in it than letters, digits, - . _ ~ and single slashes');
  }
  return path;
}

function schemeOf(properties: WebhookProperties): SignatureScheme {
  const { scheme = 'github' } = properties;
  if (scheme === 'github' || scheme === 'slack') return SCHEMES[scheme];
  if (scheme !== 'generic') throw new WebhookFault(`"${scheme}" is no way of signing: github, slack or generic`);
  const header = properties.header?.trim() ?? '';
  if (!HEADER.test(header))
    throw new WebhookFault('The header with the signature is missing or is no name of a header');
  const { algorithm = 'sha256', encoding = 'hex' } = properties;
  if (algorithm !== 'sha256' && algorithm !== 'sha512') throw new WebhookFault('The algorithm is sha256 or sha512');
  if (encoding !== 'hex' && encoding !== 'base64') throw new WebhookFault('The encoding is hex or base64');
  return {
    header: header.toLowerCase(),
    prefix: properties.prefix ?? '',
    algorithm,
    encoding,
    timestamp: timestampOf(properties),
  };
}

function timestampOf({ timestampHeader = '', signedText }: WebhookProperties): SignatureScheme['timestamp'] {
  const header = timestampHeader.trim();
  if (header === '') return null;
  if (!HEADER.test(header)) throw new WebhookFault('The header with the time stamp is no name of a header');
  const parts = /^(.*)\{timestamp\}(.*)\{body\}$/s.exec(signedText?.trim() || '{timestamp}.{body}');
  if (!parts) throw new WebhookFault('What is signed must have {timestamp} in it and end with {body}');
  return { header: header.toLowerCase(), before: parts[1] ?? '', between: parts[2] ?? '' };
}

function numberOf(given: unknown, fallback: number, what: string, least: number, most: number): number {
  const value = given === undefined || given === '' ? fallback : Number(given);
  if (!Number.isFinite(value) || value < least || value > most) {
    throw new WebhookFault(`${what} is not a number from ${least} to ${most}`);
  }
  return value;
}

export function secretsOf(credentials: { secret?: unknown; previousSecret?: unknown } | undefined): string[] {
  const secrets = [credentials?.secret, credentials?.previousSecret].filter(
    (secret): secret is string => typeof secret === 'string' && secret !== '',
  );
  if (!credentials?.secret) throw new WebhookFault('There is no secret: nothing can be verified, so nothing is let in');
  if (secrets.some((secret) => secret.length < MIN_SECRET_LENGTH)) {
    throw new WebhookFault(`A secret is shorter than ${MIN_SECRET_LENGTH} characters: it could be guessed`);
  }
  return secrets;
}
