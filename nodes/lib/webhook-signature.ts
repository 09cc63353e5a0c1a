import { createHmac, timingSafeEqual } from 'node:crypto';

/** How a sender signs. The signature is an HMAC over `before`, the time stamp and `between` (where there is one), and the body. */
export interface SignatureScheme {
  /** Lower case. */
  header: string;
  /** What stands before the signature in its header. */
  prefix: string;
  algorithm: 'sha256' | 'sha512';
  encoding: 'hex' | 'base64';
  /** Signed with the body: one that is not signed proves nothing. */
  timestamp: { header: string; before: string; between: string } | null;
}

export const SCHEMES = {
  github: {
    header: 'x-hub-signature-256',
    prefix: 'sha256=',
    algorithm: 'sha256',
    encoding: 'hex',
    timestamp: null,
  },
  slack: {
    header: 'x-slack-signature',
    prefix: 'v0=',
    algorithm: 'sha256',
    encoding: 'hex',
    timestamp: { header: 'x-slack-request-timestamp', before: 'v0:', between: ':' },
  },
} as const satisfies Record<string, SignatureScheme>;

/** What the sender claims, before its body was read. */
export interface Claim {
  signature: Buffer;
  /** As it was sent: what is signed are its characters. */
  timestamp: string | null;
  /** Milliseconds since 1970. */
  at: number | null;
}

/** For the operator: the caller hears of a refusal only. */
export type ClaimFault = 'no signature' | 'malformed signature' | 'no time stamp' | 'malformed time stamp' | 'stale';

type Headers = Record<string, string | string[] | undefined>;

const SIZE = { sha256: 32, sha512: 64 } as const;
/** Seconds beyond this are milliseconds. */
const MILLISECONDS_FROM = 100_000_000_000;

/** Reads the headers. Nothing is proved by them yet, but most of what is wrong shows without the body. */
export function readClaim(
  scheme: SignatureScheme,
  headers: Headers,
  now: number,
  toleranceMs: number,
): Claim | ClaimFault {
  const given = headers[scheme.header];
  if (given === undefined || given === '') return 'no signature';
  if (typeof given !== 'string' || !given.startsWith(scheme.prefix)) return 'malformed signature';
  const signature = decode(given.slice(scheme.prefix.length), scheme);
  if (signature === null) return 'malformed signature';
  if (scheme.timestamp === null) return { signature, timestamp: null, at: null };

  const timestamp = headers[scheme.timestamp.header];
  if (timestamp === undefined || timestamp === '') return 'no time stamp';
  if (typeof timestamp !== 'string' || !/^\d{1,14}$/.test(timestamp)) return 'malformed time stamp';
  const number = Number(timestamp);
  const at = number < MILLISECONDS_FROM ? number * 1000 : number;
  return Math.abs(now - at) > toleranceMs ? 'stale' : { signature, timestamp, at };
}

function decode(text: string, { algorithm, encoding }: SignatureScheme): Buffer | null {
  const size = SIZE[algorithm];
  if (encoding === 'hex')
    return new RegExp(`^[0-9a-f]{${size * 2}}$`, 'i').test(text) ? Buffer.from(text, 'hex') : null;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === size && bytes.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
    ? bytes
    : null;
}

/** Whether one of the secrets made the signature. Each is tried, in constant time. */
export function isSigned(scheme: SignatureScheme, secrets: readonly string[], claim: Claim, body: Buffer): boolean {
  let right = false;
  for (const secret of secrets) {
    const hmac = createHmac(scheme.algorithm, secret);
    if (scheme.timestamp) hmac.update(`${scheme.timestamp.before}${claim.timestamp}${scheme.timestamp.between}`);
    if (timingSafeEqual(hmac.update(body).digest(), claim.signature)) right = true;
  }
  return right;
}
