import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { render } from './reports.ts';
import { RULE_IDS } from './rule-catalogue.ts';
import { checkFiles, onTab } from './testing/check-nodes.ts';

const findings = checkFiles({
  'a, b.json': onTab({ id: 'x', type: 'inject', name: 'one\n\u001b[31m::error::two%', wires: [['gone']] }),
  'c.json': '[',
});
const report = { findings, files: 2, nodes: 2 };

describe('findings', () => {
  it('for a person: by file, one line each and how to mend it; a name cannot pass for a line of its own', () => {
    expect(stripVTControlCharacters(render(report, 'text')).split('\n')).toEqual([
      'a, b.json',
      '  14:9 error inject "one [31m::error::two%" in "Tab": Output 1 is wired to "gone", which does not exist. wire-dangling',
      '      → Bring the node back, or remove its id from `wires`.',
      'c.json',
      '  1:2 error Not valid JSON: the file ends too early. json-invalid',
      '      → Correct the file at the place that is named.',
      '',
      '2 errors, 0 warnings in 2 nodes of 2 files.',
      '',
    ]);
    expect(render({ findings: [], files: 1, nodes: 1 }, 'text')).toBe('0 errors, 0 warnings in 1 node of 1 file.\n');
  });

  it('as JSON', () => {
    expect(JSON.parse(render(report, 'json'))).toEqual({ ...report, errors: 2, warnings: 0, infos: 0 });
  });

  it("as GitHub's annotations, one line each, with what means something there escaped", () => {
    const [first, second] = render(report, 'github').split('\n');
    expect(first).toBe(
      '::error file=a%2C b.json,line=14,col=9,title=wire-dangling::inject "one%0A\u001b[31m::error::two%25" in "Tab": ' +
        'Output 1 is wired to "gone", which does not exist.%0A→ Bring the node back, or remove its id from `wires`.',
    );
    expect(second).toMatch(/^::error file=c.json,line=1,col=2,title=json-invalid::/);
  });

  it('as SARIF: every rule, and each finding with its rule and place', () => {
    const { version, runs } = JSON.parse(render(report, 'sarif'));
    expect(version).toBe('2.1.0');
    const { rules } = runs[0].tool.driver;
    expect(rules.map(({ id }: { id: string }) => id)).toEqual(RULE_IDS);
    expect(runs[0].results).toHaveLength(2);
    for (const result of runs[0].results) expect(rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(runs[0].results[0]).toMatchObject({
      level: 'error',
      locations: [
        {
          physicalLocation: { artifactLocation: { uri: 'a%2C%20b.json' }, region: { startLine: 14, startColumn: 9 } },
          logicalLocations: [{ fullyQualifiedName: 'x' }],
        },
      ],
    });
  });
});
