import type { PlatformCall, PlatformClient } from './client.ts';
import { PAGE } from './client.ts';
import { SeqeraError } from './errors.ts';
import type { HttpAnswer } from './http-client.ts';
import { isPlainObject, type PlainObject } from './typed-input.ts';
import type { Query } from './urls.ts';

/** Below this path lists go on by a token, and know no `max`. */
const BY_TOKEN = /^\/data-links\/[^/]+\/browse(?:\/|$)/;

/**
 * All pages of a list as if it were one: the first answer, whose list holds what the later ones had too. Lists of both
 * kinds (`max` and `offset`; `nextPageToken`), and those that have no pages.
 * @returns whether the list has more than `most`
 */
export async function allItems(
  client: PlatformClient,
  call: PlatformCall,
  most: number,
): Promise<{ answer: HttpAnswer; truncated: boolean }> {
  const given: Query = call.query ?? {};
  const byToken = BY_TOKEN.test(call.path);
  const max = Math.min(Number(given.max ?? PAGE) || PAGE, PAGE);
  const start = Number(given.offset ?? 0) || 0;
  const items = new Map<string, unknown>();
  let name: string | undefined;
  let first: PlainObject | undefined;
  let read = 0;
  let token: string | undefined;
  for (;;) {
    const page: Query = byToken ? { nextPageToken: token } : { max, offset: start + read };
    const answer = await client.request({ ...call, query: { ...given, ...page } });
    const body = answer.body;
    name ??= listIn(body, call.path);
    const list = (isPlainObject(body) && Array.isArray(body[name]) ? body[name] : []) as unknown[];
    first ??= isPlainObject(body) ? body : {};
    const before = items.size;
    for (const item of list) items.set(keyOf(item), item);
    read += list.length;
    token = isPlainObject(body) && typeof body.nextPageToken === 'string' ? body.nextPageToken : undefined;
    const more = byToken ? !!token : hasMore(body, list.length, start + read, max);
    // A list that has no pages gives the same again.
    const ended = !more || list.length === 0 || items.size === before;
    if (ended || items.size >= most) {
      const all = [...items.values()];
      const { nextPageToken: _all, ...rest } = first;
      return {
        answer: { ...answer, body: { ...rest, [name]: all.slice(0, most) } },
        truncated: all.length > most || (!ended && all.length >= most),
      };
    }
  }
}

/** @throws SEQERA_INVALID_INPUT when the answer holds no list */
function listIn(body: unknown, path: string): string {
  const lists = isPlainObject(body) ? Object.entries(body).filter(([, value]) => Array.isArray(value)) : [];
  const longest = lists.sort(([, a], [, b]) => (b as unknown[]).length - (a as unknown[]).length)[0];
  if (longest) return longest[0];
  throw new SeqeraError('SEQERA_INVALID_INPUT', `The answer of ${path} holds no list: switch "All pages" off.`);
}

function hasMore(body: unknown, count: number, end: number, max: number): boolean {
  if (!isPlainObject(body)) return false;
  if (typeof body.hasMore === 'boolean') return body.hasMore;
  const total = body.totalSize ?? body.total;
  // Where it is not counted it is 0.
  if (typeof total === 'number' && total > 0) return end < total;
  return count === max;
}

/** What makes an item the same one on two pages: a new one ahead of them pushes the others on. */
function keyOf(item: unknown): string {
  if (isPlainObject(item)) {
    const inner = isPlainObject(item.workflow) ? item.workflow : isPlainObject(item.task) ? item.task : item;
    const id = inner.id ?? inner.sessionId ?? inner.pipelineId;
    if (typeof id === 'string' || typeof id === 'number') return `${typeof id} ${id}`;
  }
  return JSON.stringify(item);
}
