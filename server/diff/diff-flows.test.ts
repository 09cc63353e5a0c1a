import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowNode, sameJson } from '../flows/flow-node.ts';
import { diffFlows } from './diff-flows.ts';
import { renderMarkdown, renderText } from './diff-text.ts';
import { edited, flowsArbitrary, orderOf } from './testing/flow-arbitrary.ts';

const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'Reports', disabled: false, info: '' };
const node = (id: string, more: object = {}): FlowNode => ({
  id,
  type: 'change',
  z: 'tab',
  name: id.toUpperCase(),
  x: 10,
  y: 20,
  wires: [[]],
  ...more,
});
const text = (before: FlowNode[], after: FlowNode[], options = {}): string[] =>
  stripVTControlCharacters(renderText(diffFlows(before, after, options)))
    .trimEnd()
    .split('\n');

describe('what changed', () => {
  it('names nodes that came and went, with what they are wired to, and the code of new ones', () => {
    const before = [TAB, node('a', { wires: [['b']] }), node('b')];
    const after = [TAB, node('a', { wires: [['c']] }), node('c', { type: 'function', func: 'one\ntwo' })];
    expect(text(before, after)).toEqual([
      '~ tab "Reports"',
      '  ~ change "A"',
      '      output 1 → change "B" removed',
      '      output 1 → function "C" added',
      '  - change "B"',
      '  + function "C"',
      '      func:',
      '        + one',
      '        + two',
    ]);
  });

  it('tells properties down to the value, and long texts by their lines', () => {
    const lines = Array.from({ length: 9 }, (_, n) => `line ${n}`);
    const before = [node('a', { z: undefined, rules: [{ t: 'set', to: '1' }], func: lines.join('\n'), gone: 1 })];
    const after = [
      node('a', {
        z: undefined,
        rules: [{ t: 'set', to: '2' }, { t: 'delete' }],
        func: lines.with(4, 'other').join('\n'),
        d: true,
      }),
    ];
    expect(text(before, after)).toEqual([
      '~ configuration nodes and what lies in no flow',
      '  ~ change "A"',
      '      d: true (new)',
      '      func:',
      '        … 2 lines',
      '          line 2',
      '          line 3',
      '        - line 4',
      '        + other',
      '          line 5',
      '          line 6',
      '        … 2 lines',
      '      gone: 1 (gone)',
      '      rules[0].to: "1" → "2"',
      '      rules[1]: {"t":"delete"} (new)',
    ]);
  });

  it('leaves positions out, unless they are asked for', () => {
    const moved = [
      [TAB, node('a')],
      [TAB, node('a', { x: 30 })],
    ] as const;
    expect(text([...moved[0]], [...moved[1]])).toEqual(['No differences.']);
    expect(text([...moved[0]], [...moved[1]], { positions: true })).toEqual([
      '~ tab "Reports"',
      '  ~ change "A"',
      '      x: 10 → 30',
    ]);
  });

  it('tells tabs that were renamed, disabled, added, and nodes that moved between them', () => {
    const after = [
      { ...TAB, label: 'Nightly', disabled: true },
      { ...TAB, id: 'new', label: 'New' },
      node('a', { z: 'new' }),
    ];
    expect(text([TAB, node('a')], after)).toEqual([
      '+ tab "New"',
      '  ~ change "A", moved here from "Nightly"',
      '~ tab "Nightly"',
      '    disabled: false → true',
      '    label: "Reports" → "Nightly"',
    ]);
  });

  it('tells what is wired to the ends of a subflow, and links', () => {
    const sub = (to: string, port: number): FlowNode => ({
      id: 's',
      type: 'subflow',
      name: 'Sub',
      in: [{ x: 1, y: 1, wires: [{ id: to }] }],
      out: [{ x: port, y: 1, wires: [{ id: to, port }] }],
    });
    const inside = [node('a', { z: 's' }), node('b', { z: 's' })];
    const link = (...links: string[]): FlowNode => node('l', { z: undefined, type: 'link out', links });
    expect(text([sub('a', 0), ...inside, link('a')], [sub('b', 1), ...inside, link('b')])).toEqual([
      '~ subflow "Sub"',
      '    out[0].wires[0]: 0 → 1',
      '    input → change "A" removed',
      '    input → change "B" added',
      '    output 1 → change "A" removed',
      '    output 1 → change "B" added',
      '~ configuration nodes and what lies in no flow',
      '  ~ link out "L"',
      '      link → change "A" removed',
      '      link → change "B" added',
    ]);
  });

  it('never shows a secret, but that it changed', () => {
    const secret = (n: number): FlowNode[] => [
      TAB,
      node('a', { type: 'function', func: `// v${n > 1 ? 2 : 1}\nconst token = 'q7Zt9XwB2vLk8R${n}Ye4Pd';` }),
      node('b', { rules: [{ t: 'set', p: 'password', pt: 'msg', to: `tr0ub4dor&${n}`, tot: 'str' }] }),
    ];
    for (const shown of [
      text(secret(1), secret(2)).join('\n'),
      renderMarkdown(diffFlows(secret(1), secret(2))),
      JSON.stringify(diffFlows(secret(1), secret(2))),
      text([], secret(1)).join('\n'),
    ])
      expect(shown).not.toMatch(/q7Zt9|tr0ub4/);
    expect(text(secret(2), secret(3))).toEqual([
      '~ tab "Reports"',
      '  ~ function "A"',
      '      func: changed, a secret that is not shown',
      '  ~ change "B"',
      '      rules[0].to: changed, a secret that is not shown',
    ]);
  });
});

it('is Markdown that a value cannot get out of', () => {
  const before = [TAB, node('a', { name: 'x', v: 'a`b', func: 'a\nb' })];
  const after = [TAB, node('a', { name: '**<b> # x', v: '``', func: 'a\n```\n# head' })];
  expect(renderMarkdown(diffFlows(before, after))).toBe(
    [
      '### Changed tab "Reports"',
      '',
      '- Changed change "\\*\\*\\<b\\> \\# x"',
      '  - `func`:',
      '',
      '    ````diff',
      '     a',
      '    -b',
      '    +```',
      '    +# head',
      '    ````',
      '',
      '  - `name`: `"x"` → `"**<b> # x"`',
      '  - `v`: ``"a`b"`` → ```"``"```',
      '',
    ].join('\n'),
  );
});

describe('for any flows', () => {
  it('there are no differences from themselves, in whatever order they are kept', () => {
    fc.assert(
      fc.property(flowsArbitrary, fc.nat(), (nodes, seed) => {
        expect(diffFlows(nodes, orderOf(nodes, seed), { positions: true })).toEqual([]);
      }),
    );
  });

  it('a change of any value that means something is told, at the node that has it', () => {
    fc.assert(
      fc.property(
        flowsArbitrary.filter((nodes) => nodes.length > 0),
        fc.nat(),
        fc.string(),
        (nodes, which, value) => {
          const at = which % nodes.length;
          const after = edited(nodes, at, 'property', value);
          const told = diffFlows(nodes, after);
          const same = sameJson(nodes[at]?.property, value);
          const ids = told.flatMap((flow) => [
            ...(flow.properties.length > 0 ? [flow.id] : []),
            ...flow.nodes.map(({ id }) => id),
          ]);
          expect(ids).toEqual(same ? [] : [nodes[at]?.id]);
        },
      ),
    );
  });

  it('the way back says the opposite', () => {
    fc.assert(
      fc.property(flowsArbitrary, flowsArbitrary, (a, b) => {
        const count = (from: FlowNode[], to: FlowNode[], change: string): string[] =>
          diffFlows(from, to)
            .flatMap(({ nodes }) => nodes.filter((one) => one.change === change).map(({ id }) => id))
            .sort();
        expect(count(a, b, 'added')).toEqual(count(b, a, 'removed'));
        expect(count(a, b, 'changed')).toEqual(count(b, a, 'changed'));
      }),
    );
  });
});
