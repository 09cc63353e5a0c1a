import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FlowNode } from './flow-node.ts';
import { createFlowStore, type FlowStore } from './flow-store.ts';
import { managedNodes } from './managed-nodes.ts';
import { slug } from './slug.ts';

let root: string;
let dir: string;
const managed = managedNodes([{ id: 'seqera-default', name: 'default', baseUrl: 'https://x', workspaceId: null }]);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'redstart-flows-'));
  dir = join(root, 'flows');
  await mkdir(dir);
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

const put = async (files: Record<string, unknown>): Promise<void> => {
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(dir, name), typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`);
  }
};
const json = async (name: string): Promise<FlowNode[]> => JSON.parse(await readFile(join(dir, name), 'utf8'));
/** What a folder's readable file says. */
const readable = async (name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(dir, name), 'utf8'));
const names = async (): Promise<string[]> => (await readdir(dir)).sort();
const store = (mode: 'editable' | 'readonly' = 'editable'): FlowStore =>
  createFlowStore({ dir, mode, removedDir: root, managedNodes: managed });
const tab = (id: string, label: string): FlowNode => ({ id, type: 'tab', label });
const node = (id: string, z: string, rest: object = {}): FlowNode => ({
  id,
  type: 'debug',
  z,
  x: 1,
  y: 1,
  wires: [],
  ...rest,
});

describe('load', () => {
  it('merges the files in the order of their names, and adds the connections', async () => {
    await put({
      'b.json': [tab('t2', 'B')],
      'a.json': [tab('t1', 'A'), node('n', 't1')],
      '.hidden.json': '{',
      'README.md': '#',
    });
    await mkdir(join(dir, 'sub.json'));
    expect((await store().load()).map(({ id }) => id)).toEqual(['t1', 'n', 't2', 'seqera-default']);
  });

  it('names both files of a duplicate id', async () => {
    await put({ 'a.json': [tab('t', 'A')], 'b.json': [tab('t', 'B')] });
    await expect(store().load()).rejects.toMatchObject({
      code: 'FLOW_DUPLICATE_ID',
      message: expect.stringMatching(/"t".*a\.json and in .*b\.json.*tab "A"; tab "B"/),
    });
  });

  it('says how to make a folder that is missing', async () => {
    await rm(dir, { recursive: true });
    await expect(store().load()).rejects.toMatchObject({
      code: 'FLOWS_FOLDER_MISSING',
      mend: expect.stringContaining(`mkdir -p ${dir}`),
    });
  });

  it('tells a dangling link', async () => {
    await symlink('/nowhere', join(dir, 'a.json'));
    await expect(store().load()).rejects.toMatchObject({ code: 'FLOW_FILE_UNREADABLE' });
  });

  it('keeps what it had when a later load fails', async () => {
    await put({ 'a.json': [tab('t', 'A')] });
    const flows = store();
    await flows.load();
    await put({ 'a.json': '[' });
    await expect(flows.load()).rejects.toMatchObject({ code: 'FLOW_FILE_NOT_JSON' });
    expect(flows.fileOf('t')).toBe(join(dir, 'a.json'));
  });
});

describe('save', () => {
  it('writes only the file that changed, and never a connection of the environment', async () => {
    await put({ 'a.json': [tab('t1', 'A'), node('n1', 't1')], 'b.json': [tab('t2', 'B'), node('n2', 't2')] });
    const flows = store();
    const all = await flows.load();
    const before = await stat(join(dir, 'a.json'));
    await flows.save(all.map((one) => (one.id === 'n2' ? { ...one, x: 7 } : one)));
    expect((await stat(join(dir, 'a.json'))).ino).toBe(before.ino);
    expect(await json('b.json')).toEqual([tab('t2', 'B'), node('n2', 't2', { x: 7 })]);
    expect(await readFile(join(dir, 'b.json'), 'utf8')).not.toContain('seqera-default');
    expect(await names()).toEqual(['a.json', 'b.json']);
  });

  it('keeps a copy of a managed node that is in a file, unused', async () => {
    const copy = { id: 'seqera-default', type: 'seqera-config', name: 'copied', baseUrl: 'https://other' };
    await put({ 'a.json': [tab('t', 'A'), copy] });
    const flows = store();
    const all = await flows.load();
    expect(all.filter(({ id }) => id === 'seqera-default')).toEqual(managed);
    await flows.save([...all, node('n', 't')]);
    expect(await json('a.json')).toEqual([tab('t', 'A'), copy, node('n', 't')]);
  });

  it('puts a new tab into a new file, named after its label and never over another', async () => {
    await put({ 'nightly-qc.json': [tab('t', 'x')] });
    const flows = store();
    const all = await flows.load();
    await writeFile(join(dir, 'weekly.json'), 'appeared since');
    await flows.save([...all, tab('n1', 'Nightly QC!'), node('m', 'n1'), tab('n2', 'Weekly')]);
    expect(await names()).toEqual([
      'globals.json',
      'nightly-qc-2.json',
      'nightly-qc.json',
      'weekly-2.json',
      'weekly.json',
    ]);
    expect(await readable('globals.json')).toMatchObject({
      order: ['nightly-qc.json', 'nightly-qc-2.json', 'weekly-2.json'],
    });
    expect(await readable('nightly-qc-2.json')).toEqual({
      redstart: 1,
      flow: tab('n1', 'Nightly QC!'),
      nodes: [{ id: 'm', type: 'debug', wires: [] }],
      layout: [['m', 1, 1]],
    });
    expect(await readFile(join(dir, 'weekly.json'), 'utf8')).toBe('appeared since');
    await rm(join(dir, 'weekly.json'));
    const { ino } = await stat(join(dir, 'globals.json'));
    await flows.save([...all, tab('n1', 'Nightly QC!'), node('m', 'n1', { x: 3 }), tab('n2', 'Weekly')]);
    expect((await store().load()).map(({ id }) => id)).toEqual(['t', 'n1', 'm', 'n2', 'seqera-default']);
    expect((await stat(join(dir, 'globals.json'))).ino).toBe(ino);
  });

  it('puts new configuration nodes into globals.json, in their order, and leaves those of an export', async () => {
    const old = { id: 'c0', type: 'tls' };
    await put({ 'a.json': [tab('t1', 'A'), old], 'b.json': [tab('t2', 'B')] });
    const flows = store();
    const all = await flows.load();
    await flows.save([...all, { id: 'c3', type: 'tls-config' }, { id: 'c1', type: 'mqtt-broker', tls: 'c3' }]);
    expect(await json('a.json')).toEqual([tab('t1', 'A'), old]);
    expect(await readable('globals.json')).toEqual({
      redstart: 1,
      nodes: [
        { id: 'c3', type: 'tls-config' },
        { id: 'c1', type: 'mqtt-broker', tls: 'c3' },
      ],
    });
  });

  it('moves nodes that were moved to another tab', async () => {
    await put({ 'a.json': [tab('t1', 'A'), node('n', 't1')], 'b.json': [tab('t2', 'B')] });
    const flows = store();
    const all = await flows.load();
    await flows.save(all.map((one) => (one.id === 'n' ? { ...one, z: 't2' } : one)));
    expect(await json('a.json')).toEqual([tab('t1', 'A')]);
    expect(await json('b.json')).toEqual([tab('t2', 'B'), node('n', 't2')]);
  });

  it('removes a file with its last tab, and keeps a copy', async () => {
    await put({
      'a.json': [tab('t1', 'A')],
      'b.json': [tab('t2', 'B')],
      'c.json': { about: 'ours', flows: [tab('t3', 'C')] },
    });
    const flows = store();
    await flows.load();
    await flows.save([tab('t1', 'A')]);
    expect(await names()).toEqual(['a.json', 'c.json']);
    expect(JSON.parse(await readFile(join(dir, 'c.json'), 'utf8'))).toEqual({ about: 'ours', flows: [] });
    expect(JSON.parse(await readFile(join(root, 'b.json'), 'utf8'))).toEqual([tab('t2', 'B')]);
  });

  it('refuses a file that changed on disk, and leaves everything as it is', async () => {
    await put({ 'a.json': [tab('t1', 'A')], 'b.json': [tab('t2', 'B')] });
    const flows = store();
    await flows.load();
    await put({ 'b.json': [tab('t2', 'pulled')] });
    expect(await flows.changedOnDisk()).toEqual([join(dir, 'b.json')]);
    await expect(flows.save([tab('t1', 'mine'), tab('t2', 'mine')])).rejects.toMatchObject({
      code: 'FLOW_FILE_CHANGED',
      status: 409,
      message: expect.stringContaining('b.json'),
    });
    expect(await json('a.json')).toEqual([tab('t1', 'A')]);
    expect(await json('b.json')).toEqual([tab('t2', 'pulled')]);
    expect(await flows.load()).toHaveLength(3);
    await flows.save([tab('t1', 'mine'), tab('t2', 'mine')]);
    expect(await json('b.json')).toEqual([tab('t2', 'mine')]);
  });

  it('is refused with a node that Node-RED could never start with', async () => {
    await put({ 'a.json': [tab('t', 'A')] });
    const flows = store();
    const nodes = await flows.load();
    for (const wrong of [node('n', 't', { type: 'constructor' }), node('m', 't', { type: '__proto__' })])
      await expect(flows.save([...nodes, wrong])).rejects.toMatchObject({ code: 'FLOW_NODE_INVALID', status: 400 });
    expect(await json('a.json')).toEqual([tab('t', 'A')]);
  });

  it('is refused when read-only', async () => {
    await put({ 'a.json': [tab('t1', 'A')] });
    const flows = store('readonly');
    await flows.load();
    await expect(flows.save([])).rejects.toMatchObject({ code: 'FLOWS_READONLY', status: 403 });
    expect(await names()).toEqual(['a.json']);
  });

  it('keeps the permissions of a file, and follows a link', async () => {
    const real = join(root, 'real.json');
    await writeFile(real, JSON.stringify([tab('t', 'A')]));
    await chmod(real, 0o640);
    await symlink(real, join(dir, 'a.json'));
    const flows = store();
    await flows.load();
    await flows.save([tab('t', 'B')]);
    expect(await json('a.json')).toEqual([tab('t', 'B')]);
    expect((await stat(real)).mode & 0o777).toBe(0o640);
    expect(JSON.parse(await readFile(real, 'utf8'))).toEqual([tab('t', 'B')]);
  });

  it('keeps tabs in the order of the editor and everything else in that of the file', async () => {
    await put({ 'a.json': [node('n1', 't1'), tab('t1', 'A'), tab('t2', 'B'), node('n2', 't2')] });
    const flows = store();
    await flows.load();
    await flows.save([tab('t2', 'B'), tab('t1', 'A'), node('n2', 't2'), node('n1', 't1')]);
    expect((await json('a.json')).map(({ id }) => id)).toEqual(['n1', 't2', 't1', 'n2']);
  });
});

describe('a random deploy', () => {
  const label = fc.string({ maxLength: 8 });
  const config = fc.record({
    tabs: fc.array(label, { maxLength: 5 }),
    nodes: fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.jsonValue({ maxDepth: 2 })), { maxLength: 12 }),
  });
  const build = ({ tabs, nodes }: { tabs: string[]; nodes: [number, number, unknown][] }): FlowNode[] => [
    ...tabs.map((text, index) => tab(`t${index}`, text)),
    ...nodes.map(
      ([z, use, value], index): FlowNode =>
        z < tabs.length
          ? node(`n${index}`, `t${z}`, { uses: `c${use}`, value })
          : { id: `c${index}`, type: z % 2 ? 'subflow' : 'some-config', name: `x${z}`, uses: `c${use}`, value },
    ),
  ];
  const byId = (nodes: FlowNode[]): FlowNode[] =>
    nodes.filter(({ id }) => id !== 'seqera-default').sort((a, b) => (a.id < b.id ? -1 : 1));

  it('comes back from disk as it was deployed, and deploying it again writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(config, { minLength: 1, maxLength: 4 }), async (deploys) => {
        await rm(dir, { recursive: true, force: true });
        await mkdir(dir);
        const flows = store();
        await flows.load();
        for (const deploy of deploys) {
          const nodes = JSON.parse(JSON.stringify(build(deploy))) as FlowNode[];
          await flows.save(nodes);
          const fresh = await store().load();
          expect(byId(fresh)).toEqual(byId(nodes));
          const inodes = async () =>
            await Promise.all((await names()).map(async (name) => (await stat(join(dir, name))).ino));
          const before = await inodes();
          await flows.save(nodes);
          expect(await inodes()).toEqual(before);
          expect(await flows.changedOnDisk()).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});

it.each([
  ['Nightly QC!', 'nightly-qc'],
  ['Größe: Ünïcode', 'große-unicode'.replace('ß', '-')],
  ['../../etc/passwd', 'etc-passwd'],
  ['日本', 'flow'],
  ['', 'flow'],
])('slug %s', (title, expected) => expect(slug(title)).toBe(expected));
