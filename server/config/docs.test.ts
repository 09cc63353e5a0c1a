import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { renderEnvExample, renderEnvironmentPage } from './docs.ts';
import { isKnown, schema } from './schema.ts';

const committed = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('generated files', () => {
  it('docs/environment.md is what the schema gives (node scripts/docs.mjs writes it)', () => {
    expect(committed('docs/environment.md')).toBe(renderEnvironmentPage());
  });

  it('.env.example is what the schema gives (node scripts/docs.mjs writes it)', () => {
    expect(committed('.env.example')).toBe(renderEnvExample());
  });

  it('the page has every variable, each cell in its row', () => {
    const page = renderEnvironmentPage();
    for (const { variable } of schema) expect(page).toContain(`| \`${variable}\``);
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    for (const row of rows) expect([4, 5]).toContain(row.split(/(?<!\\)\|/).length);
  });

  it('the example sets nothing as it is, and only known variables when uncommented', () => {
    const example = renderEnvExample();
    expect(parseEnv(example)).toEqual({});
    const names = Object.keys(parseEnv(example.replace(/^#(?=[A-Z])/gm, '')));
    expect(names.length).toBeGreaterThan(25);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
  });
});
