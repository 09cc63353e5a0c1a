/** Where the text stops being JSON. */
export interface JsonFault {
  /** Index into the text. */
  offset: number;
  /** What was expected there, for a person. */
  reason: string;
}

/** The place of one array in the text, and of each of its elements. */
export interface ArraySpan {
  /** Index of `[`. */
  start: number;
  /** Index after `]`. */
  end: number;
  elements: { start: number; end: number }[];
}

const SPACE = /[\t\n\r ]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these within a text.
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const WORDS = ['true', 'false', 'null'];

class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

/**
 * A strict JSON reader that keeps places instead of values. JSON.parse names no position for many errors, and gives
 * no way to re-emit an untouched element exactly as its author wrote it: both are needed for flow files.
 */
class Scanner {
  readonly text: string;
  at = 0;
  /** The array at the top level, or under the wanted property of the top-level object. */
  array: ArraySpan | null = null;
  /** Where the values of the top-level object's properties are. */
  readonly properties = new Map<string, { start: number; end: number }>();
  readonly #property: string;

  constructor(text: string, property = '') {
    this.text = text;
    this.#property = property;
  }

  document(): void {
    this.space();
    this.value(0, true);
    this.space();
    if (this.at < this.text.length) this.fail('the file should end here');
  }

  private value(depth: number, wanted: boolean): void {
    // Deep nesting would overflow the stack here, though JSON.parse takes it; no flow comes near this.
    if (depth > 2000) this.fail('nested too deeply');
    const start = this.text[this.at];
    if (start === '{') this.object(depth);
    else if (start === '[') this.list(depth, wanted);
    else if (start === '"') this.string();
    else if (start !== undefined && /[-\d]/.test(start)) {
      if (!this.take(NUMBER)) this.fail('a number should be here');
    } else {
      const word = WORDS.find((candidate) => this.text.startsWith(candidate, this.at));
      if (!word) this.fail(start === undefined ? 'the file ends too early' : 'a value should be here');
      this.at += word.length;
    }
  }

  private object(depth: number): void {
    this.at++;
    this.space();
    if (this.skip('}')) return;
    for (;;) {
      if (this.text[this.at] !== '"') this.fail('a property name in double quotes should be here');
      const from = this.at;
      this.string();
      const name = this.text.slice(from + 1, this.at - 1);
      this.space();
      if (!this.skip(':')) this.fail('a colon should be here');
      this.space();
      const start = this.at;
      this.value(depth + 1, depth === 0 && name === this.#property);
      if (depth === 0) this.properties.set(name, { start, end: this.at });
      this.space();
      if (this.skip('}')) return;
      if (!this.skip(',')) this.fail('a comma or } should be here');
      this.space();
    }
  }

  private list(depth: number, wanted: boolean): void {
    const span: ArraySpan = { start: this.at, end: 0, elements: [] };
    this.at++;
    this.space();
    if (!this.skip(']')) {
      for (;;) {
        const start = this.at;
        this.value(depth + 1, false);
        span.elements.push({ start, end: this.at });
        this.space();
        if (this.skip(']')) break;
        if (!this.skip(',')) this.fail('a comma or ] should be here');
        this.space();
      }
    }
    span.end = this.at;
    if (wanted) this.array = span;
  }

  private string(): void {
    this.at++;
    for (;;) {
      this.take(PLAIN);
      const next = this.text[this.at];
      if (next === '"') {
        this.at++;
        return;
      }
      if (next === '\\') {
        if (!this.take(ESCAPE)) this.fail('this escape is not one that JSON knows');
      } else
        this.fail(
          next === undefined ? 'the file ends inside a text' : 'a line break or tab inside a text must be escaped',
        );
    }
  }

  private space(): void {
    this.take(SPACE);
  }

  private skip(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  private take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const length = pattern.exec(this.text)?.[0].length ?? 0;
    this.at += length;
    return length > 0;
  }

  private fail(reason: string): never {
    throw new Fault(this.at, reason);
  }
}

/** Where and why `text` is not JSON; null when it is. */
export function findJsonFault(text: string): JsonFault | null {
  try {
    new Scanner(text).document();
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

/**
 * Where the nodes are in a valid JSON text: in the top-level array, or in the array under `property` of the top-level
 * object, whose other properties are there too.
 */
export function findFlowArray(
  text: string,
  property = 'flows',
): {
  array: ArraySpan | null;
  properties: ReadonlyMap<string, { start: number; end: number }>;
  fault: JsonFault | null;
} {
  const scanner = new Scanner(text, property);
  try {
    scanner.document();
    return { array: scanner.array, properties: scanner.properties, fault: null };
  } catch (error) {
    // Nesting that JSON.parse takes and this does not.
    return { array: null, properties: scanner.properties, fault: faultOf(error) };
  }
}

function faultOf(error: unknown): JsonFault {
  if (error instanceof Fault) return { offset: error.offset, reason: error.message };
  throw error;
}

/** Line and column (both from 1) of an index, and the line itself. */
export function placeOf(text: string, offset: number): { line: number; column: number; source: string } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  const lineEnd = text.indexOf('\n', offset);
  return {
    line: before.split('\n').length,
    column: offset - lineStart + 1,
    source: text.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, ''),
  };
}
