import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findFlowArray, findJsonFault, placeOf } from './json-scan.ts';

describe('findJsonFault', () => {
  it('takes every JSON text', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(0, 2, '\t'),
        (value, indent) => findJsonFault(JSON.stringify(value, null, indent)) === null,
      ),
    );
  });

  it('agrees with JSON.parse on damaged texts', () => {
    const damaged = fc
      .tuple(
        fc.jsonValue({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', '<', '\\', '\n', '0', '-', 'e'),
      )
      .map(([value, at, piece]) => {
        const text = JSON.stringify(value, null, 1);
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + 1);
      });
    fc.assert(
      fc.property(damaged, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(findJsonFault(text) === null).toBe(valid);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['[{"a":1,}]', 8, 'property name'],
    ['[1 2]', 3, 'comma or ]'],
    ['{"a" 1}', 5, 'colon'],
    ['[tru]', 1, 'value'],
    ['[1', 2, 'comma or ]'],
    ['["a', 3, 'ends inside a text'],
    ['["\\x"]', 2, 'escape'],
    ['[]]', 2, 'should end'],
    ['', 0, 'ends too early'],
  ])('%s', (text, offset, reason) => {
    const fault = findJsonFault(text);
    expect(fault?.offset).toBe(offset);
    expect(fault?.reason).toContain(reason);
  });
});

describe('findFlowArray', () => {
  it('gives the span of each element, in both forms', () => {
    for (const text of ['[ {"id":"a"} ,\n{"id":"b"}]', '{"rev":[1],"flows": [{"id":"a"},{"id":"b"}]}']) {
      const span = findFlowArray(text).array;
      expect(span?.elements.map(({ start, end }) => JSON.parse(text.slice(start, end)))).toEqual([
        { id: 'a' },
        { id: 'b' },
      ]);
      expect(text[span?.start ?? -1]).toBe('[');
      expect(text[(span?.end ?? 0) - 1]).toBe(']');
    }
    expect(findFlowArray('{"nested":{"flows":[]}}').array).toBeNull();
    expect(findFlowArray('{"a": 1, "flows": []}').properties.get('a')).toEqual({ start: 6, end: 7 });
  });
});

it('placeOf counts lines and columns from 1', () => {
  expect(placeOf('ab\ncd\r\nef', 4)).toEqual({ line: 2, column: 2, source: 'cd' });
});
