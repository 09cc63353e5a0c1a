// What the tests of the pages and the documentation site both need to know of Markdown.

/** Code is shown, not followed. Blanks keep the lines where they are. */
export const withoutFences = (text: string): string =>
  text.replace(/^( *)(```|~~~).*?^\1\2/gms, (code) => code.replace(/[^\n]/g, ' '));

export const withoutCode = (text: string): string =>
  withoutFences(text)
    .replace(/^(?: {4}|\t).*$/gm, '')
    .replace(/`[^`\n]*`/g, '');

export function linksOf(text: string): string[] {
  const prose = withoutCode(text);
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const defined = [...prose.matchAll(/^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)/gm)];
  return [...inline, ...defined].map(([, target = '']) => target);
}

/** The anchor of a heading, as GitHub makes it: the site makes the same. */
export const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

/** A heading without its marks. */
export const plainText = (heading: string): string =>
  heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');

export function headingsOf(text: string): { level: number; title: string }[] {
  return [...withoutFences(text).matchAll(/^(#{1,6})\s+(.+?)\s*#*$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    title: plainText(title),
  }));
}

export function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const { title } of headingsOf(text)) {
    const slug = slugOf(title);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  for (const [, id = ''] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}
