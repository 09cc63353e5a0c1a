import { describe, expect, it } from 'vitest';
import { Announcer } from './announcer.ts';
import type { NodeHost } from './node-host.ts';

/** What an announcer needs of a node: its store, here in memory. */
function host(kept: Map<string, unknown>, onSet: () => void = () => undefined): NodeHost {
  return {
    store: {
      get: async (key: string) => kept.get(key),
      set: async (key: string, value: unknown) => {
        kept.set(key, value);
        onSet();
      },
      delete: async (key: string) => kept.delete(key),
    },
  } as unknown as NodeHost;
}

describe('announcing while the node goes', () => {
  it('sends nothing and moves no cursor when the node went before the sending', async () => {
    const kept = new Map<string, unknown>();
    const stop = new AbortController();
    const sent: string[] = [];
    const saved: number[] = [];
    await new Announcer(host(kept, () => stop.abort())).announce({
      ids: ['a'],
      send: () => sent.push('a'),
      cursor: 1,
      save: async (cursor) => void saved.push(cursor),
      signal: stop.signal,
    });
    expect([sent, saved]).toEqual([[], []]);

    const marks: boolean[] = [];
    await new Announcer(host(kept)).announce({
      ids: ['a'],
      send: (again) => marks.push(again('a')),
      cursor: 1,
      save: async (cursor) => void saved.push(cursor),
      signal: new AbortController().signal,
    });
    // It was not sent before, so it bears no mark.
    expect([marks, saved]).toEqual([[false], [1]]);
  });

  it('repeats with a mark what was sent while the node went', async () => {
    const kept = new Map<string, unknown>();
    const stop = new AbortController();
    const saved: number[] = [];
    await new Announcer(host(kept)).announce({
      ids: ['a'],
      send: () => stop.abort(),
      cursor: 1,
      save: async (cursor) => void saved.push(cursor),
      signal: stop.signal,
    });
    expect(saved).toEqual([]);
    const marks: [string, boolean][] = [];
    await new Announcer(host(kept)).announce({
      ids: ['a', 'b'],
      send: (again) => marks.push(['a', again('a')], ['b', again('b')]),
      cursor: 2,
      save: async (cursor) => void saved.push(cursor),
      signal: new AbortController().signal,
    });
    expect(marks).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(saved).toEqual([2]);
  });
});
