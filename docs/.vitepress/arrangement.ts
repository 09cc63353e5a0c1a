// Which Markdown files are pages of the site, under which addresses, and how they are arranged. The files stay where
// GitHub shows them: docs/README.md is the index of both, and its lists are the site's menu.
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { headingsOf, plainText, withoutCode } from '../../scripts/markdown.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const INDEX = 'docs/README.md';

/** Pages that stand beside what they tell of, outside of docs/. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'README.md': 'overview.md',
  'nodes/README.md': 'node-package.md',
  'simulator/README.md': 'simulator.md',
  'docker/secrets/README.md': 'docker-secrets.md',
};

/** Source file → page of the site, for each page. */
export function pagesOfSite(): Map<string, string> {
  const own = globSync('docs/**/*.md', { cwd: root, exclude: (name) => name.startsWith('.') })
    .map((file) => file.split('\\').join('/'))
    .filter((file) => !file.includes('/.vitepress/'))
    .sort();
  const placed = own.map((file): [string, string] => [
    file,
    file.replace(/^docs\//, '').replace(/(^|\/)README\.md$/, '$1index.md'),
  ]);
  return new Map([...placed, ...Object.entries(ELSEWHERE)]);
}

/** Markdown of the project that is no page. */
export function otherMarkdown(pages: ReadonlyMap<string, string>): string[] {
  const skipped = new Set(['node_modules', 'dist', '.git']);
  return globSync('**/*.md', { cwd: root, exclude: (name) => skipped.has(name) })
    .map((file) => file.split('\\').join('/'))
    .filter((file) => !pages.has(file));
}

/** Another page, or a file that readers can load; null when there is neither. */
export type Target = { page: string; anchor: string } | { file: string } | null;

/** Where a relative link of a source file leads. A folder is its README.md, as on GitHub, or its index.md. */
export function targetOf(source: string, link: string, pages: ReadonlyMap<string, string>): Target {
  const [path = '', anchor = ''] = decodeURI(link).split('#');
  const target = posix.join(posix.dirname(source), path).replace(/\/$/, '');
  const at = join(root, target);
  if (!existsSync(at)) return null;
  const index = ['README.md', 'index.md'].find((name) => existsSync(join(at, name))) ?? 'README.md';
  const file = statSync(at).isDirectory() ? posix.join(target, index) : target;
  const page = pages.get(file);
  if (page !== undefined) return { page, anchor };
  return existsSync(join(root, file)) && !file.startsWith('..') ? { file } : null;
}

export const titleOf = (source: string): string =>
  headingsOf(readFileSync(join(root, source), 'utf8'))[0]?.title ?? basename(source, '.md');

export interface MenuEntry {
  text: string;
  link: string;
  /** What the index says of it. */
  about: string;
  /** The other pages of a folder whose README.md this is. */
  items?: { text: string; link: string }[];
}

export interface MenuGroup {
  text: string;
  /** What stands between the heading and the list. */
  about: string;
  items: MenuEntry[];
}

/** Address of a page below the site's base. */
export const addressOf = (page: string): string => `/${page.replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`;

/** The groups of docs/README.md: a heading each, with a list of `- [Title](page.md): what is in it`. */
export function menu(pages: ReadonlyMap<string, string>): MenuGroup[] {
  const sections = readFileSync(join(root, INDEX), 'utf8').split(/^## /m).slice(1);
  return sections.map((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const entries = lines.flatMap((line) => {
      const [, text = '', href = '', about = ''] = /^- \[([^\]]+)\]\(([^)]+)\)(?::\s*(.*))?$/.exec(line) ?? [];
      const target = href === '' ? null : targetOf(INDEX, href, pages);
      if (target === null || !('page' in target)) return [];
      return [
        { text: plainText(text), link: addressOf(target.page), about: plainText(about), ...within(target.page, pages) },
      ];
    });
    const about = withoutCode(lines.join('\n').split(/^- /m)[0] ?? '').trim();
    return { text: plainText(heading), about, items: entries };
  });
}

function within(page: string, pages: ReadonlyMap<string, string>): { items?: { text: string; link: string }[] } {
  const folder = dirname(page);
  if (folder === '.' || basename(page) !== 'index.md') return {};
  const items = [...pages]
    .filter(([, other]) => dirname(other) === folder && other !== page)
    .map(([source, other]) => ({ text: titleOf(source), link: addressOf(other) }));
  return items.length === 0 ? {} : { items };
}

/** A link of one page to another, as it has to read on the site. */
export function relativeLink(from: string, to: string, anchor: string): string {
  const path = relative(dirname(from), to).split('\\').join('/');
  return `${path.startsWith('.') ? path : `./${path}`}${anchor === '' ? '' : `#${anchor}`}`;
}
