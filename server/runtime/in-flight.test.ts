import { describe, expect, it } from 'vitest';
import { createInFlight } from './in-flight.ts';
import type { NodeInstance } from './node-red.ts';

const node = (id: string, rest: Partial<NodeInstance> = {}): NodeInstance => ({
  id,
  type: 'function',
  _expectedDoneCount: 1,
  ...rest,
});

function setUp() {
  const inFlight = createInFlight();
  return {
    inFlight,
    take(to: NodeInstance, msg: Record<string, unknown> = {}, handler: () => void = () => {}) {
      const event = { msg, destination: { id: to.id, node: to } };
      if (inFlight.onReceive(event) === false) return false;
      handler();
      inFlight.postReceive(event);
      return msg;
    },
    complete: (at: NodeInstance, msg: Record<string, unknown>) =>
      inFlight.onComplete({ msg, node: { id: at.id, node: at } }),
  };
}

describe('createInFlight', () => {
  it('counts from taking to completing, once each', () => {
    const { inFlight, take, complete } = setUp();
    const a = node('a');
    const first = {};
    const second = {};
    take(a, first);
    take(a, second);
    take(a, second);
    expect(inFlight.byNode()).toEqual([{ id: 'a', type: 'function', count: 2 }]);
    complete(a, first);
    complete(a, first);
    expect(inFlight.count()).toBe(1);
    complete(a, second);
    expect(inFlight.count()).toBe(0);
  });

  it('leaves out nodes that cannot tell, and those that park messages', () => {
    const { inFlight, take } = setUp();
    take(node('old', { _expectedDoneCount: 0 }));
    take(node('monitor', { parksMessages: true }));
    expect(inFlight.count()).toBe(0);
  });

  it('notices a handler that threw, by its log line or by the catch node', () => {
    const { inFlight, take } = setUp();
    take(node('a'), {}, () => inFlight.onError('a'));
    expect(inFlight.count()).toBe(0);
    take(
      node('b'),
      { _msgid: '1' },
      () => void take(node('c', { type: 'catch', _expectedDoneCount: 0 }), { error: { source: { id: 'b' } } }),
    );
    expect(inFlight.count()).toBe(0);
  });

  it('does not take a later error for the end of a message', () => {
    const { inFlight, take } = setUp();
    take(node('a'));
    inFlight.onError('a');
    expect(inFlight.count()).toBe(1);
  });

  it('holds timers, and nothing else', () => {
    const { inFlight, take } = setUp();
    inFlight.holdTimers();
    expect(take(node('timer', { type: 'inject' }))).toBe(false);
    expect(take(node('a'))).not.toBe(false);
  });

  it('drains when the last one is done, also one that was between two nodes', async () => {
    const { inFlight, take, complete } = setUp();
    const [a, b, msg] = [node('a'), node('b'), {}];
    take(a, msg);
    const drained = inFlight.drained(new AbortController().signal);
    setTimeout(() => {
      setImmediate(() => take(b, msg));
      complete(a, msg);
      setTimeout(() => complete(b, msg), 20);
    }, 5);
    expect(await drained).toBe(true);
    expect(inFlight.count()).toBe(0);
  });

  it('gives up at the signal', async () => {
    const { inFlight, take } = setUp();
    take(node('a'));
    expect(await inFlight.drained(AbortSignal.timeout(10))).toBe(false);
  });
});

describe('what a node received', () => {
  it('is counted since the start, whoever else asks', () => {
    const { inFlight, take } = setUp();
    take(node('a'));
    take(node('a'));
    expect([inFlight.received('a'), inFlight.received('b')]).toEqual([2, 0]);
    expect(inFlight.takeReceived()).toEqual(new Map([['a', 2]]));
    take(node('a'));
    expect(inFlight.received('a')).toBe(3);
  });
});
