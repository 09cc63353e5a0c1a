import { describe, expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import { keptOf, type RepeatCount, type RepeatedLine, Repeats, repeatKey } from './repeats.ts';

const MINUTE = 60_000;

function setUp() {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const told: (RepeatCount & { msg: string })[] = [];
  const repeats = new Repeats({
    now: () => now,
    summary: (_key, { msg }: RepeatedLine, repeated) => told.push({ ...repeated, msg }),
  });
  return {
    told,
    repeats,
    take: (key: string) => repeats.take(key, () => ({ fields: {}, msg: key })),
    pass(ms: number) {
      now += ms;
      repeats.tick();
    },
  };
}

describe('Repeats', () => {
  it('writes an error once, and its count at growing intervals', () => {
    const { told, take, pass } = setUp();
    expect(take('broken')).toBe(true);
    const minutes: number[] = [];
    for (let minute = 1; minute <= 90; minute += 1) {
      expect(take('broken')).toBe(false);
      const before = told.length;
      pass(MINUTE);
      if (told.length > before) minutes.push(minute);
    }
    expect(minutes).toEqual([1, 6, 21, 81]);
    expect(told.map(({ count }) => count)).toEqual([1, 5, 15, 60]);
    expect(told[1]).toEqual({
      msg: 'broken',
      count: 5,
      first: '2026-01-01T00:01:00.000Z',
      last: '2026-01-01T00:05:00.000Z',
    });
  });

  it('writes one anew that stayed away for a whole wait, and says nothing of what came once', () => {
    const { told, take, pass } = setUp();
    expect(take('now and then')).toBe(true);
    pass(MINUTE);
    expect(take('now and then')).toBe(true);
    pass(MINUTE);
    expect(told).toEqual([]);
  });

  it('tells what was counted when it ends, and loses nothing to a timer that is late', () => {
    const late = setUp();
    late.take('a');
    late.take('a');
    // The timer did not run: the machine slept.
    let clock = Date.now();
    const repeats = new Repeats({ now: () => clock, summary: (_key, _line, { count }) => counts.push(count) });
    const counts: number[] = [];
    const line = () => ({ fields: {}, msg: 'a' });
    repeats.take('a', line);
    repeats.take('a', line);
    clock += 2 * MINUTE;
    expect(repeats.take('a', line)).toBe(true);
    expect(counts).toEqual([1]);
    repeats.take('a', line);
    repeats.flush();
    expect(counts).toEqual([1, 1]);
    expect(repeats.take('a', line)).toBe(true);
    repeats.flush();
    late.repeats.flush();
    expect(late.told.map(({ count }) => count)).toEqual([1]);
  });

  it('swallows none of a flood of different errors, and keeps a bounded number of them', () => {
    const { told, take, repeats } = setUp();
    take('first');
    take('first');
    const written = Array.from({ length: 2000 }, (_, index) => take(`error ${index}`));
    expect(written.every(Boolean)).toBe(true);
    // The first one had to make room, and its count was not lost with it.
    expect(told).toMatchObject([{ msg: 'first', count: 1 }]);
    expect(take('error 1999')).toBe(false);
    expect(take('error 0')).toBe(true);
    repeats.flush();
  });
});

describe('keptOf', () => {
  it('keeps no half of a secret where it cuts, which nobody would know for one', () => {
    const secret = new Secret(`planted-${'x'.repeat(40)}`).reveal();
    const { fields, msg } = keptOf({ file: `${'a'.repeat(480)}${secret}` }, `${'a'.repeat(1980)}${secret}`);
    expect(msg).toBe(`${'a'.repeat(1980)}[redacted]`);
    expect(fields).toEqual({ file: `${'a'.repeat(480)}[redacted]` });
  });
});

describe('repeatKey', () => {
  const key = (msg: string, fields: object = {}, component = 'node-red') =>
    repeatKey(component, { ...fields } as Record<string, unknown>, msg);

  it.each([
    ['Run 5x9ZkLmN1c4 failed', 'Run 7y2AbCdE8f1 failed'],
    ['no answer after 350.5 ms', 'no answer after 9 ms'],
    ['row 12 of 4096', 'row 7 of 9'],
    ['file 0f3c-9b21-aa10.json is gone', 'file 77aa-9b21-0000.json is gone'],
    ['at 2026-01-01T00:00:00Z', 'at 2027-12-01T00:00:00Z'],
  ])('is the same for %j and %j', (one, other) => {
    expect(key(one)).toBe(key(other));
  });

  it.each([
    ['the Platform answered 404', 'the Platform answered 500'],
    ['connect ECONNREFUSED 10.0.0.7', 'connect ECONNREFUSED 10.0.0.8'],
    ['bucket S3 is full', 'bucket S4 is full'],
    ['broken', 'broken too'],
  ])('is another for %j and %j', (one, other) => {
    expect(key(one)).not.toBe(key(other));
  });

  it('is another for another component, node, code, file or error code, and the same for another run', () => {
    const base = { node: 'n1', code: 'X', err: { code: 'ECONNREFUSED' } };
    const others = [
      key('m', { ...base, node: 'n2' }),
      key('m', { ...base, code: 'Y' }),
      key('m', { ...base, file: 'a' }),
      key('m', { ...base, err: { code: 'ETIMEDOUT' } }),
      key('m', base, 'git'),
    ];
    expect(new Set([key('m', base), ...others]).size).toBe(6);
    expect(key('m', { ...base, runId: 'a' })).toBe(key('m', { ...base, runId: 'b' }));
  });
});
