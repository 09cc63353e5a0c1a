import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CATALOGUE as NODE_ERRORS } from '../nodes/lib/errors.ts';
import { ERROR_CATALOGUE } from './error-catalogue.ts';
import { ERROR_CAUSES, NODE_ERROR_CAUSES } from './error-causes.ts';
import { renderErrorsPage } from './errors-page.ts';

const page = renderErrorsPage(NODE_ERRORS);

it('docs/errors.md is what the catalogues give (node scripts/docs.mjs writes it)', () => {
  expect(readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')).toBe(page);
});

it('explains every exit code that a code ends with', () => {
  for (const entry of Object.values(ERROR_CATALOGUE)) {
    if ('exitCode' in entry) expect(page).toContain(`\n| ${entry.exitCode} | `);
  }
});

it('has a section for each code, with its meaning, its cause and what mends it', () => {
  const codes = [...Object.keys(ERROR_CATALOGUE), ...Object.keys(NODE_ERRORS)];
  const sections = page.split('\n### ').slice(1);
  expect(sections.map((section) => /^`([A-Z_]+)`\n/.exec(section)?.[1]).sort()).toEqual(codes.sort());
  for (const section of sections) {
    expect(section).toMatch(
      /^`\w+`\n\n\S.{9,}\n\n- \*\*Usual cause:\*\* \S.{4,}\n- \*\*Mend( \([a-z ]+\))?:\*\* \S.{9,}/,
    );
  }
});

it('has no cause of a code that is not there', () => {
  expect(Object.keys(ERROR_CAUSES)).toHaveLength(Object.keys(ERROR_CATALOGUE).length);
  expect(Object.keys(NODE_ERROR_CAUSES).sort()).toEqual(Object.keys(NODE_ERRORS).sort());
});
