import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FlowNode } from './flow-node.ts';
import { createFlowStore, type FlowStore } from './flow-store.ts';
import { FolderLocked, LOCK_FILE, withFolderLock } from './folder-lock.ts';
import { splitExport } from './layout/folder.ts';

let root: string;
let dir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'redstart-faults-'));
  dir = join(root, 'flows');
  await mkdir(dir);
});
afterEach(async () => await rm(root, { recursive: true, force: true }));

const store = (of = dir): FlowStore =>
  createFlowStore({ dir: of, mode: 'editable', removedDir: join(root, 'removed'), managedNodes: [] });
const FLOW: FlowNode[] = [
  { id: 't', type: 'tab', label: 'Nightly' },
  { id: 'f', type: 'function', z: 't', name: 'Count', func: 'one();\ntwo();', x: 1, y: 2, wires: [] },
];
const withFunc = (func: string): FlowNode[] => FLOW.map((node) => (node.id === 'f' ? { ...node, func } : node));
const at = (name: string): string => join(dir, name);

it('refuses a file in another encoding, which a deploy would write back with characters lost', async () => {
  const text =
    '[\n  {"id":"t","type":"tab","label":"Année"},\n  {"id":"n","type":"inject","z":"t","name":"x","wires":[]}\n]\n';
  await writeFile(at('old.json'), text, 'latin1');
  await expect(store().load()).rejects.toMatchObject({
    code: 'FLOW_FILE_NOT_JSON',
    message: expect.stringContaining('old.json, line 2:'),
  });
  expect(await readFile(at('old.json'), 'latin1')).toBe(text);
  await writeFile(at('old.json'), text);
  expect(await store().load()).toHaveLength(2);
});

describe('a file edited by hand while the editor is open', () => {
  it('is noticed and never overwritten, the code of a function too', async () => {
    await splitExport(FLOW, dir);
    const flows = store();
    await flows.load();
    await writeFile(at('nightly/count.js'), 'by hand();\n');
    expect(await flows.changedOnDisk()).toEqual([at('nightly/count.js')]);
    await expect(flows.save(withFunc('mine();\nmine();'))).rejects.toMatchObject({ code: 'FLOW_FILE_CHANGED' });
    expect(await readFile(at('nightly/count.js'), 'utf8')).toBe('by hand();\n');
    expect((await flows.load()).find(({ id }) => id === 'f')?.func).toBe('by hand();');
  });

  it('that vanishes is noticed, and named when flows are loaded again', async () => {
    await splitExport(FLOW, dir);
    const flows = store();
    await flows.load();
    await rm(at('nightly/count.js'));
    expect(await flows.changedOnDisk()).toEqual([at('nightly/count.js')]);
    await expect(flows.load()).rejects.toMatchObject({
      code: 'FLOW_FILE_UNREADABLE',
      message: expect.stringMatching(/nightly\.json names .*nightly\/count\.js, which is not there/),
    });
    expect(flows.fileOf('f')).toBe(at('nightly.json'));
  });
});

describe('two processes on one folder', () => {
  it('do not write over each other', async () => {
    await splitExport(FLOW, dir);
    const [one, two] = [store(), store()];
    await Promise.all([one.load(), two.load()]);
    const outcomes = await Promise.allSettled([one.save(withFunc('1;\n1;')), two.save(withFunc('2;\n2;'))]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refused.reason).toMatchObject({ code: 'FLOW_FILE_CHANGED', status: 409 });
    const won = outcomes[0].status === 'fulfilled' ? '1;\n1;\n' : '2;\n2;\n';
    expect(await readFile(at('nightly/count.js'), 'utf8')).toBe(won);
  });

  it('do not make the same new file', async () => {
    const [one, two] = [store(), store()];
    await Promise.all([one.load(), two.load()]);
    const other = FLOW.map((node) => ({ ...node, id: `${node.id}2`, ...(node.z && { z: 't2' }) }));
    const outcomes = await Promise.allSettled([one.save(FLOW), two.save(other)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await readdir(dir)).toEqual(['nightly', 'nightly.json']);
  });

  it('wait for each other, and take over the lock of one that died', async () => {
    const lock = join(dir, LOCK_FILE);
    await withFolderLock(dir, async () => {
      await expect(withFolderLock(dir, async () => 1, 0)).rejects.toThrow(FolderLocked);
    });
    await writeFile(lock, JSON.stringify({ pid: process.ppid, host: hostname() }));
    await expect(withFolderLock(dir, async () => 1, 0)).rejects.toThrow(FolderLocked);
    // In a container the next process has the same number.
    await writeFile(lock, JSON.stringify({ pid: process.pid, host: hostname(), life: 'the one before' }));
    await store().load();
    expect(await readdir(dir)).toEqual([]);
    await writeFile(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    expect(await withFolderLock(dir, async () => 1, 0)).toBe(1);
    // Of another machine nobody can tell whether it lives: its age does.
    await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere' }));
    await expect(withFolderLock(dir, async () => 1, 0)).rejects.toThrow('process 1 on elsewhere');
    await utimes(lock, 1, 1);
    expect(await withFolderLock(dir, async () => 1, 0)).toBe(1);
    await writeFile(lock, '');
    await expect(withFolderLock(dir, async () => 1, 0)).rejects.toThrow('another process');
  });
});

describe('what cannot be taken', () => {
  it('is a file of 50 MB, at once', async () => {
    await writeFile(at('huge.json'), '[]');
    await truncate(at('huge.json'), 50 * 1024 ** 2);
    await expect(store().load()).rejects.toMatchObject({
      code: 'FLOW_FILE_TOO_LARGE',
      message: expect.stringContaining('50 MiB'),
    });
  });

  it.each([
    ['../../etc/passwd', 'is no name of a file in mine/'],
    ['/etc/passwd', 'is no name of a file in mine/'],
    ['.git', 'is no name of a file in mine/'],
    ['a\\b', 'is no name of a file in mine/'],
    [1, 'must be the name of a file'],
  ])('is a text file named %j', async (name, reason) => {
    const nodes = [{ id: 'f', type: 'function', 'func:file': name }];
    await writeFile(at('mine.json'), JSON.stringify({ redstart: 1, nodes }));
    await expect(store().load()).rejects.toMatchObject({
      code: 'FLOW_FILE_NOT_FLOWS',
      message: expect.stringContaining(reason),
    });
  });

  it.each([
    [{ redstart: 2, nodes: [] }, '"redstart" is 2, and this version knows 1 only'],
    [{ redstart: 1, node: [] }, '"node" is no property of a flow file'],
    [{ redstart: 1, nodes: {} }, '"nodes" must be a list'],
    [{ redstart: 1, flow: { id: 'a', type: 'debug' } }, '"flow" must be a tab or a subflow'],
    [{ redstart: 1, nodes: [{ id: 'a', type: 'tab' }] }, 'element 1 of its nodes (line 1) is a tab'],
    [{ redstart: 1, nodes: [{ id: 'a' }] }, 'element 1 of its nodes (line 1) has no text "id" and "type"'],
    [{ redstart: 1, nodes: [{ id: 'a', type: 'constructor' }] }, 'is a word of JavaScript itself ("constructor")'],
    [{ redstart: 1, nodes: [{ id: 'a', type: '__proto__' }] }, 'is a word of JavaScript itself ("__proto__")'],
    [{ redstart: 1, nodes: [], layout: [['a', 1]] }, 'a row of "layout" must be'],
    [{ redstart: 1, nodes: [{ id: 'a', type: 'x', 'b:lines': 'text' }] }, '"b:lines" must be a list of texts'],
    [{ redstart: 1, nodes: [{ id: 'a', type: 'x', b: 1, 'b:lines': ['c'] }] }, '"b" is there twice'],
  ])('is a readable file that says %j', async (value, reason) => {
    await writeFile(at('mine.json'), JSON.stringify(value));
    await expect(store().load()).rejects.toMatchObject({
      code: 'FLOW_FILE_NOT_FLOWS',
      message: expect.stringContaining(reason),
    });
  });

  it('is an id in two files, of either form', async () => {
    await splitExport(FLOW, dir);
    await writeFile(at('a.json'), JSON.stringify([{ id: 'f', type: 'debug' }]));
    await expect(store().load()).rejects.toMatchObject({
      code: 'FLOW_DUPLICATE_ID',
      message: expect.stringMatching(/"f" .*a\.json and in .*nightly\.json/),
    });
  });
});

it('writes nothing of a deploy that does not fit on the disk', async (context) => {
  const disk = join(root, 'disk');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return context.skip();
  }
  try {
    await splitExport(FLOW, disk);
    const flows = store(disk);
    await flows.load();
    await expect(flows.save(withFunc(`${'x'.repeat(99)}\n`.repeat(1000)))).rejects.toMatchObject({
      code: 'FLOW_WRITE_FAILED',
      status: 507,
      message: expect.stringContaining('the disk is full. All flow files are as they were.'),
    });
    expect(await readdir(disk)).toEqual(['nightly', 'nightly.json']);
    expect(await readdir(join(disk, 'nightly'))).toEqual(['count.js']);
    expect(await flows.changedOnDisk()).toEqual([]);
    await flows.save(withFunc('small();\nsmall();'));
    expect(await readFile(join(disk, 'nightly/count.js'), 'utf8')).toBe('small();\nsmall();\n');
  } finally {
    execFileSync('umount', [disk]);
  }
});

it('takes 5,000 nodes in one tab, and writes one line when one moves', async () => {
  const nodes: FlowNode[] = [{ id: 't', type: 'tab', label: 'Big' }];
  for (let n = 0; n < 5000; n++) {
    nodes.push({ id: `n${n}`, type: 'debug', z: 't', x: (n % 50) * 100, y: Math.floor(n / 50) * 50, wires: [] });
  }
  await splitExport(nodes, dir);
  const flows = store();
  expect(await flows.load()).toHaveLength(5001);
  const [change, ...rest] = await flows.plan(nodes.map((node) => (node.id === 'n7' ? { ...node, x: 1 } : node)));
  expect(rest).toEqual([]);
  const before = new Set(change?.before?.split('\n'));
  expect(change?.text?.split('\n').filter((line) => !before.has(line))).toEqual(['    ["n7", 1, 0],']);
});

it('removes the code of a function with it, and the folder with the last', async () => {
  await splitExport(FLOW, dir);
  const flows = store();
  await flows.load();
  await flows.save(FLOW.slice(0, 1));
  expect(await readdir(dir)).toEqual(['nightly.json']);
  await flows.save([]);
  expect(await readdir(dir)).toEqual([]);
  expect(await readdir(join(root, 'removed'))).toContain('nightly.json');
  expect((await stat(join(root, 'removed', 'nightly.json'))).mode & 0o777).toBe(0o600);
});
