import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateObjects } from './generate-objects.ts';
import { ObjectTree } from './object-tree.ts';

const filled = (...paths: string[]) => {
  const tree = new ObjectTree();
  for (const [index, path] of paths.entries()) tree.put(path, index + 1);
  return tree;
};
const names = (tree: ObjectTree, path: string, wanted = {}) =>
  tree.list(path, { limit: 100, ...wanted }).entries.map(({ name }) => name);

describe('a tree of objects', () => {
  it('lists a folder: files and folders, sorted', () => {
    const tree = filled('b.txt', 'runs/two/x', 'runs/one/y', 'a.txt', 'runs');
    expect(names(tree, '')).toEqual(['a.txt', 'b.txt', 'runs', 'runs/']);
    expect(names(tree, 'runs')).toEqual(['one/', 'two/']);
    expect(names(tree, 'runs/one/')).toEqual(['y']);
    expect(names(tree, 'none')).toEqual([]);
    expect(names(tree, 'a.txt')).toEqual([]);
    expect([tree.size('runs/one/y'), tree.size('runs'), tree.size('runs/one'), tree.size('x/y')]).toEqual([
      3,
      5,
      undefined,
      undefined,
    ]);
  });

  it('is read in pages, by prefix', () => {
    const tree = filled('a1', 'a2', 'a3', 'b1');
    expect(tree.list('', { limit: 2 })).toMatchObject({ entries: [{ name: 'a1' }, { name: 'a2' }], more: true });
    expect(tree.list('', { limit: 2, after: 'a2' })).toMatchObject({ more: false });
    expect(tree.list('', { limit: 1, prefix: 'a', after: 'a2' })).toEqual({
      entries: [{ name: 'a3', size: 3 }],
      more: false,
    });
    expect(names(tree, '', { after: 'a2x' })).toEqual(['a3', 'b1']);
    expect(names(tree, '', { prefix: 'b', after: 'a1' })).toEqual(['b1']);
  });

  it('changes sizes, and forgets folders that are left empty, not those that were made', () => {
    const tree = filled('a/b/c', 'a/d');
    tree.put('a/b/c', 10);
    tree.put('kept/', 0);
    expect([tree.count, tree.size('a/b/c')]).toEqual([2, 10]);
    expect([...tree.walk()]).toEqual([
      { path: 'a/b/c', size: 10 },
      { path: 'a/d', size: 2 },
      { path: 'kept/', size: 0 },
    ]);
    tree.put('kept/x', 1);
    expect([tree.remove('a/b/c'), tree.remove('kept/x'), tree.remove('a/none'), tree.remove('x/y')]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([names(tree, ''), names(tree, 'a')]).toEqual([['a/', 'kept/'], ['d']]);
    expect([tree.remove('a/'), tree.count]).toEqual([true, 0]);
  });

  it('takes no path with an empty part', () => {
    for (const path of ['', '/', '/a', 'a//b']) expect(() => new ObjectTree().put(path, 1)).toThrow(RangeError);
  });

  it('holds what a map of paths holds', () => {
    const part = fc.constantFrom('a', 'b', 'ab', 'ü');
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const step = fc.record({ path, size: fc.nat(9), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const tree = new ObjectTree();
        const model = new Map<string, number>();
        for (const { path: place, size, remove } of steps) {
          if (remove) expect(tree.remove(place)).toBe(model.delete(place));
          else {
            tree.put(place, size);
            model.set(place, size);
          }
        }
        expect(new Map([...tree.walk()].map((one) => [one.path, one.size]))).toEqual(model);
        expect(tree.count).toBe(model.size);
      }),
    );
  });
});

describe('generated objects', () => {
  it('fill a tree of folders, the same each time', () => {
    const make = (wanted: Parameters<typeof generateObjects>[1]) => {
      const tree = new ObjectTree();
      generateObjects(tree, wanted);
      return tree;
    };
    const tree = make({ count: 1000, depth: 3, perFolder: 10, under: 'all/' });
    expect(tree.count).toBe(1000);
    const paths = [...tree.walk()].map(({ path }) => path);
    expect(new Set(paths.map((path) => path.split('/').length))).toEqual(new Set([5]));
    expect(new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/')))).size).toBe(100);
    expect([...make({ count: 1000, depth: 3, perFolder: 10, under: 'all' }).walk()]).toEqual([...tree.walk()]);
    expect([...make({ count: 3, depth: 0, size: 7, extension: 'bam' }).walk()]).toEqual([
      { path: 'sample_0.bam', size: 7 },
      { path: 'sample_1.bam', size: 7 },
      { path: 'sample_2.bam', size: 7 },
    ]);
    expect(make({ count: 0 }).count).toBe(0);
  });
});
