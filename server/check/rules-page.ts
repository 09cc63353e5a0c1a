import { RULES, type Rule } from './rule-catalogue.ts';

export const RULES_BEGIN = '<!-- rules: written by `node scripts/docs.mjs` -->';
export const RULES_END = '<!-- rules: end -->';

/** docs/check.md with the part about the rules as the catalogue has them; the rest of the page is left alone. */
export function renderRulesInto(page: string): string {
  const start = page.indexOf(RULES_BEGIN);
  const end = page.indexOf(RULES_END);
  if (start === -1 || end < start) throw new Error('docs/check.md has lost the marks between which the rules stand');
  return `${page.slice(0, start + RULES_BEGIN.length)}\n\n${renderRules()}\n${page.slice(end)}`;
}

function renderRules(): string {
  const areas = Map.groupBy(Object.entries<Rule>(RULES), ([, { area }]) => area);
  return [...areas]
    .map(([area, rules]) => {
      const rows = rules.map(([id, { severity, what, why, mend, fixed }]) =>
        ['', `\`${id}\``, severity + (fixed ? ', fixed' : ''), `${what} ${why}`, mend, ''].map(cell).join(' | ').trim(),
      );
      return `### ${area}\n\n| rule | level | what and why | mend |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/<([A-Z]+)>/g, '&lt;$1&gt;');
}
