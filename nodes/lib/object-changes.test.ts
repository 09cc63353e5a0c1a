import { describe, expect, it } from 'vitest';
import { ObjectComparison } from './object-changes.ts';
import type { DataObject } from './object-listing.ts';

const file = (name: string, size = 1): DataObject => ({ type: 'FILE', name, size });
const folder = (name: string): DataObject => ({ type: 'FOLDER', name, size: 0 });

describe('a listing against what is known', () => {
  it('tells new, changed and gone, in any order, and what comes twice once', () => {
    const comparison = new ObjectComparison(
      new Map([
        ['a', 1],
        ['b', 2],
        ['empty', 0],
        ['gone', 0],
      ]),
    );
    for (const object of [file('new'), file('b', 3), file('a'), file('empty', 0), file('new'), file('b', 3)])
      comparison.see(object);
    expect(comparison.seen).toBe(4);
    expect(comparison.end(true)).toEqual({ fresh: [file('new')], changed: [file('b', 3)], gone: ['gone'] });
  });

  it('that was cut has nothing that is gone', () => {
    const comparison = new ObjectComparison(new Map([['gone', 1]]));
    comparison.see(file('new'));
    expect(comparison.end(false)).toMatchObject({ fresh: [file('new')], gone: [] });
  });

  it('tells a folder from a file of the same name', () => {
    const comparison = new ObjectComparison(new Map([['a/', 0]]));
    comparison.see(file('a'));
    comparison.see(folder('a'));
    expect(comparison.end(true)).toEqual({ fresh: [file('a')], changed: [], gone: [] });
  });
});
