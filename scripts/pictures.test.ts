import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs/images');
/** A page with five of them is still quick on a slow line. */
const MOST_BYTES = 100 * 1024;

const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root })];
const shown = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/!\[([^\]]*)\]\(([^)\s]+)/g)].map(
    ([, alt = '', target = '']) => ({
      page,
      alt,
      target,
    }),
  ),
);

describe('the pictures of the documentation', () => {
  it.each(readdirSync(images))('%s is small, and shown on a page', (name) => {
    expect(statSync(join(images, name)).size).toBeLessThanOrEqual(MOST_BYTES);
    expect(shown.some(({ target }) => target.endsWith(`images/${name}`))).toBe(true);
  });

  it('each have a text that says what is to be seen', () => {
    expect(shown.length).toBeGreaterThan(5);
    expect(shown.filter(({ alt }) => alt.length < 30)).toEqual([]);
  });

  // An SVG in an <img> is no text to a screen reader, and has no colours of the page around it.
  it.each(readdirSync(images).filter((name) => name.endsWith('.svg')))(
    '%s has a title, a description, colours for a dark page, and nothing that runs or is fetched',
    (name) => {
      const svg = readFileSync(join(images, name), 'utf8');
      expect(svg).toMatch(/<svg[^>]* role="img"[^>]* aria-labelledby="title description"/);
      expect(svg).toMatch(/<title id="title">[^<]+<\/title>\s*<desc id="description">[^<]{100,}<\/desc>/);
      expect(svg).toContain('@media (prefers-color-scheme: dark)');
      expect(svg).not.toMatch(/<script|<foreignObject|\son\w+=|href=|url\((?!#)|@import/i);
    },
  );
});
