import { afterAll, describe, expect, it } from 'vitest';
import { blocksOf, pagesWithCommands } from '../../scripts/doc-commands.ts';
import { complaint, runPage } from '../support/doc-workshop.ts';

// Whoever follows a page types what stands there: so does this test. scripts/doc-commands.ts says how a page can tell
// what has to be there before, and why a block is not run. Those with `docker` are in test/container.
describe('the commands of the documentation', () => {
  const pages = pagesWithCommands().filter((page) => blocksOf(page).length > 0);
  const all = pages.flatMap(blocksOf);
  let ran = 0;

  it.each(pages.filter((page) => blocksOf(page).some(({ notRun, docker }) => notRun === null && !docker)))(
    '%s',
    async (page) => {
      const told = await runPage(page, ({ docker }) => !docker);
      ran += told.length;
      expect(told.filter(({ fault }) => fault !== null).map(complaint)).toEqual([]);
    },
  );

  it('are all accounted for', () => {
    const notRun = all.filter((block) => block.notRun !== null).length;
    const withDocker = all.filter(({ docker, notRun: reason }) => docker && reason === null).length;
    console.log(`${ran} blocks of commands run, ${withDocker} are the container suite's, ${notRun} are not run`);
    expect(ran + withDocker + notRun).toBe(all.length);
  });

  afterAll(() => {
    for (const { page, line, notRun } of all) if (notRun !== null) console.log(`not run: ${page}:${line}: ${notRun}`);
  });
});
