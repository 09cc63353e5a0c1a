import { invalidInput } from './errors.ts';

export type QueryValue = string | number | boolean | null | undefined | readonly (string | number)[];
export type Query = Record<string, QueryValue>;

/** Without a trailing slash. @throws SEQERA_INVALID_INPUT when it is no http(s) URL or carries a user name. */
export function normaliseBaseUrl(baseUrl: string): string {
  const text = baseUrl.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalidInput(`The base URL is no http or https address: it should look like https://api.cloud.seqera.io`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalidInput('The base URL may hold a host and a path, but no user name, query or fragment');
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** A list is its name again for each of its values; empty values are left out. */
export function queryString(query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as readonly (string | number)[]) : [value]) {
      if (each !== null && each !== undefined && each !== '') search.append(name, String(each));
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** The base URL may carry a path, so paths are joined to it. @throws SEQERA_INVALID_INPUT when the path leaves it. */
export function joinUrl(baseUrl: string, path: string, query?: Query): string {
  const bad = !path.startsWith('/') || path.startsWith('//') || /[\\?#]/.test(path) || hasControl(path);
  const url = bad ? undefined : new URL(baseUrl + path);
  const base = new URL(baseUrl);
  const root = base.pathname.replace(/\/+$/, '');
  // A decoded `..` is resolved by URL, which shows as another path than the one that was written.
  if (
    !url ||
    url.origin !== base.origin ||
    !url.pathname.startsWith(`${root}/`) ||
    /(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)
  ) {
    throw invalidInput(`The path ${JSON.stringify(path)} does not stay below the base URL`);
  }
  return url.href + queryString(query);
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) < 0x20) return true;
  return false;
}

/** The longest name that an object store takes; an address of megabytes is refused by each server in its own way. */
const LONGEST_SEGMENT = 1024;

/** A segment of a path: an id or a name that a flow gave. @throws SEQERA_INVALID_INPUT */
export const segment = (value: string | number): string => {
  const text = String(value);
  if (text === '' || text === '.' || text === '..') throw invalidInput(`${JSON.stringify(text)} is no id`);
  if (text.length > LONGEST_SEGMENT) throw invalidInput(`An id or name of ${text.length} characters is none`);
  try {
    return encodeURIComponent(text);
  } catch {
    throw invalidInput(`${JSON.stringify(text)} holds half of a character, which no address can`);
  }
};

/** The web page's base of an API base: `api.` before the host and `/api` behind it fall away. */
export function webUrl(baseUrl: string): string {
  const url = new URL(baseUrl);
  const host = url.host.replace(/^api\./, '');
  return `${url.protocol}//${host}${url.pathname.replace(/\/+$/, '').replace(/\/api$/, '')}`;
}
