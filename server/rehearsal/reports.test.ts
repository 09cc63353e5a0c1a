import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { coverageOf, coverageText } from './coverage.ts';
import { junit } from './junit.ts';
import type { Rehearsal, RehearsalResult } from './rehearsal.ts';
import { resultText } from './report-text.ts';

const nodes = [
  { id: 't', type: 'tab', label: 'Nightly' },
  { id: 'a', type: 'inject', name: 'Go', z: 't', wires: [['b']] },
  { id: 'b', type: 'switch', name: 'Which?', z: 't', wires: [['c'], ['d']] },
  { id: 'c', type: 'debug', name: 'yes', z: 't', wires: [] },
  { id: 'd', type: 'debug', name: 'no', z: 't', wires: [] },
  { id: 'e', type: 'debug', name: 'off', z: 't', wires: [], d: true },
  { id: 'f', type: 'comment', name: 'a word', z: 't', wires: [] },
  { id: 'u', type: 'tab', label: 'Not rehearsed' },
  { id: 'g', type: 'inject', name: 'Other', z: 'u', wires: [[]] },
];
const rehearsal: Rehearsal = {
  file: 'flows/a.flowtest.yaml',
  name: 'a <b> & "c"\u0000',
  place: { line: 3, column: 5 },
  nodes: nodes.filter(({ id, z }) => id === 't' || z === 't'),
  platform: {},
  at: 0,
  env: {},
  credentials: {},
  http: [],
  steps: [],
  expect: [],
  never: [],
  inOrder: false,
  timeoutMs: 1000,
};
const result = (failures: RehearsalResult['failures'] = []): RehearsalResult => ({
  failures,
  ms: 20,
  virtualMs: 5_400_000,
  covered: { nodes: ['a', 'b', 'c'], wires: ['a 0 b', 'b 0 c'] },
});
const failure = { place: { line: 7, column: 9 }, message: 'it did not come', details: ['path of a message: Go → yes'] };

describe('coverage', () => {
  const coverage = coverageOf([{ dir: 'flows', files: [{ name: 'a.json', nodes }] }], [rehearsal], [result()]);

  it('counts what runs, of the flows that were rehearsed', () => {
    expect(coverage.flows).toEqual([
      {
        flow: 'Nightly',
        nodes: { reached: 3, all: 4 },
        wires: { reached: 2, all: 3 },
        missedNodes: [{ id: 'd', name: 'no', type: 'debug' }],
        missedWires: [{ from: 'Which?', output: 2, to: 'no' }],
      },
    ]);
    expect(coverage.percent).toBe(71.4);
  });

  it('names what no message went through', () => {
    expect(coverageText(coverage)).toContain(
      'no message at: "no"\n    no message on the wire from output 2 of "Which?" to "no"',
    );
  });
});

it('tells CI systems: passed, failed, not run, with names that are no XML', () => {
  const xml = junit([
    { rehearsal, result: result() },
    { rehearsal, result: result([failure]) },
    { rehearsal, result: null },
  ]);
  expect(xml).toContain('<testsuite name="flows/a.flowtest.yaml" tests="3" failures="1" skipped="1" time="0.040">');
  expect(xml).toContain(
    '<testcase name="a &lt;b&gt; &amp; &quot;c&quot;" classname="flows/a.flowtest.yaml" file="flows/a.flowtest.yaml" line="3" time="0.020"/>',
  );
  expect(xml).toContain(
    '<failure message="it did not come">flows/a.flowtest.yaml:7:9&#10;path of a message: Go → yes</failure>',
  );
  expect(xml).toContain('<skipped/>');
});

it('shows a failure with its line, and a path once', () => {
  const text = stripVTControlCharacters(resultText({ ...rehearsal, name: 'a' }, result([failure, failure])));
  expect(text).toBe(
    '✗ a (20 ms for 1 h 30 min)\n' +
      '    it did not come\n      at flows/a.flowtest.yaml:7:9\n      path of a message: Go → yes\n' +
      '    it did not come\n      at flows/a.flowtest.yaml:7:9\n',
  );
});
