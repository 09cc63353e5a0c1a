import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FlowNode, isContainer } from '../flow-node.ts';
import { formatFolder, joinFolder, splitExport } from './folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'redstart-layout-'));
});
afterEach(async () => await rm(dir, { recursive: true, force: true }));

const fresh = async (): Promise<string> => await mkdtemp(join(dir, 'x-'));
const byId = (nodes: readonly FlowNode[]): Map<string, FlowNode> => new Map(nodes.map((node) => [node.id, node]));

/** The orders that mean something to Node-RED: of tabs, of subflows, of global nodes, of each kind within a tab. */
function orders(nodes: readonly FlowNode[]): Record<string, string[]> {
  const containers = new Set(nodes.filter(isContainer).map(({ id }) => id));
  const result: Record<string, string[]> = {};
  for (const node of nodes) {
    const placed = typeof node.x === 'number' && typeof node.y === 'number';
    const kind = isContainer(node)
      ? node.type
      : !placed
        ? 'config'
        : /^(?:group|junction)$/.test(node.type)
          ? node.type
          : 'node';
    const where = isContainer(node) || !containers.has(node.z ?? '') ? '' : node.z;
    const name = `${kind} in ${where}`;
    result[name] = [...(result[name] ?? []), node.id];
  }
  return result;
}

async function roundTrip(nodes: readonly FlowNode[]): Promise<void> {
  const folder = await fresh();
  await splitExport(nodes, folder);
  const back = await joinFolder(folder);
  expect(byId(back)).toEqual(byId(nodes));
  expect(orders(back)).toEqual(orders(nodes));
  expect(await formatFolder(folder, { check: true })).toEqual([]);
  // Again, into the same folder and into another: nothing changes, and the same files come out.
  expect(await splitExport(back, folder)).toEqual([]);
  const other = await fresh();
  await splitExport(back, other);
  expect(await contents(other)).toEqual(await contents(folder));
}

async function contents(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    await Promise.all(files.map(async (path) => [path.slice(folder.length), await readFile(path, 'utf8')] as const)),
  );
}

const NAMES = [
  'Nightly',
  'nightly',
  'NIGHTLY',
  'con',
  'globals',
  'a/../b',
  '..',
  '',
  ' ',
  'ÄÖ',
  '日本',
  'x'.repeat(200),
  'a\nb',
];
const TEXTS = ['', 'one', 'one\ntwo', 'one\ntwo\n', '\n', 'a\r\nb', '\uFEFFa\nb', 'a\0\nb', '\ud800\nb', '"\\\n\t'];
const name = fc.oneof(fc.constantFrom(...NAMES), fc.string());
const key = fc.oneof(
  fc.constantFrom(
    'func',
    'template',
    'info',
    'css',
    'a:file',
    'a:lines',
    'a:value',
    'a',
    '__proto__',
    '7',
    'name',
    'x',
    'w',
  ),
  fc.string({ minLength: 1 }),
);
const value = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.jsonValue({ maxDepth: 3 }),
  fc.jsonValue({ stringUnit: 'binary' }),
);
const flowSet = fc
  .record({
    containers: fc.array(fc.record({ name, subflow: fc.boolean(), info: fc.constantFrom(...TEXTS) }), { maxLength: 5 }),
    nodes: fc.array(
      fc.record({
        in: fc.nat(7),
        type: fc.constantFrom(
          'function',
          'template',
          'comment',
          'ui_template',
          'group',
          'junction',
          'mqtt-broker',
          'odd type',
        ),
        name,
        place: fc.option(fc.tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())),
        size: fc.option(fc.tuple(fc.nat(), fc.nat())),
        wires: fc.option(fc.array(fc.array(fc.nat(9)))),
        more: fc.dictionary(key, value, { maxKeys: 4 }),
      }),
      { maxLength: 12 },
    ),
    ids: fc.uniqueArray(fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('1', '0', '__proto__', 'constructor')), {
      minLength: 17,
      maxLength: 17,
    }),
  })
  .map(({ containers, nodes, ids }) => {
    const made = containers.map((one, index): FlowNode => {
      const named = one.subflow ? { type: 'subflow', name: one.name } : { type: 'tab', label: one.name };
      return { id: ids[index] as string, ...named, info: one.info };
    });
    const inside = nodes.map((one, index): FlowNode => {
      const z = made[one.in]?.id;
      const properties = {
        ...(one.place && { x: one.place[0], y: one.place[1] }),
        ...(one.size && { w: one.size[0], h: one.size[1] }),
        ...(one.wires && { wires: one.wires.map((out) => out.map((to) => ids[5 + to] ?? 'gone')) }),
      };
      const reserved = new Set(['id', 'type', 'z']);
      const more = Object.fromEntries(Object.entries(one.more).filter(([each]) => !reserved.has(each)));
      const zed = z === undefined ? (one.in === 7 ? { z: '' } : one.in === 6 ? { z: 'nowhere' } : {}) : { z };
      return {
        ...more,
        id: ids[5 + index] as string,
        type: one.type,
        ...zed,
        name: one.name,
        ...properties,
      } as FlowNode;
    });
    // As it comes out of a file: -0 and the like do not.
    return JSON.parse(JSON.stringify([...made, ...inside])) as FlowNode[];
  });

describe('split and join', () => {
  it('give any flows back: every node, every property, every order that means something', async () => {
    await fc.assert(fc.asyncProperty(flowSet, roundTrip), { numRuns: 40 });
  });

  it('any order of tabs, subflows and nodes', async () => {
    await fc.assert(
      fc.asyncProperty(
        flowSet.chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length })),
        roundTrip,
      ),
      { numRuns: 40 },
    );
  });

  it('give back every example that Node-RED and the Seqera nodes ship', async () => {
    const root = join(import.meta.dirname, '../../..');
    let count = 0;
    for (const folder of ['node_modules/@node-red/nodes/examples', 'nodes/examples', 'flows']) {
      const entries = await readdir(join(root, folder), { recursive: true });
      for (const entry of entries.filter((each) => each.endsWith('.json'))) {
        const nodes: unknown = JSON.parse(await readFile(join(root, folder, entry), 'utf8'));
        if (!Array.isArray(nodes)) continue;
        await roundTrip(nodes as FlowNode[]);
        count++;
      }
    }
    expect(count).toBeGreaterThan(110);
  });
});

describe('a review', () => {
  const flow: FlowNode[] = [
    { id: 't', type: 'tab', label: 'Nightly', info: 'Every night.\nAsk Ada.' },
    { id: 'b', type: 'debug', z: 't', name: 'out', x: 500, y: 100, wires: [] },
    {
      id: 'f',
      type: 'function',
      z: 't',
      name: 'Summarise',
      func: 'const n = 1;\nmsg.payload = "x";\nreturn msg;',
      outputs: 1,
      x: 300,
      y: 100,
      wires: [['b']],
    },
    { id: 'a', type: 'inject', z: 't', name: 'in', x: 100, y: 100, wires: [['f']] },
    { id: 'c', type: 'comment', z: 't', name: 'above', info: '', x: 100, y: 40, wires: [] },
  ];
  const edit = (id: string, change: object): FlowNode[] =>
    flow.map((node) => (node.id === id ? { ...node, ...change } : node));

  /** Lines that git shows as removed and added, by file. */
  async function changed(after: readonly FlowNode[]): Promise<Record<string, [removed: number, added: number]>> {
    const [before, now] = [join(await fresh(), 'before'), join(await fresh(), 'now')];
    await splitExport(flow, before);
    await cp(before, now, { recursive: true });
    await splitExport(after, now);
    const { stdout } = spawnSync('git', ['diff', '--no-index', '--numstat', '-z', before, now], { encoding: 'utf8' });
    const rows = stdout.matchAll(/(\d+)\t(\d+)\t\0[^\0]*\0([^\0]*)\0/g);
    return Object.fromEntries(
      [...rows].map(([, added, removed, path]) => [
        path?.slice(now.length + 1),
        [Number(removed), Number(added)] as [number, number],
      ]),
    );
  }

  it('has the nodes in the order of reading, and code in files of its own', async () => {
    const folder = await fresh();
    await splitExport(flow, folder);
    const files = await contents(folder);
    expect(Object.keys(files).sort()).toEqual(['/nightly.json', '/nightly/summarise.js']);
    expect(files['/nightly/summarise.js']).toBe('const n = 1;\nmsg.payload = "x";\nreturn msg;\n');
    const { flow: own, nodes } = JSON.parse(files['/nightly.json'] ?? '');
    expect(nodes.map(({ id }: FlowNode) => id)).toEqual(['c', 'a', 'f', 'b']);
    expect(own).toEqual({ id: 't', type: 'tab', label: 'Nightly', 'info:lines': ['Every night.', 'Ask Ada.'] });
  });

  it.each([
    ['a move, past all others', edit('b', { x: 20, y: 900 }), { 'nightly.json': [1, 1] }],
    ['another name', edit('f', { name: 'Count' }), { 'nightly.json': [1, 1] }],
    ['another name of the tab', edit('t', { label: 'Daily' }), { 'nightly.json': [1, 1] }],
    ['a wire', edit('a', { wires: [['b']] }), { 'nightly.json': [1, 1] }],
    [
      'a line of code',
      edit('f', { func: 'const n = 2;\nmsg.payload = "x";\nreturn msg;' }),
      { 'nightly/summarise.js': [1, 1] },
    ],
    [
      'a node brought to the front',
      [...flow.filter(({ id }) => id !== 'a'), flow[3] as FlowNode],
      { 'nightly.json': [2, 2] },
    ],
  ])('shows %s and nothing else', async (_what, after, expected) => {
    expect(await changed(after)).toEqual(expected);
  });
});

describe('format', () => {
  it('turns exports into readable files, under the name that they had', async () => {
    const folder = await fresh();
    const nodes: FlowNode[] = [
      { id: 't', type: 'tab', label: 'Other name' },
      { id: 'n', type: 'debug', z: 't', x: 1, y: 2, wires: [] },
      { id: 'g', type: 'mqtt-broker', name: 'b' },
    ];
    await writeFile(join(folder, 'starter.json'), JSON.stringify(nodes));
    expect(await formatFolder(folder, { check: true })).toEqual(['globals.json', 'starter.json']);
    expect(Object.keys(await contents(folder))).toEqual(['/starter.json']);
    await formatFolder(folder, { check: false });
    expect(Object.keys(await contents(folder)).sort()).toEqual(['/globals.json', '/starter.json']);
    expect(byId(await joinFolder(folder))).toEqual(byId(nodes));
    expect(await formatFolder(folder, { check: true })).toEqual([]);
  });

  it('makes a file that was edited by hand canonical', async () => {
    const folder = await fresh();
    await mkdir(join(folder, 'mine'));
    await writeFile(join(folder, 'mine', 'f.js'), 'a\r\nb\r\n');
    await writeFile(
      join(folder, 'mine.json'),
      '{"redstart":1,"layout":[["f",1,2]],"flow":{"type":"tab","id":"t"},"nodes":[{"type":"function","func:file":"f.js","id":"f"}]}',
    );
    expect(await joinFolder(folder)).toEqual([
      { id: 't', type: 'tab' },
      { id: 'f', type: 'function', z: 't', func: 'a\nb', x: 1, y: 2 },
    ]);
    expect(await formatFolder(folder, { check: false })).toEqual(['mine.json', 'mine/f.js']);
    expect(await readFile(join(folder, 'mine/f.js'), 'utf8')).toBe('a\nb\n');
  });
});
