import { defineConfig } from 'vitepress';
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

export default defineConfig({
  title: 'Redstart',
  description: 'A secured automation appliance for Seqera Platform',
  lang: 'en',
  base,
  srcDir: root,
  // VitePress takes every Markdown file for a page.
  srcExclude: otherMarkdown(pages),
  rewrites: Object.fromEntries(pages),
  outDir: `${root}/dist/site`,
  cacheDir: `${root}/node_modules/.cache/vitepress`,
  cleanUrls: false,
  markdown: {
    anchor: { slugify: slugOf },
    config: (md) => links.into(md),
    // A language that the highlighter does not know is shown plain.
    languageAlias: { console: 'sh' },
  },
  transformPageData: (page) =>
    page.relativePath === 'index.md' ? { frontmatter: { ...page.frontmatter, ...landing() } } : undefined,
  transformHtml: (html) => withContentSecurity(html),
  buildEnd: ({ outDir }) => links.copyFiles(outDir),
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
