import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Placed, Rehearsal } from './rehearsal.ts';
import type { RehearsalEvent } from './rehearsal-event.ts';
import type { Expectation } from './rehearsal-schema.ts';

const node = (name: string) => ({ id: name, type: 'function', name });
const start = Date.parse('2026-01-05T09:00:00Z');
const message = (name: string, msg: object, msgid = 'm1', after = 0): RehearsalEvent => ({
  kind: 'message',
  at: start + after,
  node: node(name),
  msgid,
  msg,
});
const call = (method: string, path: string, body: unknown = undefined): RehearsalEvent => ({
  kind: 'call',
  at: start,
  method,
  path,
  route: null,
  query: {},
  body,
  call: { status: 200 },
});

let line = 10;
function placed(what: Expectation): Placed<Expectation> {
  const places: Placed<Expectation>['places'] = {
    '': { line: ++line, column: 9 },
    'with.payload': { line, column: 30 },
  };
  const named = what.message ?? what.status ?? what.error;
  return { what, nodeIds: named === undefined ? [] : [named], places };
}

function rehearsal(parts: { expect?: Expectation[]; never?: Expectation[]; inOrder?: boolean }): Rehearsal {
  return {
    file: 'a.flowtest.yaml',
    name: 'a',
    place: { line: 2, column: 5 },
    nodes: [],
    platform: {},
    at: start,
    env: {},
    credentials: {},
    http: [],
    steps: [],
    inOrder: parts.inOrder ?? false,
    timeoutMs: 1000,
    expect: (parts.expect ?? []).map(placed),
    never: (parts.never ?? []).map(placed),
  };
}

const verdict = (
  parts: Parameters<typeof rehearsal>[0],
  events: RehearsalEvent[],
  held: { node: RehearsalEvent extends { node: infer N } ? N : never; count: number }[] = [],
) => judge(rehearsal(parts), { events, held: held as never });

describe('what was expected', () => {
  const events = [
    message('A', { payload: 1 }),
    message('B', { payload: { x: 1 } }, 'm1', 5000),
    message('A', { payload: 2 }, 'm2'),
  ];

  it('passes when it came', () => {
    expect(
      verdict(
        {
          expect: [
            { message: 'A', times: 2 },
            { message: 'B', with: { payload: { x: 1 } } },
          ],
        },
        events,
      ),
    ).toEqual([]);
  });

  it('tells the first difference, its line, and the path of the message', () => {
    const [failure] = verdict({ expect: [{ message: 'B', with: { payload: { x: 2 } } }] }, events);
    expect(failure?.place.column).toBe(30);
    expect(failure?.details).toEqual([
      'first difference, at with.payload.x:',
      '  expected 2',
      '  actual   1',
      'path of the message: A → (after 5 s) B',
    ]);
  });

  it('tells where messages went when none came, and who still has one', () => {
    const [failure] = verdict({ expect: [{ message: 'C' }] }, events, [{ node: node('B') as never, count: 1 }]);
    expect(failure?.message).toBe('a message at "C" was expected, and did not come');
    expect(failure?.details).toEqual([
      'path of a message: A; it ended at "A"',
      'path of a message: A → (after 5 s) B; "B" still has it',
    ]);
  });

  it.each([
    [1, 'came 2 times, expected at most once'],
    [3, 'was expected 3 times, and it came 2 times'],
    [{ most: 1 }, 'came 2 times'],
    [{ least: 3 }, 'was expected 3 times'],
    [0, 'expected at most 0 times'],
  ])('times: %j', (times, said) => {
    expect(verdict({ expect: [{ message: 'A', times }] }, events)[0]?.message).toContain(said);
  });

  it('keeps an order where one is asked for', () => {
    const expected = [{ message: 'B' }, { message: 'A', with: { payload: 1 } }];
    expect(verdict({ expect: expected }, events)).toEqual([]);
    expect(verdict({ expect: expected, inOrder: true }, events)[0]?.message).toContain('in the wrong order');
    expect(verdict({ expect: expected.toReversed(), inOrder: true }, events)).toEqual([]);
  });

  it('lists the calls that there were', () => {
    const [failure] = verdict({ expect: [{ call: 'POST /workflow/launch' }] }, [
      call('GET', '/user-info'),
      call('GET', '/user-info'),
    ]);
    expect(failure?.details.slice(0, 2)).toEqual(['calls of the Platform:', '  GET /user-info → 200 (2 times)']);
  });
});

it('tells what must never come, with its content', () => {
  const [failure] = verdict({ never: [{ call: 'POST *', body: { a: 1 } }] }, [call('POST', '/x', { a: 1, b: 2 })]);
  expect(failure).toMatchObject({
    message: 'the call POST * must never come, and came',
    details: ['body { a: 1, b: 2 }'],
  });
  expect(verdict({ never: [{ call: 'POST *', body: { a: 2 } }] }, [call('POST', '/x', { a: 1 })])).toEqual([]);
});

describe('an error', () => {
  const error = (caught: boolean): RehearsalEvent => ({
    kind: 'error',
    at: start,
    node: node('A'),
    text: 'broken',
    code: 'E1',
    caught,
    msgid: null,
  });

  it('fails the rehearsal when nothing caught or expected it', () => {
    expect(verdict({}, [error(false)])[0]?.message).toContain('"A" raised an error that nothing caught: broken');
    expect(verdict({}, [error(true)])).toEqual([]);
    expect(verdict({ expect: [{ error: 'A', code: 'E1' }] }, [error(false)])).toEqual([]);
    expect(verdict({ expect: [{ error: 'A', code: 'E2' }] }, [error(false)])).toHaveLength(2);
  });
});

it('names the answer that is missing for a request that was refused, once', () => {
  const refused: RehearsalEvent = {
    kind: 'http',
    at: start,
    method: 'GET',
    url: 'https://a.example/x?y=1',
    headers: {},
    body: undefined,
    refused: true,
  };
  const failures = verdict({}, [refused, refused]);
  expect(failures).toHaveLength(1);
  expect(failures[0]?.details).toContain('    - request: GET https://a.example/x*');
});
