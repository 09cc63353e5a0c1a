/**
 * Context values as text. JSON, with what flows keep in context besides JSON (Buffers, dates, maps, sets, big
 * integers, NaN) in objects that have the one key below; an object of a flow's own with that key is wrapped, so that
 * what went in comes out. Text and not `v8.serialize`: it can be read by people and by PostgreSQL, and does not
 * change with the version of Node.
 */
const TAG = '$redstart';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Names the part of the value that cannot be stored, as `.a.b[2]`. */
export class EncodingError extends Error {
  readonly part: string;

  constructor(part: string, reason: string) {
    super(reason);
    this.name = 'EncodingError';
    this.part = part;
  }
}

export function encode(value: unknown): string {
  return JSON.stringify(toJson(value, '', new Set()));
}

export function decode(text: string): unknown {
  return fromJson(JSON.parse(text) as Json);
}

const tagged = (kind: string, value: Json): Json => ({ [TAG]: kind, value });

function toJson(value: unknown, part: string, ancestors: Set<object>): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tagged('number', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return tagged('bigint', String(value));
    case 'undefined':
      return tagged('undefined', null);
    case 'function':
    case 'symbol':
      throw new EncodingError(part, `a ${typeof value} cannot be stored`);
    default:
      return value === null ? null : objectToJson(value as object, part, ancestors);
  }
}

function objectToJson(value: object, part: string, ancestors: Set<object>): Json {
  if (value instanceof Uint8Array)
    return tagged(Buffer.isBuffer(value) ? 'buffer' : 'bytes', Buffer.from(value).toString('base64'));
  if (value instanceof Date) return tagged('date', Number.isNaN(value.getTime()) ? null : value.getTime());
  if (ancestors.has(value)) throw new EncodingError(part, 'a value that contains itself cannot be stored');
  ancestors.add(value);
  try {
    if (Array.isArray(value)) return Array.from(value, (item, index) => toJson(item, `${part}[${index}]`, ancestors));
    if (value instanceof Set)
      return tagged(
        'set',
        Array.from(value, (item) => toJson(item, part, ancestors)),
      );
    if (value instanceof Map) {
      return tagged(
        'map',
        Array.from(value, ([key, item]) => [toJson(key, part, ancestors), toJson(item, part, ancestors)]),
      );
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') return toJson(value.toJSON(), part, ancestors);
    const plain: Record<string, Json> = {};
    // A key `__proto__` of a flow's object must be stored as a property, not set a prototype.
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) define(plain, key, toJson(item, `${part}.${key}`, ancestors));
    }
    return TAG in plain ? tagged('object', plain) : plain;
  } finally {
    ancestors.delete(value);
  }
}

function fromJson(json: Json): unknown {
  if (json === null || typeof json !== 'object') return json;
  if (Array.isArray(json)) return json.map(fromJson);
  if (Object.hasOwn(json, TAG)) return fromTagged(json[TAG], json.value ?? null);
  return fromProperties(json);
}

function fromTagged(kind: Json | undefined, value: Json): unknown {
  switch (kind) {
    case 'number':
    case 'bigint':
      return kind === 'number' ? Number(value) : BigInt(String(value));
    case 'undefined':
      return undefined;
    case 'buffer':
      return Buffer.from(String(value), 'base64');
    case 'bytes':
      return new Uint8Array(Buffer.from(String(value), 'base64'));
    case 'date':
      return new Date(value === null ? Number.NaN : Number(value));
    case 'set':
      return new Set((value as Json[]).map(fromJson));
    case 'map':
      return new Map((value as [Json, Json][]).map(([key, item]) => [fromJson(key), fromJson(item)]));
    case 'object':
      return fromProperties(value as { [key: string]: Json });
    default:
      throw new Error(`the store holds a value of an unknown kind: ${JSON.stringify(kind)}`);
  }
}

function fromProperties(json: { [key: string]: Json }): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(json)) define(plain, key, fromJson(item));
  return plain;
}

function define<T>(target: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
