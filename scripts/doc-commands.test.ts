import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf, commandsOutside, isSettings, pagesWithCommands, parseBlocks, root } from './doc-commands.ts';

const pages = pagesWithCommands();
const fence = (language: string, ...lines: string[]): string => [`\`\`\`${language}`, ...lines, '```'].join('\n');

describe('the commands of the pages', () => {
  it.each(pages)('%s has its commands where the tests find them', (page) => {
    expect(commandsOutside(page, readFileSync(join(root, page), 'utf8'))).toEqual([]);
  });

  it.each(pages)('%s says of each block that is not run why', (page) => {
    for (const { notRun, code } of blocksOf(page)) {
      expect(code.trim()).not.toBe('');
      if (notRun !== null) expect(notRun).toMatch(/\w+ \w+/);
    }
  });

  it('are run for the most part', () => {
    const blocks = pages.flatMap(blocksOf);
    const left = blocks.filter(({ notRun }) => notRun !== null);
    expect(blocks.length).toBeGreaterThan(30);
    expect(left.length).toBeLessThan(blocks.length / 4);
  });
});

describe('finding commands', () => {
  const parse = (text: string) => parseBlocks('a.md', text);

  it('takes shell, and no other code', () => {
    const text = [fence('sh', 'redstart check'), fence('json', '{}'), fence('', 'x'), fence('bash', 'a', 'b')].join(
      '\n\n',
    );
    expect(parse(text).map(({ code, line, docker }) => ({ code, line, docker }))).toEqual([
      { code: 'redstart check', line: 2, docker: false },
      { code: 'a\nb', line: 14, docker: false },
    ]);
  });

  it('reads what is said before a block, and only there', () => {
    const text = `<!-- not run: no -->\n\nText\n\n<!-- first: mkdir a -->\n<!-- first: cd a -->\n<!-- exit code: 1 -->\n<!-- shows: 2 errors -->\n\n${fence('sh', 'redstart check')}\n\n<!-- not run: needs a cluster -->\n${fence('sh', 'helm list')}`;
    expect(parse(text)).toMatchObject([
      { notRun: null, first: ['mkdir a', 'cd a'], exitCode: 1, shows: ['2 errors'], starts: null },
      { notRun: 'needs a cluster', first: [], exitCode: 0 },
    ]);
  });

  it('refuses a word that it does not know', () => {
    expect(() => parse(`<!-- notrun: typo -->\n${fence('sh', 'x')}`)).toThrow('a.md:1: "notrun" is none of: not run');
  });

  it('parts a transcript into commands and output', () => {
    expect(parse(fence('console', '$ redstart test', '✓ a run (3 ms)', '', '1 passed'))).toMatchObject([
      { code: 'redstart test', transcript: ['✓ a run (3 ms)', '1 passed'] },
    ]);
  });

  it('takes the indentation of a list away', () => {
    expect(parse('1. Do:\n\n   ```sh\n   a\n     b\n   ```')).toMatchObject([{ code: 'a\n  b' }]);
  });

  it('knows blocks for a container engine, and blocks of settings', () => {
    const [built, up, config] = parse(
      [fence('sh', 'A=1 docker compose up'), fence('sh', 'x | docker run y'), fence('sh', 'redstart config')].join(
        '\n',
      ),
    );
    expect([built?.docker, up?.docker, config?.docker]).toEqual([true, true, false]);
    const settings = (...lines: string[]) => isSettings(parse(fence('sh', ...lines))[0]!);
    expect(settings('# one', "export A='x y'", 'B=2   # two')).toBe(true);
    expect(settings('A=1 redstart config')).toBe(false);
    expect(settings('# nothing')).toBe(false);
  });

  it('finds commands outside of such blocks', () => {
    const text = `Text\n\n    redstart check\n\n- a list\n\n    git is a word here\n\n${fence('', '$ docker ps')}\n${fence('yaml', '  git clone x')}\n${fence('sh', 'git status')}\n`;
    expect(commandsOutside('a.md', text)).toEqual(['a.md:3: redstart check', 'a.md:10: $ docker ps']);
  });
});
