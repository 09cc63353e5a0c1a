import { invalidInput } from './errors.ts';
import type { Message, RedApi, RedNode } from './red.ts';

/** One property of a node that can be a typed input, and what it must be. */
export interface InputSpec<T> {
  /** Used when the node has no such property. */
  readonly initial: unknown;
  /** Used when the node has no `…Type` beside it: older flows leave it out. */
  readonly type: string;
  /** @throws SEQERA_INVALID_INPUT that names the property */
  read(value: unknown, name: string): T;
}

export type InputSpecs = Record<string, InputSpec<unknown>>;
export type InputValues<S extends InputSpecs> = { [K in keyof S]: S[K] extends InputSpec<infer T> ? T : never };

interface Common {
  initial?: unknown;
  type?: string;
}

const kind = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;

/** Trimmed; '' when there is none. Numbers are taken as their digits, since ids come as either. */
export function text({
  initial = '',
  type = 'str',
  required = false,
}: Common & { required?: boolean } = {}): InputSpec<string> {
  return {
    initial,
    type,
    read(value, name) {
      if (value !== undefined && value !== null && !['string', 'number', 'bigint', 'boolean'].includes(typeof value)) {
        throw invalidInput(`${name} must be a text, not ${kind(value)}`);
      }
      const result = String(value ?? '').trim();
      if (required && result === '') throw invalidInput(`${name} is empty`);
      return result;
    },
  };
}

/** @param least @param most the bounds, both allowed */
export function number({
  initial,
  type = 'num',
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
}: Common & { initial: number; least?: number; most?: number }): InputSpec<number> {
  return {
    initial,
    type,
    read(value, name) {
      if (value === undefined || value === null || value === '') return initial;
      const result = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
      if (!Number.isFinite(result)) throw invalidInput(`${name} must be a number`);
      if (result < least || result > most)
        throw invalidInput(`${name} is ${result}, which is not from ${least} to ${most}`);
      return result;
    },
  };
}

/** A whole number; undefined when there is none. @param least @param most the bounds, both allowed */
export function whole({
  type = 'num',
  least = 0,
  most = Number.MAX_SAFE_INTEGER,
}: {
  type?: string;
  least?: number;
  most?: number;
} = {}): InputSpec<number | undefined> {
  const any = number({ initial: 0, least, most });
  return {
    initial: '',
    type,
    read(value, name) {
      if (value === undefined || value === null || value === '') return undefined;
      const result = any.read(value, name);
      if (!Number.isInteger(result)) throw invalidInput(`${name} is ${result}, and must be a whole number`);
      return result;
    },
  };
}

export function flag({ initial, type = 'bool' }: Common & { initial: boolean }): InputSpec<boolean> {
  return {
    initial,
    type,
    read(value, name) {
      if (value === undefined || value === null || value === '') return initial;
      if (value === true || value === 'true' || value === 1) return true;
      if (value === false || value === 'false' || value === 0) return false;
      throw invalidInput(`${name} must be true or false`);
    },
  };
}

/** One of these words; the first when there is none. */
export function choice<const T extends string>(first: T, ...others: T[]): InputSpec<T> {
  const words = [first, ...others];
  return {
    initial: first,
    type: 'str',
    read(value, name) {
      if (value === undefined || value === null || value === '') return first;
      const found = words.find((word) => word === value);
      if (found === undefined) throw invalidInput(`${name} must be one of ${words.join(', ')}`);
      return found;
    },
  };
}

export type PlainObject = Record<string, unknown>;

export const isPlainObject = (value: unknown): value is PlainObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

/** An object, or the text of one; `{}` when there is none. */
export function object({ initial = '{}', type = 'json' }: Common = {}): InputSpec<PlainObject> {
  return {
    initial,
    type,
    read(value, name) {
      if (value === undefined || value === null) return {};
      let result: unknown = value;
      if (typeof value === 'string') {
        if (value.trim() === '') return {};
        try {
          result = JSON.parse(value) as unknown;
        } catch {
          throw invalidInput(`${name} is no JSON`);
        }
      }
      if (!isPlainObject(result)) throw invalidInput(`${name} must be an object, not ${kind(result)}`);
      return result;
    },
  };
}

/** Names: a list, or a text with commas (or line breaks) between them. */
export function names({ initial = '', type = 'str' }: Common = {}): InputSpec<string[]> {
  return {
    initial,
    type,
    read(value, name) {
      if (value === undefined || value === null) return [];
      const parts = Array.isArray(value)
        ? (value as unknown[])
        : typeof value === 'string'
          ? value.split(/[,\n]/)
          : undefined;
      if (!parts?.every((part) => typeof part === 'string' || typeof part === 'number')) {
        throw invalidInput(`${name} must be names separated by commas, or a list of names`);
      }
      return parts.map((part) => String(part).trim()).filter((part) => part !== '');
    },
  };
}

const FROM_ELSEWHERE = new Set(['msg', 'flow', 'global', 'env', 'jsonata']);

/** The value of one typed input, before it is checked. */
export function evaluateTyped(
  RED: RedApi,
  node: RedNode,
  raw: unknown,
  type: string,
  msg: Message,
  name: string,
): Promise<unknown> {
  // Flows hold numbers and booleans as such, although the editor writes text.
  if (typeof raw !== 'string') return Promise.resolve(raw);
  if (raw.trim() === '' && (FROM_ELSEWHERE.has(type) || type === 'json' || type === 'num'))
    return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const bad = (error: unknown) => {
      // `msg.a.b` where there is no `msg.a` is a missing value like any other.
      if (type === 'msg' && !/invalid property expression/i.test(String(error))) resolve(undefined);
      else
        reject(
          invalidInput(
            `${name} (${type}) cannot be evaluated: ${error instanceof Error ? error.message : String((error as { message?: unknown })?.message ?? error)}`,
          ),
        );
    };
    try {
      RED.util.evaluateNodeProperty(raw, type as 'str', node, msg, (error, value) => {
        if (error) bad(error);
        else resolve(value as unknown);
      });
    } catch (error) {
      bad(error);
    }
  });
}

/** All inputs of a node for one message. @throws SEQERA_INVALID_INPUT */
export async function evaluateInputs<S extends InputSpecs>(
  RED: RedApi,
  node: RedNode,
  config: PlainObject,
  specs: S,
  msg: Message,
): Promise<InputValues<S>> {
  const values: PlainObject = {};
  for (const [name, spec] of Object.entries(specs)) {
    const raw = config[name] ?? spec.initial;
    const given = config[`${name}Type`];
    const type = typeof given === 'string' && given !== '' ? given : spec.type;
    const where = type === 'msg' ? `${name} (msg.${String(raw)})` : name;
    values[name] = spec.read(await evaluateTyped(RED, node, raw, type, msg, name), where);
  }
  return values as InputValues<S>;
}
