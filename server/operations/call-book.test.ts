import { expect, it } from 'vitest';
import { CallBook } from './call-book.ts';

const call = {
  platform: 'api.example.org',
  method: 'GET',
  endpoint: '/workflow',
  status: 200 as number | undefined,
  error: undefined as string | undefined,
  attempt: 1,
  durationMs: 100,
  waitedMs: 5,
};

it('tells of each Platform how its calls go, and forgets', () => {
  let now = Date.UTC(2026, 0, 15, 12);
  const book = new CallBook(() => now);
  for (let index = 0; index < 100; index += 1) {
    book.add({ ...call, durationMs: index });
    now += 100;
  }
  book.add({ ...call, status: undefined, error: 'SEQERA_TIMEOUT', attempt: 2 });
  expect(book.of('api.example.org')).toEqual({
    lastMinute: 101,
    budgetUsed: 0.455,
    errorsLastHour: 1,
    retriesLastHour: 1,
    medianMs: 50,
    p95Ms: 95,
    waitedMs: 5,
    lastError: { at: new Date(now).toISOString(), endpoint: 'GET /workflow', error: 'SEQERA_TIMEOUT' },
  });
  now += 61_000;
  expect(book.of('api.example.org')).toMatchObject({ lastMinute: 0, budgetUsed: 0, errorsLastHour: 1 });
  now += 3_600_000;
  expect(book.of('api.example.org')).toMatchObject({ errorsLastHour: 0, medianMs: 50 });
  expect(book.of('elsewhere')).toMatchObject({ lastMinute: 0, medianMs: null, lastError: null });
});

it('holds a bound on hosts, which flows can name', () => {
  const book = new CallBook(() => 0);
  for (let index = 0; index < 200; index += 1) book.add({ ...call, platform: `host${index}` });
  expect(book.of('host10').lastMinute).toBe(1);
  expect(book.of('host199').lastMinute).toBe(0);
});
