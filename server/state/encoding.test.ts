import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, EncodingError, encode } from './encoding.ts';

const back = (value: unknown): unknown => decode(encode(value));

describe('what goes into the store comes out', () => {
  it('for any JSON value and any mixture of it with Buffers, dates, maps, sets and big integers', () => {
    const value = fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true });
    fc.assert(
      fc.property(value, (before) => {
        expect(back(before)).toEqual(before);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const buffer = Buffer.from(bytes);
        const after = back({ deep: [buffer] }) as { deep: Buffer[] };
        expect(Buffer.isBuffer(after.deep[0])).toBe(true);
        expect(after.deep[0]?.equals(buffer)).toBe(true);
      }),
    );
  });

  it.each([
    ['an object that looks like one of the store’s own', { $redstart: 'date', value: 'x' }],
    ['a key __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
    ['an invalid date', new Date(Number.NaN)],
    ['NaN in an array', [Number.NaN, Number.POSITIVE_INFINITY, -0]],
  ])('%s', (_name, value) => {
    expect(back(value)).toEqual(value);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('what cannot be stored is named by its place', () => {
  const circular: { a: { b: unknown[] } } = { a: { b: [] } };
  circular.a.b.push(circular.a);
  it.each([
    ['a function', { a: [1, () => 1] }, '.a[1]'],
    ['a symbol', { a: { b: Symbol('x') } }, '.a.b'],
    ['a circle', circular, '.a.b[0]'],
  ])('%s', (_name, value, part) => {
    expect(() => encode(value)).toThrow(EncodingError);
    try {
      encode(value);
    } catch (error) {
      expect((error as EncodingError).part).toBe(part);
    }
  });

  it('but the same object twice is no circle', () => {
    const shared = { x: 1 };
    expect(back([shared, shared])).toEqual([{ x: 1 }, { x: 1 }]);
  });
});
