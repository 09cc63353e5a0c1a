import { isObject } from '../flow-node.ts';

/** Longest line before a value is broken into several. Wide enough for a rule of a switch, narrow enough for a review. */
const WIDTH = 100;

/**
 * JSON as a person would lay it out: what fits stays on one line, so that a changed wire or rule is a changed line;
 * what does not is broken one level. The order of keys is kept.
 * @param indent of the line that the value begins on
 * @param column at which the value begins
 */
export function writeJson(value: unknown, indent: string, column: number): string {
  if (!isObject(value) && !Array.isArray(value)) return JSON.stringify(value);
  const flat = inline(value, WIDTH - column);
  return flat ?? broken(value, indent);
}

/** One entry a line, whatever its length. */
export function broken(value: Record<string, unknown> | readonly unknown[], indent: string): string {
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => inner + writeJson(item, inner, inner.length))
    : Object.entries(value).map(([key, item]) => property(key, item, inner));
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** `"key": value` on a line of its own. */
export function property(key: string, value: unknown, indent: string): string {
  const start = `${indent}${JSON.stringify(key)}: `;
  return start + writeJson(value, indent, start.length);
}

/** The value on one line; null when that takes more than `room`. */
function inline(value: unknown, room: number): string | null {
  if (room <= 0) return null;
  if (!isObject(value) && !Array.isArray(value)) {
    const text = JSON.stringify(value);
    return text.length > room ? null : text;
  }
  const [open, close, pad] = Array.isArray(value) ? ['[', ']', ''] : ['{', '}', ' '];
  const parts: string[] = [];
  let left = room - 2 - 2 * pad.length;
  for (const [key, item] of Object.entries(value)) {
    const name = Array.isArray(value) ? '' : `${JSON.stringify(key)}: `;
    const text = inline(item, left - name.length);
    if (text === null) return null;
    parts.push(name + text);
    left -= name.length + text.length + 2;
  }
  if (left < -2) return null;
  return parts.length === 0 ? open + close : `${open}${pad}${parts.join(', ')}${pad}${close}`;
}
