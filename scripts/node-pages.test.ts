import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { helpSections } from './help-markdown.ts';
import { renderNodePages } from './node-pages.ts';

const folder = new URL('../docs/nodes/', import.meta.url);
const pages = await renderNodePages();

describe('docs/nodes/', () => {
  it('is what the nodes give (node scripts/docs.mjs writes it)', () => {
    const there = Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]),
    );
    expect(there).toEqual(Object.fromEntries(pages));
  });

  it('says of each node what each of its fields is, and where it is shown', () => {
    expect(pages.size).toBeGreaterThan(15);
    for (const [name, text] of pages) {
      if (name === 'index.md') continue;
      expect(text, name).toMatch(/^# .+\n\n`[\w-]+`\n\n.+/);
      expect(text, name).toContain('\n## Examples\n');
      const rows = text.split('\n').filter((line) => /^\| .* \| `/.test(line));
      expect(rows.length, name).toBeGreaterThan(1);
      expect(
        rows.filter((row) => row.startsWith('|  |')),
        name,
      ).toEqual([]);
      expect(
        rows.filter((row) => row.split(/(?<!\\)\|/).length !== 6),
        name,
      ).toEqual([]);
    }
  });
});

describe('a help text as Markdown', () => {
  it('keeps its headings, properties, outputs and marks', () => {
    const html = `<script type="text/html" data-help-name="x">
      <p>Does <b>one</b> thing,
         with <code>a_b</code>.</p>
      <h3>Outputs</h3>
      <ol class="node-ports"><li>done
        <dl class="message-properties"><dt>payload <span class="property-type">object</span></dt><dd>What came.</dd></dl>
      </li></ol>
      <h3>Errors</h3>
      <dl><dt>SEQERA_A, SEQERA_B</dt><dd>Not a &lt;thing&gt;, a|b.</dd><dt>API address</dt><dd>Where.</dd></dl>
    </script>`;
    expect(Object.fromEntries(helpSections(html))).toEqual({
      '': 'Does **one** thing, with `a_b`.',
      Outputs: '1. done\n   - `payload` (object): What came.',
      Errors: '- `SEQERA_A`, `SEQERA_B`: Not a \\<thing>, a\\|b.\n- **API address**: Where.',
    });
  });

  it('refuses what it would lose', () => {
    expect(() => helpSections('<table></table>')).toThrow('<table>');
    expect(() => helpSections('<p>a <u>b</u></p>')).toThrow('<u>');
    expect(() => helpSections('<p>a')).toThrow('not closed');
  });
});
