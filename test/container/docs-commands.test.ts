import { beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, pagesWithCommands } from '../../scripts/doc-commands.ts';
import { complaint, runPage } from '../support/doc-workshop.ts';
import { buildImage, IMAGE, noEngine, tryDocker } from './support/engine.ts';

const pages = pagesWithCommands().filter((page) =>
  blocksOf(page).some(({ docker, notRun }) => docker && notRun === null),
);

// The rest of each page is in test/long.
describe.skipIf(noEngine !== null)('the docker commands of the documentation', () => {
  beforeAll(() => {
    buildImage();
    tryDocker('tag', IMAGE, 'redstart');
  }, 500_000);

  it('are found', () => expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/docker.md'])));

  it.each(pages)('%s', async (page) => {
    const told = await runPage(page, ({ docker }) => docker);
    expect(told.filter(({ fault }) => fault !== null).map(complaint)).toEqual([]);
  });
});
