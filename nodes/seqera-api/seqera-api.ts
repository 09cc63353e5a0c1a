import { allItems } from '../lib/all-items.ts';
import { fillPath, isInWorkspace } from '../lib/api-path.ts';
import type { PlatformCall } from '../lib/client.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { invalidInput } from '../lib/errors.ts';
import { flag, type InputSpec, number, object, type PlainObject, text } from '../lib/typed-input.ts';
import type { Query } from '../lib/urls.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const RETURNS = { json: 'json', text: 'text', bin: 'bytes' } as const;
/** Headers that could let someone in. */
const SECRET = /cookie|authori[sz]|authenticat|token|secret|session|signature|api-?key/i;

const body: InputSpec<unknown> = {
  initial: '',
  type: 'json',
  read(value, name) {
    if (value === undefined || value === null || value === '') return undefined;
    if (Buffer.isBuffer(value)) throw invalidInput(`${name} is a Buffer, and the API takes JSON`);
    if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint')
      throw invalidInput(`${name} cannot be sent as JSON`);
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      throw invalidInput(`${name} is no JSON`);
    }
  },
};

export default defineCallingNode({
  type: 'seqera-api',
  doing: 'calling',
  inputs: {
    method: text({ initial: 'GET' }),
    path: text({ required: true }),
    query: object(),
    body,
    paginate: flag({ initial: false }),
    maxItems: number({ initial: 1000, least: 1, most: 1_000_000 }),
    returns: text({ initial: 'json' }),
  },
  async run({ client, msg, inputs }) {
    const method = inputs.method.toUpperCase() || 'GET';
    if (!METHODS.has(method))
      throw invalidInput(`method is "${method.slice(0, 20)}", and must be GET, HEAD, POST, PUT, PATCH or DELETE`);
    const { returns } = inputs;
    if (!Object.hasOwn(RETURNS, returns)) throw invalidInput('returns must be json, text or bin');
    const path = fillPath(inputs.path, (msg as { params?: unknown }).params);
    const reads = method === 'GET' || method === 'HEAD';
    const call: PlatformCall = {
      method,
      path,
      query: queryOf(inputs.query, path),
      inWorkspace: isInWorkspace(path),
      read: RETURNS[returns as keyof typeof RETURNS],
      ...(reads || inputs.body === undefined ? {} : { body: inputs.body }),
    };
    if (inputs.paginate) {
      if (method !== 'GET' || returns !== 'json')
        throw invalidInput('All pages can be read of a GET that returns JSON only');
      const { answer, truncated } = await allItems(client, call, Math.floor(inputs.maxItems));
      return {
        set: {
          payload: answer.body,
          statusCode: answer.status,
          headers: shown(answer.headers),
          ...(truncated ? { truncated } : {}),
        },
        status: truncated ? `the first ${inputs.maxItems} items` : 'all pages',
      };
    }
    const answer = await client.request(call);
    return {
      set: { payload: answer.body ?? {}, statusCode: answer.status, headers: shown(answer.headers) },
      status: `${method} ${answer.status}`,
    };
  },
});

/** Where a list of `attributes` is repeated; elsewhere it is one value with commas. All other lists are repeated. */
const REPEATS_ATTRIBUTES = /^\/(?:actions(?:\/[^/]+)?|studios|compute-envs\/[^/]+)$/;

function queryOf(query: PlainObject, path: string): Query {
  const result: Query = {};
  for (const [name, value] of Object.entries(query)) {
    const each = Array.isArray(value) ? (value as unknown[]) : [value];
    if (!each.every((one) => one === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof one)))
      throw invalidInput(`query.${name} must be a text, a number, true or false, or a list of those`);
    const joined = name === 'attributes' && !REPEATS_ATTRIBUTES.test(path);
    if (!Array.isArray(value)) result[name] = value as string | number | boolean | null;
    else result[name] = joined ? each.join(',') : each.map(String);
  }
  return result;
}

const shown = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !SECRET.test(name)));
