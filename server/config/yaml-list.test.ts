import { describe, expect, it } from 'vitest';
import { choice, plain } from './text-types.ts';
import { duplicates, parseYamlList } from './yaml-list.ts';

const fields = {
  name: { type: plain('a name', /^[a-z]+$/, 'is no name') },
  role: { type: choice(['admin', 'viewer']) },
  note: { type: plain('a note', /./, 'is empty'), fallback: null },
  paths: { type: plain('a path', /^\//, 'is no path'), fallback: [] as string[], many: true },
} as const;
const read = (text: string) => parseYamlList(text, fields);
const faults = (text: string): string[] => read(text).faults.map(({ line, problem }) => `${line}: ${problem}`);

describe('parseYamlList', () => {
  it('reads entries with their lines, texts as they stand, lists from one text or several', () => {
    const { rows, faults } = read(
      '# team\n- name: ada\n  role: admin\n  note: 0123e4\n- {name: bob, role: viewer, paths: /a}\n- name: cy\n  role: viewer\n  paths: [/a, /b]\n',
    );
    expect(faults).toEqual([]);
    expect(rows).toEqual([
      { line: 2, name: 'ada', role: 'admin', note: '0123e4', paths: [] },
      { line: 5, name: 'bob', role: 'viewer', note: null, paths: ['/a'] },
      { line: 6, name: 'cy', role: 'viewer', note: null, paths: ['/a', '/b'] },
    ]);
    expect(read('[]')).toEqual({ rows: [], faults: [] });
  });

  it('finds all faults at once, each with its line, and never shows what could be a secret', () => {
    expect(
      faults(
        '- name: Ada\n  role: root\n- nme: bob\n  role: viewer\n- hello\n- name: [x]\n  role: viewer\n- name:\n  role: viewer\n- name: ok\n  role: viewer\n  "$2b$10$secret": 1\n  paths: [b, {}]\n',
      ),
    ).toEqual([
      '1: name is no name (expected: a name)',
      '2: role is none of the accepted values: "root" (expected: one of admin, viewer)',
      '3: has "nme", which is none of name, role, note, paths',
      '3: has no name (a name)',
      '5: is not an entry with name, role, note, paths',
      '6: name is not a text (a name)',
      '8: name is empty (a name)',
      '12: has something, which is none of name, role, note, paths',
      '13: paths is no path (expected: a path)',
      '13: paths is not a list of texts (a path)',
    ]);
  });

  it('takes nothing for a list that is none', () => {
    for (const text of ['', 'name: ada', 'hello', '# only a comment'])
      expect(faults(text)).toEqual(['1: is not a list of entries, each beginning with "- "']);
    expect(faults('- name: ada\n  role: [')[0]).toMatch(/^\d: is not YAML: /);
    expect(faults('- name: a\n  name: b\n  role: admin\n')[0]).toMatch(/^2: is not YAML: Map keys must be unique/);
    expect(faults('- &a {name: ada, role: admin}\n- *a\n')).toEqual([
      '2: is not an entry with name, role, note, paths',
    ]);
    expect(faults('- {__proto__: x, name: a, role: admin}\n')).toEqual([
      '1: has "__proto__", which is none of name, role, note, paths',
    ]);
  });
});

it('duplicates: the second one is at fault', () => {
  const { rows } = read('- {name: a, role: admin}\n- {name: b, role: admin}\n- {name: a, role: viewer}\n');
  expect(duplicates(rows, (index) => rows[index]?.name ?? '', 'name')).toEqual([
    { line: 3, problem: 'name "a" is there already, in line 1' },
  ]);
});
