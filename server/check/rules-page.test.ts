import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RULE_IDS } from './rule-catalogue.ts';
import { renderRulesInto } from './rules-page.ts';

const page = readFileSync(new URL('../../docs/check.md', import.meta.url), 'utf8');

it('docs/check.md has the rules as the catalogue has them (node scripts/docs.mjs writes them)', () => {
  expect(renderRulesInto(page)).toBe(page);
});

it('has each rule once, each cell in its row', () => {
  for (const id of RULE_IDS) expect(page.split(`\n| \`${id}\` | `)).toHaveLength(2);
  for (const row of page.split('\n').filter((line) => /^\| `[a-z]+-?[a-z-]*` \|/.test(line)))
    expect(row.split(/(?<!\\)\|/)).toHaveLength(6);
});
