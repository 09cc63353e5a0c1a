// The only file that knows zod. What a variable can be, as schemas from the text in the environment to a value.
// From zod/mini, which loads a third faster than zod: the start pays for it each time.
import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { EXPECTED_LOG_LEVELS, formatLogLevels, type LogLevels, parseLogLevels } from './log-levels.ts';
import { Secret } from './secret.ts';

/** A schema together with what a person is told when a text does not fit it. */
export interface TextType<Value> {
  readonly schema: z.ZodMiniType<Value, string>;
  /** Completes "expected: …". */
  readonly expected: string;
  /** The value is a Secret: read from a file too, never echoed. */
  readonly secret: boolean;
  /** A short wrong text may be shown in the message. Off where someone could have pasted a secret. */
  readonly echo: boolean;
  /** The value in words, where it is no text, number or list of them. */
  show?(value: Value): string;
}

/** `{ problem }` where the text is wrong; the words complete "VARIABLE …". */
export type Parsed<Value> = { value: Value } | { problem: string };

export function parseText<Value>(type: TextType<Value>, text: string): Parsed<Value> {
  const result = type.schema.safeParse(text);
  if (result.success) return { value: result.data };
  const words = result.error.issues[0]?.message ?? 'is not valid';
  const shown = type.echo && text.length <= 24 ? `${words}: ${quote(text)}` : words;
  return { problem: shown };
}

function quote(text: string): string {
  // `docker run --env-file` hands quotes on as part of the value, which is hard to see.
  if (/^(["']).*\1$/.test(text)) return `${text} with the quotes, which are part of the value: leave them out`;
  return JSON.stringify(text);
}

/** A plain function as schema: it returns the value, or throws the words of what is wrong. */
class Refusal extends Error {}

export function refuse(words: string): never {
  throw new Refusal(words);
}

function text<Value>(
  expected: string,
  read: (text: string) => Value,
  options: { echo?: boolean; secret?: boolean } = {},
): TextType<Value> {
  const schema = z.pipe(
    z.string(),
    z.transform((input: string, context) => {
      try {
        return read(input);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        context.issues.push({ code: 'custom', message: error.message, input });
        return z.NEVER;
      }
    }),
  );
  return { schema, expected, echo: options.echo ?? false, secret: options.secret ?? false };
}

/** `later`: known values that are not built yet; refused, so that nobody believes them to be in force. */
export function choice<const Option extends string>(
  options: readonly Option[],
  later: readonly string[] = [],
): TextType<Option> {
  const error = (issue: { input?: unknown }): string =>
    later.includes(String(issue.input)) ? 'is not available yet' : 'is none of the accepted values';
  return {
    schema: z.enum(options, { error }),
    expected: options.length === 1 ? `${options[0]}` : `one of ${options.join(', ')}`,
    echo: true,
    secret: false,
  };
}

export const logLevels: TextType<LogLevels> = {
  ...text(
    EXPECTED_LOG_LEVELS,
    (input) => {
      const levels = parseLogLevels(input);
      return 'problem' in levels ? refuse(levels.problem) : levels;
    },
    { echo: true },
  ),
  show: formatLogLevels,
};

export const flag: TextType<boolean> = {
  schema: z.pipe(
    z.enum(['true', 'false'], { error: 'is neither true nor false' }),
    z.transform((input: 'true' | 'false') => input === 'true'),
  ),
  expected: 'true or false',
  echo: true,
  secret: false,
};

export function wholeNumber(minimum: number, maximum: number, unit = ''): TextType<number> {
  const range = `from ${minimum} to ${maximum}`;
  return {
    schema: z.pipe(
      z.pipe(z.string().check(z.regex(/^\d{1,15}$/, 'is not a whole number')), z.transform(Number)),
      z.number().check(z.minimum(minimum, `is not ${range}`), z.maximum(maximum, `is not ${range}`)),
    ),
    expected: `a whole number ${unit}${unit && ' '}${range}`,
    echo: true,
    secret: false,
  };
}

/** Text of the environment that is passed on as it is. */
export function plain(expected: string, pattern: RegExp, words: string): TextType<string> {
  return { schema: z.string().check(z.regex(pattern, words)), expected, echo: false, secret: false };
}

export function list(
  expected: string,
  item: { test(part: string): boolean },
  words: string,
): TextType<readonly string[]> {
  return text(expected, (input) => {
    const items = input.split(',').map((part) => part.trim());
    for (const part of items) if (!item.test(part)) refuse(part === '' ? 'has an empty entry' : words);
    return [...new Set(items)];
  });
}

/** Relative paths start from the working directory; the loader makes them absolute. */
export function path(what: string): TextType<string> {
  return text(`the path of ${what}`, (input) => (input.includes('\0') ? refuse('has a NUL character in it') : input));
}

/** Where the app is mounted. Only plain segments: `:`, `*` and brackets are patterns to Express. */
export const mountPath: TextType<string> = text(
  'a path that begins with / and is not / alone, of letters, digits and - . _ ~',
  (input) => {
    if (!input.startsWith('/')) refuse('does not begin with /');
    const trimmed = input.replace(/\/+$/, '');
    if (trimmed === '') refuse('is /, which is the landing page');
    for (const segment of trimmed.slice(1).split('/')) {
      if (segment === '') refuse('has // in it');
      if (segment === '.' || segment === '..') refuse('has . or .. as a part');
      if (!/^[\w.~-]+$/.test(segment)) refuse('has characters in it that a path cannot have here');
    }
    return trimmed;
  },
  { echo: true },
);

/** An address that requests are sent under, without slash at its end. */
export function baseAddress(what: string): TextType<string> {
  return text(`an http:// or https:// address ${what}, without user, query or fragment`, (input) => {
    const url = URL.parse(input);
    if (!url)
      return refuse(/^\S+$/.test(input) && !input.includes('://') ? 'has no https:// in front' : 'is not a URL');
    if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('is neither http:// nor https://');
    if (url.username !== '' || url.password !== '') refuse('has a user or password in it');
    // The parsed parts are empty for a bare "?" or "#", which would still end up inside every request's path.
    if (/[?#]/.test(input)) refuse('has a query or fragment in it');
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  });
}

export const apiEndpoint = baseAddress('of the API');

/** Where a git repository is. Only the transports that a flows repository needs; others run programs. */
export const gitRepository: TextType<string> = text(
  'an https:// or ssh:// address, git@host:path, or the absolute path of a repository, without password',
  (input) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these belongs there.
    if (/[\u0000-\u0020\u007f]/.test(input)) refuse('has white space or control characters in it');
    if (input.startsWith('-')) refuse('begins with a dash');
    if (input.startsWith('/')) return input;
    if (/^[\w.-]+@[\w.-]+:(?!\/\/)[^:]+$/.test(input)) return input;
    const url = URL.parse(input);
    if (!url || !input.includes('://')) return refuse('is no address of a repository');
    if (!['https:', 'http:', 'ssh:', 'file:'].includes(url.protocol)) refuse('is none of https, ssh, http, file');
    if (url.password !== '') refuse('has a password in it: use REDSTART_GIT_TOKEN');
    if (/[?#]/.test(input)) refuse('has a query or fragment in it');
    return input;
  },
);

export const proxyUrl: TextType<string> = text('an http:// or https:// address of the proxy', (input) => {
  const url = URL.parse(input.includes('://') ? input : `http://${input}`);
  if (!url) return refuse('is not a URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('is neither http:// nor https://');
  return url.href.replace(/\/$/, '');
});

export const hostName: TextType<string> = text(
  'an IP address or host name to listen on, without port or brackets',
  (input) => {
    if (isIP(input) !== 0 || /^(?!-)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(input)) return input;
    return refuse('is neither an IP address nor a host name');
  },
  { echo: true },
);

const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

/** What Express takes as `trust proxy`. */
export const trustProxy: TextType<boolean | number | readonly string[]> = text(
  `true, false, how many proxies are in front, or a comma list of addresses, networks (10.0.0.0/8) and ${NAMED_RANGES.join(', ')}`,
  (input): boolean | number | readonly string[] => {
    if (input === 'true' || input === 'false') return input === 'true';
    if (/^\d+$/.test(input)) return Number(input) <= 32 ? Number(input) : refuse('is a number of proxies over 32');
    const entries = input.split(',').map((entry) => entry.trim());
    for (const entry of entries)
      if (!isNetwork(entry))
        refuse(entry === '' ? 'has an empty entry' : 'has an entry that is no address, network or known range');
    return entries;
  },
  { echo: true },
);

function isNetwork(entry: string): boolean {
  if (NAMED_RANGES.includes(entry)) return true;
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/**
 * A bearer token, sent in a header as it is: white space or a line break in it would end the header and begin another.
 */
export const token: TextType<Secret> = text(
  'a Seqera Platform access token: at least 8 visible ASCII characters',
  (input) => {
    if (/^bearer\s/i.test(input)) refuse('begins with "Bearer": give the token alone');
    if (/\s/.test(input)) refuse('has white space or a line break in it');
    if (!/^[\x21-\x7e]+$/.test(input)) refuse('has control characters or characters outside ASCII in it');
    if (input.length < 8) refuse('is too short to be a token');
    return new Secret(input);
  },
  { secret: true },
);

/** A secret text of free form, with the rule that it must keep to. */
export function secretText(expected: string, check: (input: string) => void): TextType<Secret> {
  return text(
    expected,
    (input) => {
      check(input);
      return new Secret(input);
    },
    { secret: true },
  );
}

/** When a token ends: milliseconds of the epoch, null for never. A date alone is the moment that this day begins, UTC. */
export const tokenExpiry: TextType<number | null> = text(
  'a date (2027-01-31), a time (2027-01-31T18:00:00Z) or never',
  (input) => {
    if (input === 'never') return null;
    const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
    const time = form.test(input) ? Date.parse(input) : Number.NaN;
    return Number.isNaN(time) ? refuse('is neither a date nor never') : time;
  },
  { echo: true },
);

const LOOPBACK_NAMES = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** An address of a web site; in clear only on this machine. `exact`: a slash at its end stays, as it is part of a name. */
export function webAddress(what: string, { exact = false } = {}): TextType<string> {
  return text(`the https:// address ${what}, without query or fragment`, (input) => {
    const url = URL.parse(input);
    if (!url) return refuse('is not a URL');
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK_NAMES.test(url.hostname)))
      refuse('is not https://');
    if (url.username !== '' || url.password !== '') refuse('has a user or password in it');
    if (/[?#]/.test(input)) refuse('has a query or fragment in it');
    return exact ? input : `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  });
}

/** Where another replica listens: it may be in clear, on a network of their own. */
export const replicaAddress: TextType<string> = text(
  'an http:// or https:// address with a port and nothing after it',
  (input) => {
    const url = URL.parse(input);
    if (!url) return refuse('is not a URL');
    if (url.protocol !== 'https:' && url.protocol !== 'http:') refuse('is neither http:// nor https://');
    if (url.username !== '' || url.password !== '') refuse('has a user or password in it');
    if (url.pathname !== '/' || /[?#]/.test(input)) refuse('has a path, query or fragment');
    return url.origin;
  },
  { echo: true },
);

/** `group=role, …`: pairs that keep their order. The last `=` parts them, as a group may have one in its name. */
export function pairs<const Right extends string>(
  expected: string,
  rights: readonly Right[],
): TextType<readonly (readonly [string, Right])[]> {
  return text(expected, (input) =>
    input.split(',').map((part) => {
      const at = part.lastIndexOf('=');
      const [left, right] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      if (at < 0 || left === '') refuse('has an entry that is not value=role');
      const known = rights.find((one) => one === right);
      return known === undefined
        ? refuse(`has an entry that does not end in one of ${rights.join(', ')}`)
        : [left, known];
    }),
  );
}
