import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { nodeInStack } from './node-trace.ts';

describe('the node in a stack', () => {
  it.each([
    ['its code', 'Error: x\n    at Function node:f1.2-a [Named so]:3:4\n    at Script.runInContext'],
    ['the code of its start', 'Error: x\n    at Function node setup:f1.2-a [Named so]:3:4'],
    ['the code of its stop', 'Function node cleanup:f1.2-a\nnode:vm'],
  ])('is found in %s', (_, stack) => expect(nodeInStack(stack)).toBe('f1.2-a'));

  it('is none where no function node has a part in it', () => {
    expect(nodeInStack('Error: x\n    at emit (node:events:1:2)')).toBeUndefined();
    expect(nodeInStack(undefined)).toBeUndefined();
  });

  it('knows all kinds of code that the installed Node-RED compiles', () => {
    const file = createRequire(import.meta.url).resolve('@node-red/nodes/core/function/10-function.js');
    const source = readFileSync(file, 'utf8');
    const kinds = [...source.matchAll(/createVMOpt\(node, "(.*?)"\)/g)].map(([, kind]) => kind);
    expect(kinds.length).toBeGreaterThan(2);
    expect(source).toContain("filename: 'Function node'+kind+':'+node.id");
    for (const kind of kinds) expect(nodeInStack(`at Function node${kind}:f1 [x]:1:1`)).toBe('f1');
  });
});
