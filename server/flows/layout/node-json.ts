import { type FlowNode, isObject } from '../flow-node.ts';

/**
 * How a node's property stands in a readable file. A text of several lines has its key marked: `"info:lines"` has the
 * lines, `"func:file"` the name of the file with the text. A property whose own name ends like that is marked `:value`.
 */
const MARK = /:(?:lines|file|value)$/;
const LINES = ':lines';
const FILE = ':file';
const VALUE = ':value';

/** These name the node and are never marked. */
const PLAIN = new Set(['id', 'type', 'z']);
/** First what says which node it is; then everything by name; then where it leads to. */
const FIRST = ['id', 'type', 'z', 'g', 'name', 'label', 'd', 'disabled'];
const LAST = ['wires'];

/** The properties of a node as they are written, in their order. */
export function encodeNode(
  node: FlowNode,
  leaveOut: ReadonlySet<string>,
  fileFor: (key: string, text: string) => string | null,
): [key: string, value: unknown][] {
  const keys = Object.keys(node).filter((key) => !leaveOut.has(key));
  keys.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return keys.map((key) => {
    const value = node[key];
    if (PLAIN.has(key)) return [key, value];
    if (typeof value === 'string' && value.includes('\n')) {
      const file = fitsFile(value) ? fileFor(key, value) : null;
      return file === null ? [key + LINES, value.split('\n')] : [key + FILE, file];
    }
    return [MARK.test(key) ? key + VALUE : key, value];
  });
}

/** A property as it was read. Throws an Error that says what is wrong with it. */
export function decodeProperty(key: string, value: unknown, readText: (file: string) => string): [string, unknown] {
  if (key.endsWith(LINES)) {
    if (!Array.isArray(value) || !value.every((line) => typeof line === 'string'))
      throw new Error(`"${key}" must be a list of texts, the lines of "${key.slice(0, -LINES.length)}"`);
    return [key.slice(0, -LINES.length), value.join('\n')];
  }
  if (key.endsWith(FILE)) {
    if (typeof value !== 'string') throw new Error(`"${key}" must be the name of a file`);
    return [key.slice(0, -FILE.length), textOfFile(readText(value))];
  }
  return [key.endsWith(VALUE) ? key.slice(0, -VALUE.length) : key, value];
}

/** Names of the files that the properties of a raw node are in. */
export function filesNamedBy(raw: unknown): string[] {
  if (!isObject(raw)) return [];
  return Object.entries(raw).flatMap(([key, value]) =>
    key.endsWith(FILE) && typeof value === 'string' ? [value] : [],
  );
}

/**
 * Line ends that git or an editor may change, a mark at the start that an editor may drop, what UTF-8 cannot say:
 * such a text is only exact within JSON.
 */
function fitsFile(text: string): boolean {
  return !/[\r\0]|^\uFEFF/.test(text) && text.isWellFormed();
}

/** Every editor ends a file with a line end, so the file has one more than the text. */
export function fileOfText(text: string): string {
  return `${text}\n`;
}

function textOfFile(content: string): string {
  return content.replaceAll('\r\n', '\n').replace(/\n$/, '');
}

function rank(key: string): number {
  const first = FIRST.indexOf(key);
  if (first !== -1) return first;
  return LAST.includes(key) ? FIRST.length + 1 : FIRST.length;
}
