import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOT_READY } from '../server/http/not-ready.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'security.md'), 'utf8');
const tests = globSync('{server,settings,test}/**/*.test.ts', { cwd: root });

describe('docs/security.md', () => {
  it('names test files that there are', () => {
    const named = [...page.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(10);
    const missing = named.filter(
      (name) => !existsSync(join(root, name)) && !tests.some((path) => path.endsWith(`/${name}`)),
    );
    expect(missing).toEqual([]);
  });

  it('names tests by titles that they have', () => {
    const titles = tests
      .flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/\bit\(\s*(['"`])(.*?)\1,/g)])
      .map(([, , title = '']) => title);
    const quoted = [...page.matchAll(/ "([a-z][^"]+? [^"]+?)"/g)].map(([, title = '']) => title.replace(/\s+/g, ' '));
    expect(quoted.length).toBeGreaterThan(15);
    const unknown = quoted.filter((title) => {
      const begin = title.replace(/[,:]?\s*…$/, '');
      return !titles.some((each) => (begin === title ? each === title : each.startsWith(begin)));
    });
    expect(unknown).toEqual([]);
  });

  it('lists every code of /readyz', () => {
    const section = page.slice(page.indexOf('## What `/readyz` tells'), page.indexOf('## Not protected against'));
    expect(Object.keys(NOT_READY).filter((code) => !section.includes(`\`${code}\``))).toEqual([]);
  });
});
