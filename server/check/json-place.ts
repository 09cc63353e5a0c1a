import type { Spot } from './finding.ts';

/** Where in a JSON value: names of properties and indices of elements. */
export type JsonPath = readonly (string | number)[];

const SPACE = /[\t\n\r ]*/y;
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"/sy;
const SCALAR = /[^\t\n\r ,\]}]+/y;
/** What a value holds that may be skipped without a look: everything but brackets and strings. */
const PLAIN = /[^"[\]{}]+/y;

/**
 * Index of the value at `path` of the JSON value that starts at `start`; null when there is none. The text must be valid
 * JSON: this is looked up only for the few values that something is said about.
 */
export function findInJson(text: string, start: number, path: JsonPath): number | null {
  let at = skip(text, start, SPACE);
  for (const step of path) {
    const next = typeof step === 'string' ? property(text, at, step) : element(text, at, step);
    if (next === null) return null;
    at = next;
  }
  return at;
}

/** Index in the file of a spot within the text that the JSON string at `start` stands for. */
export function findInString(text: string, start: number, { line, column }: Spot): number {
  let at = start + 1;
  let atLine = 1;
  let atColumn = 1;
  while (at < text.length && text[at] !== '"' && (atLine < line || (atLine === line && atColumn < column))) {
    const length = text[at] === '\\' ? (text[at + 1] === 'u' ? 6 : 2) : 1;
    const isBreak = length > 1 && JSON.parse(`"${text.slice(at, at + length)}"`) === '\n';
    if (isBreak && atLine === line) break;
    at += length;
    if (isBreak) {
      atLine += 1;
      atColumn = 1;
    } else atColumn += 1;
  }
  return at;
}

/** Turns indices of a text into lines and columns; finds the lines when first asked. */
export class Lines {
  readonly #text: string;
  #starts: number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  spot(offset: number): Spot {
    this.#starts ??= lineStarts(this.#text);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function property(text: string, start: number, name: string): number | null {
  if (text[start] !== '{') return null;
  let at = skip(text, start + 1, SPACE);
  while (text[at] === '"') {
    const end = skip(text, at, STRING);
    const key: unknown = JSON.parse(text.slice(at, end));
    // Past the colon.
    at = skip(text, skip(text, end, SPACE) + 1, SPACE);
    if (key === name) return at;
    at = skip(text, valueEnd(text, at), SPACE);
    if (text[at] === ',') at = skip(text, at + 1, SPACE);
  }
  return null;
}

function element(text: string, start: number, index: number): number | null {
  return elementStarts(text, start, index + 1)[index] ?? null;
}

/** Indices of the elements of the array at `start`, at most so many. */
export function elementStarts(text: string, start: number, most = Number.POSITIVE_INFINITY): number[] {
  const starts: number[] = [];
  if (text[start] !== '[') return starts;
  for (let at = skip(text, start + 1, SPACE); text[at] !== ']' && starts.length < most; ) {
    starts.push(at);
    at = skip(text, valueEnd(text, at), SPACE);
    if (text[at] !== ',') break;
    at = skip(text, at + 1, SPACE);
  }
  return starts;
}

/** Index behind the value that starts at `start`. */
function valueEnd(text: string, start: number): number {
  if (text[start] === '"') return skip(text, start, STRING);
  if (text[start] !== '{' && text[start] !== '[') return skip(text, start, SCALAR);
  let depth = 0;
  let at = start;
  for (;;) {
    const character = text[at];
    if (character === undefined) return at;
    if (character === '"') at = skip(text, at, STRING);
    else if (character === '{' || character === '[') {
      depth += 1;
      at += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      at += 1;
      if (depth === 0) return at;
    } else at = skip(text, at, PLAIN);
  }
}

function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
