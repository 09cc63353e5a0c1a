import { defineConfig, type MarkdownRenderer } from 'vitepress';
import { slugOf } from '../../scripts/markdown.ts';
import { addressOf, menu, otherMarkdown, pagesOfSite, root } from './arrangement.ts';
import { withContentSecurity } from './content-security.ts';
import { Links } from './links.ts';

// Where the site will stand below its host, for example /redstart/ (GitHub Pages).
const base = `/${(process.env.DOCS_BASE ?? '').replace(/^\/+|\/+$/g, '')}/`.replace('//', '/');
const pages = pagesOfSite();
const groups = menu(pages);
const links = new Links(pages, base);
const first = groups[0]?.items ?? [];

// A redstart's tail, more or less.
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="16" fill="#b23c23"/>' +
  '<path d="M9 22c1-9 6-13 14-13-1 4-4 5-7 6 2 1 3 1 5 1-3 4-7 5-12 6z" fill="#fff"/></svg>';

export default defineConfig({
  title: 'Redstart',
  description: 'A secured automation appliance for Seqera Platform',
  lang: 'en',
  base,
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  srcDir: root,
  // VitePress takes every Markdown file for a page.
  srcExclude: otherMarkdown(pages),
  rewrites: Object.fromEntries(pages),
  outDir: `${root}/docs/.vitepress/dist`,
  cacheDir: `${root}/node_modules/.cache/vitepress`,
  cleanUrls: false,
  markdown: {
    anchor: { slugify: slugOf },
    config: (md) => {
      links.into(md);
      indentedAsFence(md);
    },
  },
  transformPageData: (page) =>
    page.relativePath === 'index.md' ? { frontmatter: { ...page.frontmatter, ...landing() } } : undefined,
  transformHtml: (html) => withContentSecurity(html),
  buildEnd: ({ outDir }) => links.copyFiles(outDir),
  // Without it a style element comes and goes at each start, which the policy does not allow.
  appearance: { disableTransition: false },
  themeConfig: {
    nav: groups.flatMap(({ text, items: [entry] }) =>
      entry === undefined ? [] : [{ text, link: entry.link, activeMatch: activeIn(text) }],
    ),
    sidebar: groups.map(({ text, items }) => ({
      text,
      items: items.map(({ text: title, link, items: below }) =>
        below === undefined ? { text: title, link } : { text: title, link, items: below, collapsed: true },
      ),
    })),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
  },
});

/** The pages of a group, so that its entry at the top is marked on all of them. */
function activeIn(group: string): string {
  const items = groups.find(({ text }) => text === group)?.items ?? [];
  const all = items.flatMap(({ link, items: below = [] }) => [link, ...below.map((entry) => entry.link)]);
  return `^(${all.map((link) => link.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})(\\.html)?$`;
}

function landing(): Record<string, unknown> {
  return {
    layout: 'home',
    hero: {
      name: 'Redstart',
      text: 'Automation for Seqera Platform',
      tagline:
        'Node-RED in one hardened program. Draw a flow that launches pipelines and follows them to their end; keep it in version control.',
      actions: first.slice(0, 3).map(({ text, link }, place) => ({ text, link, theme: place === 0 ? 'brand' : 'alt' })),
    },
    features: groups.map(({ text, about, items }) => ({
      title: text,
      details: about,
      link: items[0]?.link ?? addressOf('index.md'),
    })),
  };
}

/** Code that is indented looks, scrolls and is copied like code in a fence. */
function indentedAsFence(md: MarkdownRenderer): void {
  md.core.ruler.push('indented-code', ({ tokens }) => {
    for (const token of tokens)
      if (token.type === 'code_block') Object.assign(token, { type: 'fence', tag: 'code', info: 'txt' });
  });
}
