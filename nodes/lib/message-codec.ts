import type { Message } from './red.ts';

/** Marks what JSON has no form for. An object of a message that has this property itself is wrapped. */
const TAG = '$seqera';

export interface PackedMessage {
  text: string;
  /** What cannot outlive the process: `req`, `res`, functions, sockets. Paths, for a warning. */
  dropped: string[];
}

/** Answers to an HTTP request live as long as its socket. */
const NEVER_KEPT = new Set(['req', 'res']);
const DEEPEST = 200;

/** A message as text: Buffers, dates, typed numbers and big integers come back as they went in. */
export function packMessage(message: Message): PackedMessage {
  const dropped: string[] = [];
  const above = new Set<object>();

  const pack = (value: unknown, path: string): unknown => {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { [TAG]: 'number', value: Object.is(value, -0) ? '-0' : String(value) };
    }
    if (typeof value === 'bigint') return { [TAG]: 'bigint', value: String(value) };
    if (value === undefined) return { [TAG]: 'undefined' };
    if (typeof value !== 'object') return drop(path);
    if (Buffer.isBuffer(value)) return { [TAG]: 'buffer', value: value.toString('base64') };
    if (value instanceof Date) return { [TAG]: 'date', value: value.getTime() };
    if (above.has(value) || above.size >= DEEPEST) return drop(path);
    above.add(value);
    try {
      if (Array.isArray(value)) return value.map((each, index) => keep(pack(each, `${path}[${index}]`)));
      if (value instanceof Map) return { [TAG]: 'map', value: pack([...value], path) };
      if (value instanceof Set) return { [TAG]: 'set', value: pack([...value], path) };
      if (ArrayBuffer.isView(value)) return drop(path);
      const prototype: unknown = Object.getPrototypeOf(value);
      if (value instanceof Error) return { [TAG]: 'error', value: { name: value.name, message: value.message } };
      // An instance of a class (a socket, a stream) is more than its properties.
      if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
        return drop(path);
      const result: Record<string, unknown> = {};
      for (const [name, each] of Object.entries(value)) {
        const below = path === '' ? name : `${path}.${name}`;
        const packed = path === '' && NEVER_KEPT.has(name) ? drop(below) : pack(each, below);
        if (packed !== DROPPED) define(result, name, packed);
      }
      return Object.hasOwn(result, TAG) ? { [TAG]: 'object', value: result } : result;
    } finally {
      above.delete(value);
    }
  };
  const drop = (path: string): unknown => {
    dropped.push(path);
    return DROPPED;
  };
  const keep = (packed: unknown): unknown => (packed === DROPPED ? null : packed);

  return { text: JSON.stringify(pack(message, '')), dropped };
}

const DROPPED = Symbol('dropped');

/** Also when the name is `__proto__`. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}

/** @throws SyntaxError when the text is none of `packMessage` */
export function unpackMessage(packed: string): Message {
  return unpack(JSON.parse(packed) as unknown) as Message;
}

function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(unpack);
  const tag = (value as Record<string, unknown>)[TAG];
  if (typeof tag === 'string') return untag(tag, (value as { value?: unknown }).value);
  return unpackObject(value);
}

function unpackObject(value: object): object {
  const result = {};
  for (const [name, each] of Object.entries(value)) define(result, name, unpack(each));
  return result;
}

function untag(tag: string, value: unknown): unknown {
  switch (tag) {
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(value as string);
    case 'buffer':
      return Buffer.from(value as string, 'base64');
    case 'date':
      return new Date(value as number);
    case 'map':
      return new Map(unpack(value) as [unknown, unknown][]);
    case 'set':
      return new Set(unpack(value) as unknown[]);
    case 'error':
      return Object.assign(new Error(), value);
    case 'object':
      return unpackObject(value as object);
    default:
      return undefined;
  }
}
