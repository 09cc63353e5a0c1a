import { describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import { PlatformClient } from './client.ts';
import { SeqeraError } from './errors.ts';
import { HttpClient } from './http-client.ts';
import { type Subject, type Watch, Watcher } from './watcher.ts';

interface Thing {
  id: string;
  status: string;
  full?: boolean;
}

/** A list of things, newest first, and what is asked about it. */
class Shelf implements Subject<Thing> {
  readonly things: Thing[] = [];
  readonly asked: string[] = [];
  failWith: SeqeraError | undefined;
  busy = 0;
  mostBusyLists = 0;

  add(count: number, prefix: string): string[] {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    this.things.unshift(...ids.map((id) => ({ id, status: 'RUNNING' })));
    return ids;
  }

  async list(_client: PlatformClient, offset: number): Promise<{ items: Thing[]; more: boolean }> {
    this.asked.push(`page ${offset / 100}`);
    this.busy += 1;
    this.mostBusyLists = Math.max(this.mostBusyLists, this.busy);
    await new Promise((resolve) => setImmediate(resolve));
    this.busy -= 1;
    if (this.failWith) throw this.failWith;
    return {
      items: this.things.slice(offset, offset + 100).map((each) => ({ ...each })),
      more: offset + 100 < this.things.length,
    };
  }

  async get(_client: PlatformClient, id: string): Promise<Thing> {
    this.asked.push(`one ${id}`);
    if (this.failWith) throw this.failWith;
    const found = this.things.find((each) => each.id === id);
    if (!found) throw new SeqeraError('SEQERA_NOT_FOUND', 'none', { status: 404 });
    return { ...found, full: true };
  }

  idOf = ({ id }: Thing): string => id;
  statusOf = ({ status }: Thing): string => status;
  ended = ({ status }: Thing): boolean => status === 'SUCCEEDED';
  merge = (full: Thing, item: Thing): Thing => ({ ...full, ...item });

  end(id: string): void {
    const found = this.things.find((each) => each.id === id);
    if (found) found.status = 'SUCCEEDED';
  }

  /** What was asked since the last time. */
  taken(): string[] {
    return this.asked.splice(0);
  }
}

function setup() {
  const clock = new FakeClock();
  const shelf = new Shelf();
  const http = new HttpClient({ baseUrl: 'http://unused.example', token: () => 'x', clock, random: () => 0.5 });
  const watcher = new Watcher(new PlatformClient(http), shelf);
  const seen: Thing[] = [];
  const troubles: SeqeraError[] = [];
  const lost: SeqeraError[] = [];
  const watch = (id: string, intervalMs = 5000): (() => void) => {
    const one: Watch<Thing> = {
      id,
      intervalMs,
      onSight: (thing) => {
        seen.push(thing);
        if (thing.status === 'SUCCEEDED') stop();
      },
      onTrouble: (error) => troubles.push(error),
      onLost: (error) => lost.push(error),
    };
    const stop = watcher.watch(one);
    return stop;
  };
  return { clock, shelf, watcher, watch, seen, troubles, lost };
}

describe('what a check costs', () => {
  it('is one single call for one run', async () => {
    const { clock, shelf, watch } = setup();
    const [id] = shelf.add(1, 'a');
    watch(String(id));
    await clock.advance(5 * 5000 + 100);
    expect(new Set(shelf.taken())).toEqual(new Set(['one a0']));
  });

  it('is one call on the list for up to a hundred, and full bodies only where the status changed', async () => {
    const { clock, shelf, watch, seen } = setup();
    for (const id of shelf.add(100, 'a')) watch(id);
    await clock.advance(1000);
    expect(seen).toHaveLength(100);
    expect(seen.every(({ full }) => full)).toBe(true);
    shelf.taken();
    await clock.advance(5000);
    expect(shelf.taken()).toEqual(['page 0']);
    expect(seen).toHaveLength(200);
    shelf.end('a7');
    await clock.advance(5000);
    expect(shelf.taken()).toEqual(['page 0', 'one a7']);
    expect(seen.filter(({ status }) => status === 'SUCCEEDED')).toEqual([
      { id: 'a7', status: 'SUCCEEDED', full: true },
    ]);
  });

  it('is a page for each hundred of a thousand, also when newer runs push them on', async () => {
    const { clock, shelf, watch, seen } = setup();
    const ids = shelf.add(1000, 'a');
    for (const id of ids) watch(id);
    await clock.advance(1000);
    for (let i = 0; i < 5; i += 1) await settle();
    shelf.taken();
    seen.length = 0;
    shelf.add(250, 'newer');
    await clock.advance(5000);
    for (let i = 0; i < 5; i += 1) await settle();
    expect(shelf.taken().length).toBeLessThanOrEqual(14);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1000);
    await clock.advance(5000);
    expect(shelf.taken().length).toBeLessThanOrEqual(12);
  });

  it('does not read a long list for a few that are far behind in it', async () => {
    const { clock, shelf, watch, seen } = setup();
    const ids = shelf.add(3, 'old');
    shelf.add(5000, 'newer');
    for (const id of ids) watch(id);
    await clock.advance(1000);
    shelf.taken();
    seen.length = 0;
    await clock.advance(5000);
    expect(shelf.taken().sort()).toEqual(['one old0', 'one old1', 'one old2']);
    expect(seen).toHaveLength(3);
  });

  it('is gathered although the runs came one after the other', async () => {
    const { clock, shelf, watch } = setup();
    for (const id of shelf.add(10, 'a')) {
      watch(id);
      await clock.advance(70);
    }
    await clock.advance(20_000);
    shelf.taken();
    await clock.advance(10_000);
    expect(shelf.taken().length).toBeLessThanOrEqual(4);
  });
});

describe('what a check tells', () => {
  it('keeps the interval of each watch and never overlaps', async () => {
    const { clock, shelf, watch, seen } = setup();
    const [fast, slow] = shelf.add(2, 'a');
    watch(String(fast), 1000);
    watch(String(slow), 10_000);
    await clock.advance(30_000);
    const count = (id: string | undefined) => seen.filter((each) => each.id === id).length;
    expect(count(fast)).toBeGreaterThanOrEqual(25);
    expect(count(fast)).toBeLessThanOrEqual(33);
    expect(count(slow)).toBeGreaterThanOrEqual(3);
    expect(count(slow)).toBeLessThanOrEqual(5);
    expect(shelf.mostBusyLists).toBeLessThanOrEqual(1);
  });

  it('stops asking when nothing is watched any more', async () => {
    const { clock, shelf, watch, watcher } = setup();
    const stops = shelf.add(5, 'a').map((id) => watch(id));
    await clock.advance(6000);
    for (const stop of stops) stop();
    expect(watcher.size).toBe(0);
    shelf.taken();
    await clock.advance(60_000);
    expect(shelf.taken()).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});

describe('when checks fail', () => {
  const down = new SeqeraError('SEQERA_SERVER_ERROR', '503', { status: 503, transient: true });

  it.each([1, 50])('asks more slowly, for as long as it takes, and goes on (%i runs)', async (count) => {
    const { clock, shelf, watch, seen, troubles, lost } = setup();
    const ids = shelf.add(count, 'a');
    for (const id of ids) watch(id, 1000);
    await clock.advance(3000);
    shelf.failWith = down;
    shelf.taken();
    await clock.advance(600_000);
    expect(shelf.taken().length).toBeLessThan(60);
    expect(troubles.length).toBeGreaterThan(10);
    expect(lost).toEqual([]);
    shelf.failWith = undefined;
    for (const id of ids) shelf.end(id);
    await clock.advance(30_000);
    expect(new Set(seen.filter(({ status }) => status === 'SUCCEEDED').map(({ id }) => id)).size).toBe(count);
  });

  it('gives up on a token that is refused again and again, and not on one refusal', async () => {
    const { clock, shelf, watch, lost, seen } = setup();
    for (const id of shelf.add(3, 'a')) watch(id, 1000);
    await clock.advance(3000);
    shelf.failWith = new SeqeraError('SEQERA_UNAUTHORIZED', '401', { status: 401 });
    await clock.advance(6000);
    shelf.failWith = undefined;
    const before = seen.length;
    await clock.advance(10_000);
    expect(seen.length).toBeGreaterThan(before);
    expect(lost).toEqual([]);
    shelf.failWith = new SeqeraError('SEQERA_FORBIDDEN', '403', { status: 403 });
    await clock.advance(60_000);
    expect(lost.map(({ code }) => code)).toEqual(['SEQERA_FORBIDDEN', 'SEQERA_FORBIDDEN', 'SEQERA_FORBIDDEN']);
  });

  it('gives up on what does not exist, and goes on with the others', async () => {
    const { clock, shelf, watch, lost, watcher } = setup();
    for (const id of [...shelf.add(3, 'a'), 'none']) watch(id, 1000);
    await clock.advance(20_000);
    expect(lost).toMatchObject([{ code: 'SEQERA_NOT_FOUND' }]);
    expect(watcher.size).toBe(3);
  });
});
