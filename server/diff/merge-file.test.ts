import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFiles } from '../check/testing/check-nodes.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { mergeFile } from './merge-file.ts';
import { mergeJson } from './merge-json.ts';
import { edited, flowsArbitrary } from './testing/flow-arbitrary.ts';

const NODES: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Tab' },
  { id: 'a', type: 'function', z: 'tab', name: 'A', func: 'one\ntwo\nthree\nfour\nfive', x: 1, y: 2, wires: [['b']] },
  { id: 'b', type: 'debug', z: 'tab', name: 'B', active: true, wires: [] },
];
const file = (nodes: unknown): string => `${JSON.stringify(nodes, null, 4)}\n`;
const change = (id: string, more: object): FlowNode[] =>
  NODES.map((node) => (node.id === id ? { ...node, ...more } : node));
const merge = (ours: FlowNode[], theirs: FlowNode[], base = NODES) => {
  const merged = mergeFile('f.json', file(base), file(ours), file(theirs));
  if (!merged) throw new Error('not merged');
  return merged;
};
const nodesOf = ({ text, conflicts }: { text: string; conflicts: string[] }): FlowNode[] => {
  expect(conflicts).toEqual([]);
  return JSON.parse(text);
};

/** What a person has who keeps one side of every conflict. */
const sideOf = (text: string, which: 1 | 2): unknown =>
  JSON.parse(text.replace(/<<<<<<< ours\n([\s\S]*?)=======\n([\s\S]*?)>>>>>>> theirs(?:\n|$)/g, `$${which}`));

describe('a merge of flow files', () => {
  it('takes both sides of different properties of a node, and lines of its code', () => {
    const ours = change('a', { name: 'Ours', func: 'ONE\ntwo\nthree\nfour\nfive', x: 9 });
    const theirs = change('a', { func: 'one\ntwo\nthree\nfour\nFIVE\nsix', d: true, x: 5 });
    expect(nodesOf(merge(ours, theirs))).toEqual(
      change('a', { name: 'Ours', func: 'ONE\ntwo\nthree\nfour\nFIVE\nsix', d: true, x: 9 }),
    );
  });

  it('takes wires and nodes that each side added or removed', () => {
    const ours = [...change('a', { wires: [['b', 'c']] }), { id: 'c', type: 'debug', wires: [] }];
    const theirs = [...change('a', { wires: [['d'], ['b']] }).slice(0, 2), { id: 'd', type: 'debug', wires: [] }];
    expect(nodesOf(merge(ours, theirs))).toEqual([
      NODES[0],
      { ...NODES[1], wires: [['c', 'd'], ['b']] },
      { id: 'd', type: 'debug', wires: [] },
      { id: 'c', type: 'debug', wires: [] },
    ]);
  });

  it('leaves to a person what both changed differently, in lines that check tells and that can be kept or removed', () => {
    const merged = merge(change('b', { active: false, name: 'Ours' }), change('b', { name: 'Theirs' }));
    expect(merged.conflicts).toEqual(['[b].name']);
    expect(merged.text).toContain(
      '<<<<<<< ours\n        "name": "Ours",\n=======\n        "name": "Theirs",\n>>>>>>> theirs\n        "active": false,\n',
    );
    const found = checkFiles({ 'f.json': merged.text });
    const line = merged.text.split('\n').indexOf('<<<<<<< ours') + 1;
    expect(found).toMatchObject([{ rule: 'merge-conflict', line, column: 1 }]);
    expect(sideOf(merged.text, 1)).toEqual(change('b', { active: false, name: 'Ours' }));
    expect(sideOf(merged.text, 2)).toEqual(change('b', { active: false, name: 'Theirs' }));
  });

  it('does so for a node that one side removed and the other changed, and for the same lines of code', () => {
    expect(merge(NODES.slice(0, 2), change('b', { name: 'Theirs' })).conflicts).toEqual(['[b]']);
    expect(merge(change('a', { func: 'one\nOURS' }), change('a', { func: 'one\nTHEIRS' })).conflicts).toEqual([
      '[a].func',
    ]);
    expect(merge(change('a', { func: 'one\nSAME' }), change('a', { func: 'one\nSAME' })).conflicts).toEqual([]);
  });

  it('keeps the form of our file', () => {
    const ours = `{\n  "flows": [\n    ${NODES.map((node) => JSON.stringify(node)).join(',\n    ')}\n  ]\n}\n`;
    const theirs = ours.replace('"name":"B"', '"name":"Theirs"');
    expect(mergeFile('f.json', ours, ours.replace('"label":"Tab"', '"label":"Ours"'), theirs)?.text).toBe(
      theirs.replace('"label":"Tab"', '"label":"Ours"'),
    );
  });

  it('merges the readable layout, whose texts are files of their own', () => {
    const readable = (name: string, x: number, lines: string[]): string =>
      `{\n  "redstart": 1,\n  "flow": {\n    "id": "tab",\n    "type": "tab",\n    "label": "Tab",\n    "info:lines": [\n${lines.map((line) => `      ${JSON.stringify(line)}`).join(',\n')}\n    ]\n  },\n` +
      `  "nodes": [\n    {\n      "id": "a",\n      "type": "function",\n      "name": "${name}",\n      "func:file": "a.js",\n      "wires": [[]]\n    }\n  ],\n  "layout": [\n    ["a", ${x}, 2]\n  ]\n}\n`;
    const base = readable('A', 1, ['1', '2', '3', '4']);
    const merged = mergeFile(
      'f.json',
      base,
      readable('Ours', 1, ['1', '2', '3', 'four']),
      readable('A', 7, ['one', '2', '3', '4']),
    );
    expect(merged).toEqual({ text: readable('Ours', 7, ['one', '2', '3', 'four']), conflicts: [] });
  });

  it('leaves what is no JSON to git', () => {
    expect(mergeFile('f.json', '[]', '[', '[]')).toBeNull();
  });
});

describe('for any flows', () => {
  const values = fc.oneof(fc.string(), fc.integer(), fc.constant(null));

  it('a side that did not change leaves the other as it is', () => {
    fc.assert(
      fc.property(flowsArbitrary, flowsArbitrary, (base, side) => {
        expect(mergeJson(base, side, base)).toEqual({ ours: side, theirs: side, conflicts: [] });
        expect(mergeJson(base, base, side)).toEqual({ ours: side, theirs: side, conflicts: [] });
        expect(mergeJson(base, side, side)).toEqual({ ours: side, theirs: side, conflicts: [] });
      }),
    );
  });

  it('edits of different properties give both, whichever side is ours', () => {
    fc.assert(
      fc.property(
        flowsArbitrary.filter((nodes) => nodes.length > 0),
        fc.nat(),
        fc.nat(),
        values,
        values,
        (base, one, other, a, b) => {
          const [at, to] = [one % base.length, other % base.length];
          const [ours, theirs] = [edited(base, at, 'left', a), edited(base, to, 'right', b)];
          const both = edited(ours, to, 'right', b);
          expect(mergeJson(base, ours, theirs)).toEqual({ ours: both, theirs: both, conflicts: [] });
          expect(mergeJson(base, theirs, ours)).toEqual({ ours: both, theirs: both, conflicts: [] });
        },
      ),
    );
  });

  it('a conflict is where both set the same property to something else, and nowhere else', () => {
    fc.assert(
      fc.property(
        flowsArbitrary.filter((nodes) => nodes.length > 0),
        fc.nat(),
        fc.string(),
        fc.string(),
        (base, which, a, b) => {
          const at = which % base.length;
          const [ours, theirs] = [edited(base, at, 'own', a), edited(base, at, 'own', b)];
          const merged = mergeJson(base, ours, theirs);
          expect(merged).toEqual({
            ours,
            theirs: a === b ? ours : theirs,
            conflicts: a === b ? [] : [`[${base[at]?.id}].own`],
          });
        },
      ),
    );
  });

  it('the text of a merge without conflicts is JSON, and of one with conflicts it is both sides', () => {
    fc.assert(
      fc.property(flowsArbitrary, flowsArbitrary, flowsArbitrary, (base, ours, theirs) => {
        const merged = mergeFile('f.json', file(base), file(ours), file(theirs));
        const expected = mergeJson(base, ours, theirs);
        if (!merged) throw new Error('not merged');
        expect(sideOf(merged.text, 1)).toEqual(expected.ours);
        expect(sideOf(merged.text, 2)).toEqual(expected.theirs);
        expect(merged.text.includes('<<<<<<<')).toBe(expected.conflicts.length > 0);
      }),
    );
  });
});
