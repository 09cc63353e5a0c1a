import { describe, expectTypeOf, it } from 'vitest';
import type * as nodes from '../nodes/lib/observer.ts';
import type { PlatformWrite } from '../nodes/lib/platform-write.ts';
import type * as server from './node-reports.ts';

/** Checked by `npm run typecheck`: a field that one side renames breaks it. */
describe('what nodes tell', () => {
  it('is what the server takes', () => {
    expectTypeOf<nodes.CallReport>().toEqualTypeOf<server.CallReport>();
    expectTypeOf<nodes.WatchReport>().toEqualTypeOf<server.WatchReport>();
    expectTypeOf<nodes.PollReport>().toEqualTypeOf<server.PollReport>();
    expectTypeOf<Pick<PlatformWrite, 'action' | 'outcome' | 'messageId'>>().toExtend<
      Pick<server.WriteReport, 'action' | 'outcome' | 'messageId'>
    >();
  });
});
