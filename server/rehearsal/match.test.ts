import { describe, expect, it } from 'vitest';
import { callMatcher, firstDifference, shown } from './match.ts';

describe('firstDifference', () => {
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 2, d: 3 }] }, e: 4 }],
    ['/fail(ed)?/i', 'it FAILED'],
    ['/^4/', 42],
    [null, null],
    [[], []],
    [{ at: new Date('2026-01-05T09:00:00Z') }, { at: '2026-01-05T09:00:00.000Z' }],
  ])('%j matches %j', (expected, actual) => {
    expect(firstDifference(expected, actual)).toBeNull();
  });

  it('names the first place that differs, and what stands there', () => {
    const actual = { payload: { workflow: { status: 'FAILED' }, list: [1, 2] } };
    expect(firstDifference({ payload: { list: [1, 3] } }, actual)).toEqual({
      path: ['payload', 'list', 1],
      expected: '3',
      actual: '2',
    });
    expect(firstDifference({ payload: { workflow: { status: 'SUCCEEDED', id: '/./' } } }, actual)).toEqual({
      path: ['payload', 'workflow', 'status'],
      expected: '"SUCCEEDED"',
      actual: '"FAILED"',
    });
    expect(firstDifference({ payload: { run: 1 } }, actual)).toMatchObject({
      path: ['payload', 'run'],
      actual: 'nothing',
    });
    expect(firstDifference([1], [1, 2])).toMatchObject({
      expected: '1 elements',
      actual: expect.stringContaining('2 elements'),
    });
  });

  it('tells a number from its text, and nothing from null', () => {
    expect(firstDifference(1, '1')).not.toBeNull();
    expect(firstDifference({ a: null }, {})).not.toBeNull();
    expect(firstDifference('/x/', { x: 1 })).not.toBeNull();
  });
});

describe('callMatcher', () => {
  it.each([
    ['POST /workflow/launch', 'POST', '/workflow/launch', true],
    ['POST /workflow/launch', 'GET', '/workflow/launch', false],
    ['* /workflow/*', 'DELETE', '/workflow/abc/cancel', true],
    ['GET /workflow', 'GET', '/workflow/abc', false],
    ['GET https://a.example/x?y=(1)', 'GET', 'https://a.example/x?y=(1)', true],
  ])('%s: %s %s is %s', (pattern, method, path, matches) => {
    expect(callMatcher(pattern)(method, path)).toBe(matches);
  });
});

it('shows a long value on one line, cut', () => {
  expect(shown({ text: 'x'.repeat(1000), list: Array.from({ length: 100 }, (_, index) => index) }).length).toBeLessThan(
    310,
  );
  expect(shown('a\nb')).toBe('"a\\nb"');
});
