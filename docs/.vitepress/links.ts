// Links are written for GitHub: relative, to the file itself. On the site a page has another address than its file, and
// a file that is no page (a Compose file, a schema) is loaded from the site.
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress';
import { relativeLink, root, targetOf } from './arrangement.ts';

/** Below this the site has the files that pages link to. */
const FILES = 'files';
const isRelative = (link: string): boolean => !/^(?:[a-z][a-z0-9+.-]*:|\/\/|\/|#)/i.test(link);

interface Token {
  attrSet(name: string, value: string): void;
}

function inNewWindow(token: Token): void {
  token.attrSet('target', '_blank');
  token.attrSet('rel', 'noreferrer');
}

export class Links {
  readonly #pages: ReadonlyMap<string, string>;
  readonly #base: string;
  readonly #files = new Set<string>();

  constructor(pages: ReadonlyMap<string, string>, base: string) {
    this.#pages = pages;
    this.#base = base;
  }

  /** Turns the links of a page before VitePress looks for dead ones among them. */
  into(md: MarkdownRenderer): void {
    md.core.ruler.push('links-of-files', (state) => {
      const env = state.env as MarkdownEnv & { realPath?: string };
      // The search index is made without `realPath`; it keeps words, not links.
      const source = relative(root, env.realPath ?? env.path)
        .split('\\')
        .join('/');
      for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null;
        if (href === null) continue;
        if (isRelative(href)) this.#turn(source, href, token);
        // The reader's own appliance, which no build of the site can look at.
        else if (/^https?:\/\/localhost:/.test(href)) inNewWindow(token);
      }
    });
  }

  #turn(source: string, href: string, token: Token): void {
    const target = targetOf(source, href, this.#pages);
    // What leads nowhere stays as it is: VitePress then refuses it as a dead link.
    if (target === null) return;
    if ('page' in target) {
      token.attrSet('href', relativeLink(this.#pages.get(source) ?? source, target.page, target.anchor));
      return;
    }
    this.#files.add(target.file);
    token.attrSet('href', `${this.#base}${FILES}/${target.file}`);
    inNewWindow(token);
  }

  /** Brings the files that pages link to into the built site. */
  copyFiles(siteFolder: string): void {
    for (const file of this.#files) {
      const copy = join(siteFolder, FILES, file);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(join(root, file), copy);
    }
  }

  /** Addresses of those files, below the base. */
  get files(): string[] {
    return [...this.#files].map((file) => posix.join(FILES, file)).sort();
  }
}
