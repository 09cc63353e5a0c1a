import { describe, expect, it } from 'vitest';
import { RedstartError } from '../errors.ts';
import { parseCheckSettings } from './settings-file.ts';
import { checkFiles, onTab } from './testing/check-nodes.ts';

const LOOP = onTab(
  { id: 'a', type: 'switch', rules: [], wires: [['a']] },
  { id: 'b', type: 'switch', rules: [], wires: [['b']] },
);
const told = (rc: string) =>
  checkFiles({ 'f.json': LOOP }, { rc }).map(({ rule, severity, node }) => `${severity} ${rule} ${node?.id}`);

describe('.redstartrc', () => {
  it('lowers and raises a rule everywhere', () => {
    expect(told('rules: {loop-without-delay: info}')).toEqual([
      'info loop-without-delay a',
      'info loop-without-delay b',
    ]);
    expect(told('rules:\n  loop-without-delay: error')).toHaveLength(2);
    expect(told('rules:\n  loop-without-delay: off')).toEqual([]);
    expect(told('rules:\n  loop-without-delay: false')).toEqual([]);
    expect(told('# nothing is agreed')).toEqual(['warning loop-without-delay a', 'warning loop-without-delay b']);
  });

  it('lowers it for files or nodes; the last entry that fits counts', () => {
    const off = 'rules: {loop-without-delay: off}';
    expect(told(`overrides:\n - files: f*.json\n   ${off}`)).toEqual([]);
    expect(told(`overrides:\n - files: [g.json]\n   ${off}`)).toHaveLength(2);
    expect(told(`overrides:\n - nodes: a\n   reason: it ends\n   ${off}`)).toEqual(['warning loop-without-delay b']);
    expect(told(`${off}\noverrides:\n - {files: f.json, nodes: [b], rules: {loop-without-delay: error}}`)).toEqual([
      'error loop-without-delay b',
    ]);
  });

  it.each([
    [
      'rules:\n  loop-without-dely: off',
      /line 2: there is no rule "loop-without-dely"; did you mean "loop-without-delay"\?/,
    ],
    ['rules:\n  env-unset: low', /line 2: "low" is no level of "env-unset": off, info, warning, error/],
    ['rules:\n  env-unset: off\n  json-invalid: off', /line 3: "json-invalid" cannot be lowered/],
    ['rule: {}', /line 1: "rule" is none of rules, overrides/],
    ['overrides:\n  - rules: {}', /line 2: it names neither "files" nor "nodes"/],
    ['overrides:\n  - file: x', /line 2: "file" is none of files, nodes, rules, reason/],
    ['overrides:\n  - files: x', /"rules" must be names of rules/],
    ['overrides:\n  - files: {}\n    rules: {}', /line 2: "files" must be a text or a list/],
    ['overrides: x', /"overrides" must be a list/],
    ['- x', /must hold "rules" or "overrides"/],
    ['rules: [', /line 1: /],
  ])('%j is refused, with the line', (text, message) => {
    try {
      parseCheckSettings('/x/.redstartrc', text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(RedstartError);
      expect(error).toMatchObject({ code: 'CHECK_SETTINGS_INVALID', exitCode: 2 });
      expect((error as Error).message).toMatch(/^\/x\/\.redstartrc, /);
      expect((error as Error).message).toMatch(message);
    }
  });
});
