/** A help text of a node as Markdown, cut at its headings. What comes before the first is under ''. */
export type HelpSections = ReadonlyMap<string, string>;

interface Element {
  tag: string;
  attributes: string;
  parts: Part[];
}
type Part = Element | { text: string };

/** How the content of an element reads in Markdown. */
const INLINE: Readonly<Record<string, (content: string) => string>> = {
  code: (content) => `\`${content}\``,
  b: (content) => `**${content}**`,
  i: (content) => `*${content}*`,
};

/**
 * Only what the helps consist of: paragraphs, headings, lists of properties and of outputs, and marks within a line.
 * @throws for any other element, as it would be lost without anybody noticing
 */
export function helpSections(html: string): HelpSections {
  const sections = new Map<string, string[]>([['', []]]);
  let name = '';
  for (const part of parse(html)) {
    if ('text' in part) continue;
    if (part.tag === 'h3') {
      name = inline(part.parts);
      sections.set(name, []);
    } else sections.get(name)?.push(block(part, ''));
  }
  return new Map([...sections].map(([heading, blocks]) => [heading, blocks.join('\n\n')]));
}

function block(part: Element, indent: string): string {
  const elements = part.parts.filter((each) => 'tag' in each);
  switch (part.tag) {
    case 'p':
      return indent + inline(part.parts);
    case 'dl': {
      const lines: string[] = [];
      for (const each of elements) {
        if (each.tag === 'dt') lines.push(`${indent}- ${term(each)}`);
        else lines.push(`${lines.pop()}: ${inline(each.parts)}`);
      }
      return lines.join('\n');
    }
    case 'ol':
      return elements
        .map((each, index) => {
          const lists = each.parts.filter((inner) => 'tag' in inner && inner.tag === 'dl');
          const title = inline(each.parts.filter((inner) => !lists.includes(inner)));
          const below = lists.map((list) => ('tag' in list ? `\n${block(list, `${indent}   `)}` : ''));
          return `${indent}${index + 1}. ${title}${below.join('')}`;
        })
        .join('\n');
    default:
      throw new Error(`<${part.tag}> stands where no Markdown is known for it`);
  }
}

/** The name of a property, with its type in brackets. */
function term({ parts, attributes }: Element): string {
  const types = parts.filter((part) => 'tag' in part && part.tag === 'span');
  const name = parts
    .flatMap((part) => ('text' in part ? [decode(part.text)] : []))
    .join('')
    .trim();
  const notes = types.map((part) => ('tag' in part ? inline(part.parts) : ''));
  if (attributes.includes('optional')) notes.push('optional');
  // Names are written as in code; what the dialog calls a field is text.
  const named = /^[\w.]+(, [\w.]+)*$/.test(name) && !/^[A-Z][a-z]/.test(name);
  return `${named ? name.replace(/[\w.]+/g, '`$&`') : `**${escapeText(name)}**`}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}

function inline(parts: readonly Part[], within = ''): string {
  const text = parts
    .map((part) => {
      if ('text' in part) return within === 'code' ? decode(part.text) : escapeText(decode(part.text));
      const mark = INLINE[part.tag];
      if (!mark) throw new Error(`<${part.tag}> stands within a line`);
      return mark(inline(part.parts, part.tag));
    })
    .join('')
    .replace(/\s+/g, ' ');
  return within === '' ? text.trim() : text;
}

const decode = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** So that text stays text: in Markdown, and in a site that takes doubled braces for code. */
export const escapeText = (text: string): string =>
  text.replace(/[\\`*_[\]|<]/g, '\\$&').replaceAll('{{', '&#123;&#123;');

function parse(html: string): Part[] {
  const root: Element = { tag: '', attributes: '', parts: [] };
  const open = [root];
  for (const [, closing, tag = '', attributes = '', text] of html.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>|([^<]+)/g)) {
    const inner = open.at(-1) ?? root;
    if (text !== undefined) {
      // Indentation between blocks is no content.
      if (text.trim() !== '' || inner.tag === 'p' || inner.tag === 'dd') inner.parts.push({ text });
    } else if (tag === 'script') {
      // The envelope in which the editor finds it.
    } else if (closing) {
      if (inner.tag !== tag) throw new Error(`</${tag}> closes <${inner.tag}>`);
      open.pop();
    } else {
      const element: Element = { tag, attributes, parts: [] };
      inner.parts.push(element);
      open.push(element);
    }
  }
  if (open.length > 1) throw new Error(`<${open.at(-1)?.tag}> is not closed`);
  return root.parts;
}
