import { badRequest } from './errors.ts';

/** The last value counts, as with the recorded calls; an empty one is none. */
function value(query: URLSearchParams, name: string): string | undefined {
  return query.getAll(name).at(-1) || undefined;
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const text = value(query, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw badRequest(`Failed to convert argument [${name}] for value [${text}] due to: For input string: "${text}"`);
}

export function flag(query: URLSearchParams, name: string): boolean | undefined {
  const text = value(query, name);
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  throw badRequest(`Failed to convert argument [${name}] for value [${text}] due to: not a boolean`);
}

export function text(query: URLSearchParams, name: string): string | undefined {
  return value(query, name);
}

export function oneOf<T extends string>(query: URLSearchParams, name: string, allowed: readonly T[]): T | undefined {
  const given = value(query, name);
  if (given === undefined) return undefined;
  const found = allowed.find((one) => one === given);
  if (found) return found;
  throw badRequest(`Failed to convert argument [${name}] for value [${given}] due to: expected ${allowed.join(', ')}`);
}

/** Comma-separated or repeated: the Platform declares the first and takes both. */
export function attributes<T extends string>(query: URLSearchParams, allowed: readonly T[]): Set<T> {
  const wanted = new Set<T>();
  for (const one of query.getAll('attributes').flatMap((list) => list.split(','))) {
    if (one === '') continue;
    const found = allowed.find((name) => name === one);
    if (!found) throw badRequest(`Failed to convert argument [attributes] for value [${one}]`);
    wanted.add(found);
  }
  return wanted;
}

export interface Page {
  max: number;
  offset: number;
}

const LARGEST_PAGE = 100;

/** `what` is the thing listed, for the message of a page that is too long. */
export function page(query: URLSearchParams, what: string, defaultMax: number): Page {
  const max = integer(query, 'max') ?? defaultMax;
  const offset = integer(query, 'offset') ?? 0;
  if (max > LARGEST_PAGE)
    throw badRequest(`${what} length parameter cannot be greater than ${LARGEST_PAGE} (current value=${max})`);
  if (max < 0) throw badRequest(`${what} length parameter cannot be negative (current value=${max})`);
  if (offset < 0) throw badRequest(`${what} offset parameter cannot be negative (current value=${offset})`);
  return { max, offset };
}

export const cut = <T>(list: readonly T[], { max, offset }: Page): T[] => list.slice(offset, offset + max);

/** Partial and case-insensitive; in double quotes the whole name, as it is written. */
export function matchesName(search: string | undefined): (name: string) => boolean {
  const wanted = search?.trim() ?? '';
  if (wanted === '') return () => true;
  if (wanted.length > 1 && wanted.startsWith('"') && wanted.endsWith('"')) {
    const exact = wanted.slice(1, -1);
    return (name) => name === exact;
  }
  const part = wanted.toLowerCase();
  return (name) => name.toLowerCase().includes(part);
}
