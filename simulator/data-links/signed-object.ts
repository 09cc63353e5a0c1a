import { createHmac } from 'node:crypto';
import { ApiError, notFound } from '../errors.ts';
import type { Platform } from '../platform.ts';
import type { Answer } from '../router.ts';
import { objectContent } from './object-content.ts';

/** Stands for the object store, which is no part of the Platform. */
export const OBJECTS_PREFIX = '/_objects';

const VALID_FOR = 3_600_000;

const signature = (path: string, expires: number) =>
  createHmac('sha256', 'redstart').update(`${path} ${expires}`).digest('hex').slice(0, 32);

/** An address that gives the object to whoever has it, for an hour of simulated time. */
export function signedUrl(baseUrl: string, dataLinkId: string, path: string, now: number): string {
  const place = `${OBJECTS_PREFIX}/${dataLinkId}/${path.split('/').map(encodeURIComponent).join('/')}`;
  const expires = now + VALID_FOR;
  return `${new URL(baseUrl).origin}${place}?X-Expires=${expires}&X-Signature=${signature(place, expires)}`;
}

/** @throws ApiError as object stores refuse: a token besides the signature, a signature that is wrong or too old */
export function signedObject(
  platform: Platform,
  pathname: string,
  query: URLSearchParams,
  authorization: string | undefined,
  now: number,
): Answer {
  if (authorization !== undefined) throw new ApiError(400, { message: 'Only one auth mechanism allowed' });
  const expires = Number(query.get('X-Expires'));
  if (query.get('X-Signature') !== signature(pathname, expires))
    throw new ApiError(403, { message: 'The request signature does not match' });
  if (now >= expires) throw new ApiError(403, { message: 'Request has expired' });
  const [id = '', ...path] = pathname.slice(OBJECTS_PREFIX.length + 1).split('/');
  const link = platform.dataLinks.byId(id, now);
  const content = link && objectContent(link, path.map(decodeURIComponent).join('/'));
  if (!content) throw notFound('The specified key does not exist');
  return { status: 200, content };
}
