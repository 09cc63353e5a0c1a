import { inspect } from 'node:util';

/** Where a value is not what was expected. */
export interface Difference {
  /** Within what was expected, for finding the line that says it. */
  path: (string | number)[];
  expected: string;
  actual: string;
}

const MISSING = Symbol('missing');

/**
 * The first place where `actual` is not as expected; null when it matches. Of an object only what is named is compared;
 * a list has to have as many elements. Text of the form `/…/` is a regular expression.
 */
export function firstDifference(expected: unknown, actual: unknown, path: (string | number)[] = []): Difference | null {
  const differs = (): Difference => ({ path, expected: shown(expected), actual: shown(actual) });
  const expression = expressionOf(expected);
  if (expression) return actual !== MISSING && isText(actual) && expression.test(String(actual)) ? null : differs();
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return differs();
    for (const [index, each] of expected.entries()) {
      const found = firstDifference(each, index < actual.length ? actual[index] : MISSING, [...path, index]);
      if (found) return found;
    }
    return actual.length === expected.length
      ? null
      : { path, expected: `${expected.length} elements`, actual: `${actual.length} elements: ${shown(actual)}` };
  }
  if (typeof expected === 'object' && expected !== null && !(expected instanceof Date)) {
    if (typeof actual !== 'object' || actual === null) return differs();
    for (const [key, each] of Object.entries(expected)) {
      const value = Object.hasOwn(actual, key) || key in actual ? (actual as Record<string, unknown>)[key] : MISSING;
      const found = firstDifference(each, value, [...path, key]);
      if (found) return found;
    }
    return null;
  }
  if (expected instanceof Date) {
    return actual !== MISSING && new Date(String(actual)).getTime() === expected.getTime() ? null : differs();
  }
  return Object.is(expected, actual) ? null : differs();
}

/** `/…/` and `/…/i` as a regular expression; null for what is no text of that form. */
export function expressionOf(value: unknown): RegExp | null {
  if (typeof value !== 'string') return null;
  const parts = /^\/(.+)\/([imsu]*)$/s.exec(value);
  if (!parts) return null;
  try {
    return new RegExp(parts[1] ?? '', parts[2]);
  } catch {
    return null;
  }
}

const isText = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** On one line, and not longer than one reads. */
export function shown(value: unknown): string {
  if (value === MISSING) return 'nothing';
  if (Buffer.isBuffer(value)) return `${value.length} bytes: ${shown(value.toString('utf8', 0, 80))}`;
  if (typeof value === 'string') return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  const text = inspect(value, {
    depth: 4,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 10,
    maxStringLength: 100,
  });
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** `POST /workflow/*` as a test for method and path. */
export function callMatcher(pattern: string): (method: string, path: string) => boolean {
  const [method = '*', path = ''] = pattern.split(/ (.*)/s);
  const expression = new RegExp(`^${path.split('*').map(escaped).join('.*')}$`);
  return (given, where) => (method === '*' || method === given) && (where === path || expression.test(where));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
