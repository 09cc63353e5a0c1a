import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CATALOGUE as NODE_ERRORS } from '../nodes/lib/errors.ts';
import { ERROR_CATALOGUE } from './error-catalogue.ts';
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

it('has each code once, each cell in its row', () => {
  for (const code of [...Object.keys(ERROR_CATALOGUE), ...Object.keys(NODE_ERRORS)]) {
    expect(page.split(`\n| \`${code}\` | `)).toHaveLength(2);
  }
  for (const row of page.split('\n').filter((line) => line.startsWith('| `'))) {
    expect([4, 5, 7]).toContain(row.split(/(?<!\\)\|/).length);
  }
});
