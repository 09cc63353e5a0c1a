import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commsMessage } from './comms-messages.ts';

describe('commsMessage', () => {
  it('knows what the editor says', () => {
    expect(commsMessage('{"auth":"abc=="}')).toEqual({ kind: 'auth', token: 'abc==', text: '{"auth":"abc=="}' });
    for (const topic of [
      'notification/#',
      'status/#',
      'debug',
      'event-log/#',
      'notification/node/+/x',
      'multiplayer/#',
    ]) {
      expect(commsMessage(JSON.stringify({ subscribe: topic }))?.kind).toBe('subscribe');
    }
    expect(commsMessage('{"topic":"multiplayer/connect","data":{"session":"a"}}')?.kind).toBe('topic');
  });

  it('takes nothing else', () => {
    const others = [
      '',
      'null',
      '1',
      '[]',
      '{}',
      '{"auth":1}',
      '{"auth":""}',
      '{"auth":"a b"}',
      '{"subscribe":["a"]}',
      '{"subscribe":"++"}',
      '{"subscribe":"a{2,1}"}',
      '{"subscribe":"(a+)+"}',
      '{"topic":"a"}',
      '{"topic":"a","data":null}',
      '{"topic":"a","data":[]}',
      '{"topic":"a","data":{"x":{"__proto__":1}}}',
      '{"topic":"a","data":{"toString":1}}',
      '['.repeat(200_000),
    ];
    expect(others.filter((text) => commsMessage(text) !== null)).toEqual([]);
  });

  it('never throws, and what it lets pass has only the fields that are known', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.object().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const message = commsMessage(text);
          if (message === null) return;
          const keys = Object.keys(JSON.parse(message.text)).join();
          expect(['auth', 'subscribe', 'topic,data']).toContain(keys);
        },
      ),
      { numRuns: 500 },
    );
  });
});
