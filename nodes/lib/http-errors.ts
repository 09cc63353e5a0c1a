import { SeqeraError, type SeqeraErrorCode, type SeqeraErrorDetails } from './errors.ts';
import type { TransportAnswer, TransportError } from './transport.ts';

/** @param origin of the server, which a user needs to see */
export function errorOfTransport(error: TransportError, what: string, origin: string): SeqeraError {
  const unknown: SeqeraErrorDetails = { outcome: 'unknown', transient: true };
  switch (error.failure) {
    case 'unreachable':
      return new SeqeraError(
        'SEQERA_UNREACHABLE',
        `${what} failed: no connection to ${origin} (${error.message}). Check the base URL, DNS, proxy and firewall.`,
        { outcome: 'none', transient: true },
      );
    case 'broken':
      return new SeqeraError(
        'SEQERA_UNREACHABLE',
        `${what} failed: the connection to ${origin} broke (${error.message}).`,
        unknown,
      );
    case 'timeout':
      return new SeqeraError('SEQERA_TIMEOUT', `${what} failed: ${origin} gave ${error.message}.`, unknown);
    case 'tls':
      return new SeqeraError(
        'SEQERA_TLS',
        `${what} failed: the certificate of ${origin} is not trusted (${error.message}). Name a private authority in NODE_EXTRA_CA_CERTS.`,
      );
    default:
      return new SeqeraError('SEQERA_ANSWER_TOO_LARGE', `${what} failed: the answer is ${error.message}.`, {
        outcome: 'unknown',
      });
  }
}

interface AnswerFailure {
  answer: TransportAnswer;
  what: string;
  hide: (text: string) => string;
  needs?: string;
  /** A success whose body is not JSON. */
  notJson?: boolean;
}

export function errorOfAnswer({ answer, what, hide, needs, notJson }: AnswerFailure): SeqeraError {
  const { status } = answer;
  const said = whatItSays(answer, hide);
  if (notJson) {
    return new SeqeraError(
      'SEQERA_BAD_ANSWER',
      `${what} failed: the answer is not JSON${said}. Is the base URL the API (https://HOST/api) and not a web page or a proxy?`,
      { status, outcome: 'unknown', transient: true },
    );
  }
  // Its own failures the Platform answers with 400 too; nothing but the text tells them from a bad request.
  const ownFailure = status === 400 && /\bError ID: /i.test(said);
  const { code, hint, ...details } = meaningOf(ownFailure ? 500 : status, needs);
  return new SeqeraError(code, `${what} failed: ${status} ${hint}${said}.`, { status, ...details });
}

interface Meaning extends SeqeraErrorDetails {
  code: SeqeraErrorCode;
  hint: string;
}

function meaningOf(status: number, needs: string | undefined): Meaning {
  switch (status) {
    case 401:
      return {
        code: 'SEQERA_UNAUTHORIZED',
        hint: 'the Platform does not accept the token: expired, revoked, or of another installation',
      };
    case 403:
      return {
        code: 'SEQERA_FORBIDDEN',
        hint: `the token's user may not do this${needs === undefined ? '' : ` (it takes ${needs})`}, the workspace id is wrong, or the token is no longer valid`,
      };
    case 404:
      return { code: 'SEQERA_NOT_FOUND', hint: 'not found in this workspace' };
    case 408:
      return { code: 'SEQERA_TIMEOUT', hint: 'timed out', outcome: 'unknown', transient: true };
    case 409:
      return { code: 'SEQERA_CONFLICT', hint: 'conflict with what exists' };
    case 429:
      return { code: 'SEQERA_RATE_LIMITED', hint: 'too many calls with this token', transient: true };
    case 500:
    case 501:
    case 505:
      // A fault of the Platform itself, which repeating seldom mends; the effect of the call is open all the same.
      return {
        code: 'SEQERA_SERVER_ERROR',
        hint: 'the Platform failed',
        outcome: 'unknown',
        transient: status === 500,
      };
    default:
      if (status >= 500) {
        return {
          code: 'SEQERA_SERVER_ERROR',
          hint: 'the Platform or a gateway before it is not available',
          outcome: 'unknown',
          transient: true,
        };
      }
      return {
        code: 'SEQERA_BAD_REQUEST',
        hint: status >= 400 ? 'the Platform refused the request' : 'unexpected answer',
      };
  }
}

const LONGEST = 500;

/** The `message` and `errors` of a JSON body, else the title of a page, else nothing. */
function whatItSays(answer: TransportAnswer, hide: (text: string) => string): string {
  // Enough for any message; a page of megabytes is not searched.
  const text = answer.body.subarray(0, 64 * 1024).toString('utf8');
  const said = hide(messageOf(text) ?? '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out of a server's text
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim()
    .replace(/\.+$/, '');
  if (said === '') return '';
  return ` – ${said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said}`;
}

function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { message?: unknown; errors?: unknown } | null;
    if (typeof body !== 'object' || body === null) return undefined;
    const parts = [body.message];
    for (const each of Array.isArray(body.errors) ? (body.errors as unknown[]) : []) {
      const { code, message } = (each ?? {}) as { code?: unknown; message?: unknown };
      parts.push([code, message].filter((part) => typeof part === 'string').join(': '));
    }
    return parts.filter((part): part is string => typeof part === 'string' && part !== '').join('; ');
  } catch {
    return /<title[^>]*>([^<]{1,300})<\/title>/i.exec(text)?.[1];
  }
}
