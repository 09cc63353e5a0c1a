import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodePolicy } from '../../settings/node-policy.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import type { FlowStore } from '../flows/flow-store.ts';
import { guardFlows } from './guarded-flows.ts';
import { HeldFlows } from './held-flows.ts';
import { explainRefused, refusedFlows } from './refused-flows.ts';
import { fingerprintOf, flowOf } from './running-flow.ts';

let dir: string;
let files: FlowNode[];
let lines: Record<string, unknown>[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-held-'));
  lines = [];
  files = [
    { id: 'a', type: 'tab', label: 'First' },
    { id: 'a1', type: 'function', z: 'a', name: 'boom', func: 'x', x: 1, y: 2 },
    { id: 'b', type: 'tab', label: 'Second', disabled: false },
    { id: 'b1', type: 'subflow:s', z: 'b' },
    { id: 's', type: 'subflow', name: 'Part' },
    { id: 's1', type: 'function', z: 's', name: 'inner' },
    { id: 'c', type: 'seqera-config' },
  ];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
/** What a start does with the data folder as it is. */
function start(policy = nodePolicy([])) {
  const held = new HeldFlows({ file: join(dir, 'held.json'), suspectFile: join(dir, 'suspect.json'), logger });
  const store = {
    load: async () => structuredClone(files),
    save: async (nodes: readonly FlowNode[]) => {
      files = structuredClone(nodes) as FlowNode[];
    },
    fileOf: () => '/flows/x.json',
    get fault() {
      return null;
    },
  } as unknown as FlowStore;
  return { held, ...guardFlows(store, held, policy, logger) };
}
const tab = (nodes: readonly FlowNode[], id: string) => nodes.find((node) => node.id === id);

describe('a flow that brought the program down', () => {
  it('is disabled in what the next start runs, and in no file', async () => {
    const first = start();
    await first.store.load();
    expect(first.held.blame('a1', 'exception')).toMatchObject({ flow: 'a', flowLabel: 'First', nodeName: 'boom' });
    const before = structuredClone(files);
    const second = start();
    const nodes = await second.store.load();
    expect(tab(nodes, 'a')).toMatchObject({ disabled: true });
    expect(tab(nodes, 'b')).toMatchObject({ disabled: false });
    expect(lines.at(-1)).toMatchObject({ code: 'FLOW_HELD_BACK', flow: 'a', cause: 'exception' });
    await second.store.save(nodes);
    expect(files).toEqual(before);
    expect(second.held.has('a')).toBe(true);
  });

  it('is told once, however often flows are loaded', async () => {
    const { held, store } = start();
    await store.load();
    held.blame('a1', 'loop');
    await store.load();
    await store.load();
    expect(lines.filter(({ code }) => code === 'FLOW_HELD_BACK')).toHaveLength(1);
  });

  it('runs again when its file changes, not when a node is moved', async () => {
    const { held, store } = start();
    await store.load();
    held.blame('a1', 'exception');
    Object.assign(tab(files, 'a1') ?? {}, { x: 900 });
    await start().store.load();
    expect(start().held.has('a')).toBe(true);
    Object.assign(tab(files, 'a1') ?? {}, { func: 'mended' });
    const after = start();
    expect(tab(await after.store.load(), 'a')).not.toHaveProperty('disabled');
    expect(existsSync(join(dir, 'held.json'))).toBe(false);
  });

  it('runs again when it is deployed enabled; deployed disabled, it is held in its new form', async () => {
    const { held, store } = start();
    await store.load();
    held.blame('a1', 'exception');
    const nodes = await store.load();
    Object.assign(tab(nodes, 'a1') ?? {}, { func: 'half mended' });
    await store.save(nodes);
    expect(tab(files, 'a')).not.toHaveProperty('disabled');
    expect(tab(await start().store.load(), 'a')).toMatchObject({ disabled: true });
    await store.save(nodes.map((node) => (node.id === 'a' ? { ...node, disabled: false } : node)));
    expect(held.list()).toEqual([]);
    expect(tab(await start().store.load(), 'a')).toMatchObject({ disabled: false });
  });

  it('is forgotten when it is deleted', async () => {
    const { held, store } = start();
    await store.load();
    held.blame('a1', 'exception');
    await store.save(files.filter(({ id, z }) => id !== 'a' && z !== 'a'));
    expect(start().held.list()).toEqual([]);
  });

  it('is found through the subflow that the node is in; a connection is in no flow', async () => {
    const { held, store } = start();
    await store.load();
    expect(held.blame('b1-s1', 'loop')).toMatchObject({ flow: 'b', nodeName: 'inner' });
    expect(held.blame('c', 'exception')).toBeNull();
    expect(held.blame('gone', 'exception')).toBeNull();
    const before = fingerprintOf('b', files);
    Object.assign(tab(files, 's1') ?? {}, { func: 'other' });
    expect(fingerprintOf('b', files)).not.toBe(before);
  });

  it('is the one that blocked the program when it died without a word', async () => {
    const suspect = { ...flowOf('a1', files), cause: 'stall', at: '2026-01-01T00:00:00.000Z' };
    writeFileSync(join(dir, 'suspect.json'), JSON.stringify(suspect));
    const { held, store } = start();
    expect(tab(await store.load(), 'a')).toMatchObject({ disabled: true });
    expect(held.list()).toMatchObject([{ cause: 'stall' }]);
    expect(existsSync(join(dir, 'suspect.json'))).toBe(false);
  });

  it.each(['', 'no json', '[]', '{"held":[{}]}', '{"held":[{"flow":1}]}'])(
    'runs when the list of held flows is damaged: %j',
    async (text) => {
      writeFileSync(join(dir, 'held.json'), text);
      writeFileSync(join(dir, 'suspect.json'), text);
      const { store } = start();
      expect((await store.load()).filter(({ disabled }) => disabled === true)).toEqual([]);
      expect(lines).toContainEqual(expect.objectContaining({ level: 40, file: join(dir, 'held.json') }));
    },
  );

  it('never throws when the list cannot be written', async () => {
    const { held, store } = start();
    await store.load();
    rmSync(dir, { recursive: true });
    expect(held.blame('a1', 'exception')).not.toBeNull();
    expect(lines.at(-1)).toMatchObject({ level: 50, msg: expect.stringContaining('cannot be written') });
  });

  it('leaves the list for nobody else to read', async () => {
    const { held, store } = start();
    await store.load();
    held.blame('a1', 'exception');
    expect(JSON.parse(readFileSync(join(dir, 'held.json'), 'utf8')).held).toHaveLength(1);
  });
});

describe('a flow that uses a node which is off', () => {
  const exec: FlowNode = { id: 'e', type: 'exec', z: 's', name: 'shell' };

  it('is disabled, with every flow that uses it through a subflow, and the file stays', async () => {
    files.push(exec, { id: 'l', type: 'function', z: 'a', libs: [{ var: 'fs', module: 'fs' }] });
    const before = structuredClone(files);
    const { store, refused } = start();
    const nodes = await store.load();
    expect(refused().map(({ flow, node, group }) => [flow, node, group])).toEqual([
      ['a', 'l', 'function-modules'],
      ['b', 'e', 'exec'],
    ]);
    expect([tab(nodes, 'a')?.disabled, tab(nodes, 'b')?.disabled]).toEqual([true, true]);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'flow "First" (/flows/x.json) does not run: node l loads modules, which is off by default; to allow it, start with REDSTART_NODES_ALLOW=function-modules',
      'flow "Second" (/flows/x.json) does not run: node "shell" (e) is of type "exec", which is off by default; to allow it, start with REDSTART_NODES_ALLOW=exec',
    ]);
    await store.save(nodes);
    expect(files).toEqual(before);
  });

  it('is given to Node-RED without its modules, for which it would start no flow at all, and keeps them in its file', async () => {
    const libs = [{ var: 'fs', module: 'fs' }];
    files.push({ id: 'l', type: 'function', z: 'a', func: 'return msg', libs });
    const guarded = start();
    const nodes = await guarded.store.load();
    expect(tab(nodes, 'l')).toMatchObject({ libs: [] });
    await guarded.store.save(nodes);
    expect(tab(files, 'l')).toMatchObject({ libs });
    const changed = nodes.map((node) => (node.id === 'l' ? { ...node, func: 'return null' } : node));
    await guarded.store.save(changed);
    expect(tab(files, 'l')).toMatchObject({ libs: [], func: 'return null' });
    expect(tab(await start(nodePolicy(['function-modules'])).store.load(), 'l')).not.toHaveProperty('disabled');
  });

  it('names a file outside of the folder for files: likewise', async () => {
    files.push({ id: 'f', type: 'file in', z: 's', name: 'users', filename: '/etc/passwd', filenameType: 'str' });
    const within: FlowNode = { id: 'g', type: 'file', z: 'a', filename: 'reports/x.csv', filenameType: 'str' };
    files.push(within);
    const { store, refused } = start(nodePolicy([], '/data'));
    const nodes = await store.load();
    expect(refused()).toEqual([expect.objectContaining({ flow: 'b', node: 'f', group: 'file', names: '/etc/passwd' })]);
    expect([tab(nodes, 'a')?.disabled, tab(nodes, 'b')?.disabled]).toEqual([undefined, true]);
    expect(lines.map(({ msg }) => msg)).toEqual([
      'flow "Second" (/flows/x.json) does not run: node "users" (f) names the file "/etc/passwd", which is outside of the folder for files of flows and off by default; to allow it, start with REDSTART_NODES_ALLOW=file',
    ]);
    expect(refusedFlows(files, nodePolicy(['file'], '/data'))).toEqual([]);
  });

  it('runs when the node is allowed, disabled itself, or in a flow that is', () => {
    const all = [...files, exec];
    expect(refusedFlows(all, nodePolicy(['exec']))).toEqual([]);
    expect(refusedFlows([...files, { ...exec, d: true }], nodePolicy([]))).toEqual([]);
    expect(
      refusedFlows(
        all.map((node) => (node.id === 'b' ? { ...node, disabled: true } : node)),
        nodePolicy([]),
      ),
    ).toEqual([]);
    expect(
      explainRefused({ flow: 'b', flowLabel: 'B', node: 'e', nodeName: 'exec', nodeType: 'exec', group: 'exec' }, null),
    ).toMatch(/node e is/);
  });
});
