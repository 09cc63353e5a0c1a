import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { addressOf, INDEX, menu, pagesOfSite } from '../docs/.vitepress/arrangement.ts';
import { isKnown } from '../server/config/schema.ts';
import { createProgram } from '../server/program.ts';
import { anchorsOf, linksOf, withoutFences } from './markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Read by tests and scripts alone. */
const OF_TESTS = ['REDSTART_OPENAPI'];
const NOT_OURS = new Set(['node_modules', 'dist', 'data', '.git']);
const pages = globSync('**/*.md', { cwd: root, exclude: (name) => NOT_OURS.has(name) }).sort();
const site = pagesOfSite();

/** What is wrong with a link; null when it leads somewhere. Other hosts are not asked. */
function faultOf(page: string, link: string): string | null {
  if (/^(https?|mailto):/.test(link)) return URL.canParse(link) ? null : 'is no address';
  const [path = '', anchor = ''] = decodeURI(link).split('#');
  const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
  if (path.startsWith('/') || relative(root, target).startsWith('..')) return 'leads out of the project';
  if (!existsSync(target)) return 'leads to no file';
  if (anchor === '') return null;
  if (!target.endsWith('.md') || statSync(target).isDirectory()) return 'has an anchor in what has none';
  return anchorsOf(readFileSync(target, 'utf8')).has(anchor) ? null : 'leads to no heading';
}

const read = (page: string): string => readFileSync(join(root, page), 'utf8');

describe('the pages', () => {
  it('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'nodes/README.md']));
  });

  it.each(pages)('%s has no dead link', (page) => {
    const dead = linksOf(read(page)).flatMap((link) => {
      const fault = faultOf(page, link);
      return fault === null ? [] : [`${link} ${fault}`];
    });
    expect(dead).toEqual([]);
  });

  it.each(pages)('%s names no file of the project that is not there', (page) => {
    const named = [
      ...withoutFences(read(page)).matchAll(
        /`((?:bench|docs|nodes|scripts|server|settings|simulator|test)\/[^`\s]+\.(?:ts|mjs|md|json))`/g,
      ),
    ];
    const missing = named.map(([, path = '']) => path).filter((path) => globSync(path, { cwd: root }).length === 0);
    expect(missing).toEqual([]);
  });

  it.each([...site.keys()].filter((page) => page !== INDEX))('%s is reached from docs/README.md', (page) => {
    const listed = menu(site).flatMap(({ items }) =>
      items.flatMap(({ link, items: below = [] }) => [link, ...below.map((entry) => entry.link)]),
    );
    expect(listed).toContain(addressOf(site.get(page) ?? ''));
  });

  it('docs/decisions/README.md has every decision', () => {
    const decisions = globSync('docs/decisions/0*.md', { cwd: root }).map((file) => basename(file));
    expect(linksOf(read('docs/decisions/README.md')).sort()).toEqual(decisions.sort());
  });

  it('README.md says where the documentation is', () => {
    expect(linksOf(read('README.md'))).toContain(INDEX);
  });
});

describe('what the pages say of the program', () => {
  const commands = createProgram().commands.map((command) => command.name());

  it('README.md names every command', () => {
    const named = commands.filter((name) => read('README.md').includes(`\`redstart ${name}`));
    expect(named).toEqual(commands.filter((name) => name !== 'help'));
  });

  it.each(pages)('%s names no command and no variable that is not there', (page) => {
    const text = read(page);
    const used = [...text.matchAll(/(?:`|^(?: {4}|\$ )?)redstart ([a-z-]+)/gm)].map(([, name = '']) => name);
    expect(used.filter((name) => !commands.includes(name))).toEqual([]);
    const variables = [...text.matchAll(/\b(?:REDSTART|TOWER)_[A-Z0-9_]*[A-Z0-9]\b(?!_?[<…*])/g)].map(([name]) => name);
    expect(variables.filter((name) => !isKnown(name) && !OF_TESTS.includes(name))).toEqual([]);
  });
});

describe('the search for dead links', () => {
  const fault = (link: string): string | null => faultOf('docs/README.md', link);

  it('finds links in prose, and none in code', () => {
    const text =
      '[a](x.md) and ![b](y.png "title")\n\n[c]: z.md\n\n`[d](code.md)`\n\n```\n[e](fence.md)\n```\n\n    [f](indented.md)\n';
    expect(linksOf(text)).toEqual(['x.md', 'y.png', 'z.md']);
  });

  it('makes anchors of headings as GitHub does', () => {
    const text = '# One, `two` & three\n## Same\n## Same\n```\n# no heading\n```\n### [Linked](x.md) one\n';
    expect([...anchorsOf(text)]).toEqual(['one-two--three', 'same', 'same-1', 'linked-one']);
  });

  it('tells what leads nowhere', () => {
    expect(fault('errors.md')).toBeNull();
    expect(fault('../README.md#try-it')).toBeNull();
    expect(fault('#documentation')).toBeNull();
    expect(fault('https://nodered.org')).toBeNull();
    expect(fault('no-such.md')).toBe('leads to no file');
    expect(fault('errors.md#no-such')).toBe('leads to no heading');
    expect(fault('../../elsewhere.md')).toBe('leads out of the project');
    expect(fault('/etc/hosts')).toBe('leads out of the project');
    expect(fault('../package.json#x')).toBe('has an anchor in what has none');
  });
});
