import { describe, expect, it } from 'vitest';
import type { FlowNode } from '../flows/flow-node.ts';
import { createFunctionTimeLimit } from './function-time-limit.ts';

const nodes: Record<string, FlowNode> = {
  short: { id: 'short', type: 'function', func: 'return msg;' },
  loop: { id: 'loop', type: 'function', func: 'while (true) {}' },
  other: { id: 'other', type: 'template' },
};

function limitOf(id: string | undefined, watchdog = true): number {
  return createFunctionTimeLimit({ watchdog, running: () => id, find: (one) => nodes[one] })();
}

describe('the time limit of function nodes', () => {
  it('is for code that may run for ever', () => {
    expect(limitOf('loop')).toBe(10);
    expect(limitOf('short')).toBe(0);
  });

  it('is there wherever it is not known what runs', () => {
    for (const id of [undefined, 'gone', 'other']) expect(limitOf(id)).toBe(10);
  });

  it('is for all code where no watchdog ends what was misjudged', () => expect(limitOf('short', false)).toBe(10));

  it('follows a deploy', () => {
    let node = nodes.short;
    const limit = createFunctionTimeLimit({ watchdog: true, running: () => 'a', find: () => node });
    expect([limit(), limit()]).toEqual([0, 0]);
    node = nodes.loop;
    expect(limit()).toBe(10);
  });
});
