import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffFlows } from '../diff/diff-flows.ts';
import { renderMarkdown, renderText } from '../diff/diff-text.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { CORE_TYPES, PACK_TYPES } from './known-types.ts';
import { render } from './reports.ts';
import { checkFiles } from './testing/check-nodes.ts';

const ID = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '');
const TYPES = [
  ...Object.keys(CORE_TYPES),
  ...Object.keys(PACK_TYPES),
  'tab',
  'subflow',
  'group',
  'subflow:a',
  'subflow:__proto__',
  'hasOwnProperty',
  'constructor',
];
const NAMES = [
  'z',
  'g',
  'd',
  'name',
  'label',
  'wires',
  'links',
  'scope',
  'in',
  'out',
  'status',
  'env',
  'libs',
  'func',
  'initialize',
  'rules',
  'props',
  'payload',
  'payloadType',
  'crontab',
  'repeat',
  'url',
  'method',
  'seqera',
  'broker',
  'nodes',
  'credentials',
  'disabled',
  'paramsKey',
  '__proto__',
  'toString',
];
const node = fc
  .tuple(
    ID,
    fc.constantFrom(...TYPES),
    fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(fc.jsonValue(), ID, fc.array(fc.oneof(ID, fc.array(ID))))),
  )
  .map(([id, type, more]) => ({ ...more, id: id || 'x', type }) as FlowNode);

it('nothing that JSON can say makes the check, the diff or what they print fail', () => {
  fc.assert(
    fc.property(fc.array(node, { maxLength: 6 }), fc.array(node, { maxLength: 6 }), (nodes, others) => {
      const findings = checkFiles({ 'f.json': nodes, 'g.json': others });
      for (const { line, column } of findings) expect([line, column].every((at) => at === null || at >= 1)).toBe(true);
      for (const form of ['text', 'json', 'sarif', 'github'] as const)
        expect(render({ findings, files: 2, nodes: 0 }, form)).toMatch(/\n$/);
      const changes = diffFlows(nodes, others, { positions: true });
      expect(renderText(changes) + renderMarkdown(changes)).toMatch(/\n$/);
    }),
    { numRuns: 100 },
  );
});
