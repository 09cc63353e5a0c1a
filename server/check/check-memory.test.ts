import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FlowFile } from '../flows/flow-file.ts';
import { readFlowFiles } from '../flows/read-flows.ts';
import { checkFlows } from './check-flows.ts';
import { CheckMemory } from './check-memory.ts';
import type { NodeType } from './node-type.ts';
import { createWorld } from './world.ts';

const FILES = 3;
const NODES = 2;
const world = (variables: readonly string[] = []) =>
  createWorld({ nodesAllow: [], connections: [], httpAuth: { mode: 'none' } }, ['FLOW_SET', ...variables]);

const idOf = (file: number, node: number): string => `f${file}n${node}`;
const name = (file: number): string => `${'abcdef'[file]}.json`;
/** Mostly of a node that there may be. */
const anyId = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(fc.nat(FILES - 1), fc.nat(NODES)).map(([file, node]) => idOf(file, node)) },
  { weight: 1, arbitrary: fc.constantFrom('gone', '') },
);
const ids = fc.array(anyId, { maxLength: 2 });
const wires = fc.array(ids, { maxLength: 1 });
const container = fc.option(anyId, { nil: undefined });
const env = fc.array(fc.record({ name: fc.constantFrom('FLOW_A', 'FLOW_B'), value: fc.constant('x') }), {
  maxLength: 1,
});

const flowNode = fc.oneof(
  fc.record({ type: fc.constant('tab'), label: fc.constantFrom('One', 'Two'), disabled: fc.boolean(), env }),
  fc.record({ type: fc.constant('subflow'), name: fc.constantFrom('S', 'T'), in: ends(), out: ends(), env }),
  fc.record({ type: anyId.map((id) => `subflow:${id}`), z: container, wires }),
  fc.record({
    type: fc.constant('function'),
    z: container,
    func: fc.constantFrom(
      'return msg',
      'return (',
      'await x; return msg',
      'env.get("FLOW_A")',
      'const token = "aB3$kfj39sQ8"',
    ),
    wires,
  }),
  fc.record({ type: fc.constantFrom('change', 'switch', 'unheard-of', 'debug'), z: container, g: container, wires }),
  fc.record({ type: fc.constantFrom('change', 'switch'), wires }),
  fc.record({ type: fc.constantFrom('link in', 'link out', 'link call'), z: container, links: ids }),
  fc.record({ type: fc.constantFrom('catch', 'status'), z: container, scope: ids }),
  fc.record({ type: fc.constant('group'), z: container, env, nodes: ids }),
  fc.record({ type: fc.constant('global-config'), env }),
  fc.record({
    type: fc.constant('http in'),
    z: container,
    url: fc.constantFrom('/a', '/a/:b', '/a/c'),
    method: fc.constant('get'),
  }),
  fc.record({
    type: fc.constant('mqtt in'),
    z: container,
    broker: anyId,
    topic: fc.constantFrom('FLOW_B', 'FLOW_SET', 'pipeline:x').map((variable) => `$\{${variable}}`),
  }),
  fc.record({ type: fc.constantFrom('mqtt-broker', 'comment', 'exec') }),
);

function ends() {
  return fc.array(fc.record({ wires: fc.array(fc.record({ id: anyId }), { maxLength: 2 }) }), { maxLength: 1 });
}

/** One file gets other nodes, or is no flow file any more. */
const edit = fc.record({
  file: fc.nat(FILES - 1),
  text: fc.oneof(
    {
      weight: 12,
      arbitrary: fc.uniqueArray(fc.record({ node: flowNode, as: fc.nat(NODES) }), {
        maxLength: 3,
        selector: ({ as }) => as,
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom('{', '<<<<<<< ours\n[]') },
  ),
  variables: fc.constantFrom([], [], ['FLOW_A']),
});

describe('a check that remembers', () => {
  it('finds what one that does not finds, after any change', async () => {
    const rules = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 3, maxLength: 8 }), async (edits) => {
        const path = mkdtempSync(join(tmpdir(), 'redstart-check-'));
        const memory = new CheckMemory();
        let known: FlowFile[] = [];
        try {
          for (let file = 0; file < FILES; file++) writeFileSync(join(path, name(file)), '[]');
          for (const { file, text, variables } of edits) {
            const content =
              typeof text === 'string'
                ? text
                : JSON.stringify(text.map(({ node, as }) => ({ ...node, id: idOf(file, as) })));
            writeFileSync(join(path, name(file)), content);
            const read = await readFlowFiles(path, known).catch(() => null);
            if (read === null) continue;
            known = read;
            const options = { path, base: path, world: world(variables) };
            const fresh = checkFlows(options).findings;
            expect(checkFlows({ ...options, read, memory }).findings).toEqual(fresh);
            for (const { rule } of fresh) rules.add(rule);
          }
        } finally {
          rmSync(path, { recursive: true });
        }
      }),
      { numRuns: 30, seed: 20260101 },
    );
    // Else it would say nothing of the rules that look into other files.
    for (const rule of ['wire-across-flows', 'loop-endless', 'subflow-unknown', 'env-unset'])
      expect(rules).toContain(rule);
  });

  /** Writes one file after the other into a folder, and gives the rules that are broken each time. */
  async function inTurn(steps: readonly (readonly [file: string, nodes: object[]])[]): Promise<string[][]> {
    const path = mkdtempSync(join(tmpdir(), 'redstart-check-'));
    const memory = new CheckMemory();
    let known: FlowFile[] = [];
    const broken: string[][] = [];
    try {
      for (const [file, nodes] of steps) {
        writeFileSync(join(path, file), JSON.stringify(nodes));
        known = await readFlowFiles(path, known);
        const options = { path, base: path, world: world() };
        const { findings } = checkFlows({ ...options, read: known, memory });
        expect(findings).toEqual(checkFlows(options).findings);
        broken.push(findings.map(({ rule }) => rule));
      }
    } finally {
      rmSync(path, { recursive: true });
    }
    return broken;
  }

  it('knows a circle through several files when it closes and when it opens', async () => {
    const half = (own: string, other: string): object[] => [
      { id: `in-${own}`, type: 'link in', z: own, links: [`out-${other}`], wires: [[`c-${own}`]] },
      { id: `c-${own}`, type: 'change', z: own, wires: [[`out-${own}`]] },
      { id: `out-${own}`, type: 'link out', z: own, mode: 'link', links: [`in-${other}`] },
      { id: own, type: 'tab' },
    ];
    const broken = await inTurn([
      ['a.json', half('a', 'b')],
      ['b.json', half('b', 'a')],
      ['c.json', [{ id: 'c', type: 'tab', label: 'Other' }]],
      ['b.json', half('b', 'gone')],
      ['b.json', half('b', 'a')],
      ['b.json', half('b', 'a').slice(0, 2)],
    ]);
    const closed = broken.map((rules) => rules.includes('loop-endless'));
    expect(closed).toEqual([false, true, true, false, true, false]);
  });

  it('knows what others set for a flow: everywhere, and for a subflow where it is used', async () => {
    const set = [{ name: 'FLOW_A', value: 'x', type: 'str' }];
    const broken = await inTurn([
      [
        'a.json',
        [
          { id: 's', type: 'subflow', in: [], out: [] },
          { id: 'f', type: 'function', z: 's', func: 'env.get("FLOW_A")' },
        ],
      ],
      ['b.json', [{ id: 'g', type: 'global-config', env: set }]],
      ['b.json', [{ id: 'g', type: 'global-config', env: [] }]],
      [
        'c.json',
        [
          { id: 'c', type: 'tab', label: 'C' },
          { id: 'i', type: 'subflow:s', z: 'c', env: set },
        ],
      ],
      [
        'c.json',
        [
          { id: 'c', type: 'tab', label: 'C' },
          { id: 'i', type: 'subflow:s', z: 'c', env: [] },
        ],
      ],
    ]);
    expect(broken.map((rules) => rules.includes('env-unset'))).toEqual([true, false, true, false, true]);
  });

  it('does not look again at the nodes of a file that is the same', async () => {
    const path = mkdtempSync(join(tmpdir(), 'redstart-check-'));
    const memory = new CheckMemory();
    let known: FlowFile[] = [];
    const nodes = (topic: string) => ['x', 'y'].map((id) => ({ id: `${topic}${id}`, type: 'debug', name: topic }));
    /** Types that rules ask for. */
    const asked = async (): Promise<string[]> => {
      const types: string[] = [];
      const own = world();
      const map = new (class extends Map<string, NodeType> {
        override get(type: string) {
          types.push(type);
          return super.get(type);
        }
      })(own.types);
      known = await readFlowFiles(path, known);
      checkFlows({ path, base: path, world: { ...own, types: map }, read: known, memory });
      return types;
    };
    try {
      writeFileSync(join(path, 'a.json'), JSON.stringify([{ id: 'i', type: 'inject' }]));
      writeFileSync(join(path, 'b.json'), JSON.stringify(nodes('one')));
      expect(new Set(await asked())).toEqual(new Set(['inject', 'debug']));
      expect(await asked()).toEqual([]);
      writeFileSync(join(path, 'b.json'), JSON.stringify(nodes('two')));
      expect(new Set(await asked())).toEqual(new Set(['debug']));
    } finally {
      rmSync(path, { recursive: true });
    }
  });
});
