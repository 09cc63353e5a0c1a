import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { parseScenario, readScenarioFile, ScenarioError } from './scenario.ts';

function problemsOf(value: unknown): readonly string[] {
  try {
    parseScenario(value);
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems;
  }
  return [];
}

describe('the README', () => {
  it('shows a scenario that is one', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
    const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(readme) ?? [];
    const scenario = parseScenario(parseYaml(yaml));
    expect([scenario.runs.length, scenario.faults.length, scenario.studios.length]).toEqual([4, 3, 2]);
    expect(scenario.dataLinks['reads-archive']?.changes).toHaveLength(3);
  });
});

describe('a scenario', () => {
  it('is empty by default', () => {
    expect(parseScenario(undefined)).toEqual(parseScenario({}));
    expect(parseScenario({}).runs).toEqual([]);
  });

  it('takes durations as numbers and with units', () => {
    const times = ['250ms', '2s', '1.5m', '1h', '1d', 40, 'forever'];
    const { runs } = parseScenario({ runs: times.map((runningFor) => ({ runningFor })) });
    expect(runs.map(({ runningFor }) => runningFor)).toEqual([
      250,
      2000,
      90_000,
      3_600_000,
      86_400_000,
      40,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('lists every problem with its place', () => {
    const problems = problemsOf({
      runs: [{ runningFor: 'soon', end: 'EXPLODED' }],
      faults: [{ kind: 'flood' }, { kind: 'latency', match: { path: '(' }, rate: 2 }],
      fautls: [],
    });
    expect(problems).toHaveLength(6);
    for (const place of ['runs.0.runningFor', 'runs.0.end', 'faults.0.kind', 'faults.1.match.path', 'faults.1.rate'])
      expect(problems.some((problem) => problem.startsWith(`${place}: `))).toBe(true);
    expect(problems.join()).toContain('fautls');
  });

  it('is read from YAML and JSON files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
    writeFileSync(join(folder, 'a.yaml'), 'runs:\n  - match: { pipeline: ^rnaseq$ }\n    end: FAILED\n');
    writeFileSync(join(folder, 'b.json'), '{"faults":[{"kind":"hang","times":1}]}');
    writeFileSync(join(folder, 'empty.yaml'), '# nothing yet\n');
    expect(readScenarioFile(join(folder, 'a.yaml')).runs?.[0]?.end).toBe('FAILED');
    expect(readScenarioFile(join(folder, 'b.json')).faults?.[0]?.kind).toBe('hang');
    expect(readScenarioFile(join(folder, 'empty.yaml'))).toEqual({});
  });

  it('names the file that is wrong or missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
    writeFileSync(join(folder, 'wrong.yaml'), 'runs: [\n');
    writeFileSync(join(folder, 'unknown.yaml'), 'run: []\n');
    expect(() => readScenarioFile(join(folder, 'wrong.yaml'))).toThrow(/wrong\.yaml: /);
    expect(() => readScenarioFile(join(folder, 'unknown.yaml'))).toThrow(/unknown\.yaml: the whole: .*"run"/);
    expect(() => readScenarioFile(join(folder, 'missing.yaml'))).toThrow(ScenarioError);
  });
});
