import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createFaultLog } from './fault-log.ts';

it('tells a fault once, however often it is noted, and tells its end', () => {
  const lines: string[] = [];
  const faults = createFaultLog(
    pino({}, { write: (line) => void lines.push(`${JSON.parse(line).level} ${JSON.parse(line).msg}`) }),
  );
  faults.note('store_not_writing', null);
  faults.note('store_not_writing', 'a write has not returned for 5 s');
  faults.note('store_not_writing', 'a write has not returned for 6 s');
  faults.note('flow_files_invalid', 'no JSON');
  faults.note('store_not_writing', 'the disk is full');
  faults.note('store_not_writing', null);
  faults.note('store_not_writing', null);
  faults.note('store_not_writing', 'the disk is full');
  expect(lines).toEqual([
    '50 a write has not returned for 5 s',
    '50 no JSON',
    '50 the disk is full',
    '30 over: the disk is full',
    '50 the disk is full',
  ]);
});
