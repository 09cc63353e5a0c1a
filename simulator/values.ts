import { badRequest } from './errors.ts';

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws ApiError 400 */
export function asObject(body: unknown): Record<string, unknown> {
  if (isObject(body)) return body;
  throw badRequest(body === undefined ? 'Required Body [body] not specified' : 'Invalid JSON: expected an object');
}
