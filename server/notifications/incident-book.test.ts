import { describe, expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import { memoryStore } from '../operations/testing/memory-store.ts';
import { INCIDENTS_SCOPE, MOST_INCIDENTS } from './incident-book.ts';
import { bookStage, flowError, tell } from './testing/stage.ts';

describe('a failure', () => {
  it('of a thousand errors is told once, with their number, and its recovery once', () => {
    const { book, pass } = bookStage();
    for (let error = 0; error < 1000; error += 1) book.fail(flowError());
    expect(tell(book)).toEqual([]);
    pass(2);
    expect(tell(book)).toEqual(['failure flow:tab1 1000']);
    pass(60);
    expect(tell(book)).toEqual([]);
    book.recover('flow:tab1', 'No error for 10 min.');
    expect(book.due()[0]?.incident).toMatchObject({ count: 1000, ended: { why: 'No error for 10 min.' } });
    expect(tell(book)).toEqual(['recovery flow:tab1 1000']);
    expect(tell(book)).toEqual([]);
  });

  it('that goes on is told again after an interval that doubles, up to a day, and only while there are new errors', () => {
    const { book, pass, time } = bookStage();
    const hours: number[] = [];
    const began = time.now;
    for (let minute = 0; minute < 60 * 24 * 5; minute += 1) {
      book.fail(flowError());
      pass(60);
      if (tell(book).length > 0) hours.push(Math.round((time.now - began) / 3_600_000));
    }
    expect(hours).toEqual([0, 0, 1, 2, 4, 8, 16, 32, 56, 80, 104]);
    pass(48 * 3600);
    expect(tell(book)).toEqual(['reminder flow:tab1 7200']);
    pass(48 * 3600);
    expect(tell(book)).toEqual([]);
  });

  it('that lasts without being counted is told again as well', () => {
    const { book, pass } = bookStage();
    book.fail({ kind: 'connection', id: 'c', label: 'default', problem: 'token-refused', text: '401' });
    pass(2);
    expect(tell(book)).toEqual(['failure connection:c']);
    pass(900);
    expect(tell(book)).toEqual(['reminder connection:c']);
    book.recover('connection:c', 'good');
    expect(tell(book)).toEqual(['recovery connection:c']);
  });

  it('that becomes another is told, as soon as it may', () => {
    const { book, pass } = bookStage();
    const subject = { kind: 'connection', id: 'c', label: 'default', text: null } as const;
    book.fail({ ...subject, problem: 'unreachable' });
    pass(2);
    tell(book);
    pass(10);
    book.fail({ ...subject, problem: 'token-refused' });
    expect(tell(book)).toEqual([]);
    pass(900);
    expect(book.due()[0]?.incident.problem).toBe('token-refused');
    expect(tell(book)).toEqual(['failure connection:c']);
  });

  it('that comes and goes is told ever more seldom', () => {
    const { book, pass } = bookStage();
    const told: string[] = [];
    // Every 10 minutes it fails for 5, for a day.
    for (let round = 0; round < 144; round += 1) {
      book.fail(flowError());
      pass(2);
      told.push(...tell(book));
      pass(298);
      book.recover('flow:tab1', 'good');
      told.push(...tell(book));
      pass(300);
    }
    expect(told.filter((each) => each.startsWith('failure'))).toHaveLength(7);
    expect(told.filter((each) => each.startsWith('recovery'))).toHaveLength(7);
    // Then it stays.
    book.fail(flowError());
    pass(890);
    expect(tell(book)).toEqual([]);
    pass(10);
    expect(tell(book)).toEqual(['failure flow:tab1 1']);
    book.recover('flow:tab1', 'good');
    tell(book);
    // Long after it was well, it is told at once.
    pass(3 * 86_400);
    expect(tell(book)).toEqual([]);
    book.fail(flowError());
    pass(2);
    expect(tell(book)).toEqual(['failure flow:tab1 1']);
  });

  it('that was over before anybody could be told is told as over; one of a moment is not', () => {
    const { book, pass } = bookStage();
    book.fail(flowError('long'));
    pass(600);
    book.recover('flow:long', 'good');
    book.fail(flowError('short'));
    book.recover('flow:short', 'good');
    expect(tell(book)).toEqual(['recovery flow:long 1']);
    expect(tell(book)).toEqual([]);
  });

  it('that is back before its end was told has not ended', () => {
    const { book, pass } = bookStage();
    book.fail(flowError());
    pass(2);
    tell(book);
    book.recover('flow:tab1', 'good');
    book.fail(flowError());
    expect(tell(book)).toEqual([]);
    book.recover('flow:tab1', 'good');
    expect(tell(book)).toEqual(['recovery flow:tab1 2']);
  });

  it('that is back while its end is on the way is told anew', () => {
    const { book, pass } = bookStage();
    book.fail(flowError());
    pass(2);
    tell(book);
    book.recover('flow:tab1', 'good');
    const due = book.due();
    book.fail(flowError());
    book.wereTold(due);
    pass(900);
    expect(tell(book)).toEqual(['failure flow:tab1 2']);
  });
});

describe('a restart', () => {
  it('between failure and recovery tells the failure no second time, and forgets no recovery', () => {
    const { book, pass, reopen } = bookStage();
    book.fail({ ...flowError(), failed: { id: 'n1', takes: true, taken: 7 } });
    pass(2);
    tell(book);
    const again = reopen();
    expect(tell(again)).toEqual([]);
    expect(again.open()).toMatchObject([{ key: 'flow:tab1', count: 1, nodes: [{ id: 'n1', takes: true, taken: 0 }] }]);
    again.recover('flow:tab1', 'good');
    expect(tell(again)).toEqual(['recovery flow:tab1 1']);
    expect(tell(reopen())).toEqual([]);
  });

  it('before it was told tells it then, and so of its end', () => {
    const { book, pass, reopen } = bookStage();
    book.fail(flowError());
    pass(5);
    const second = reopen();
    expect(tell(second)).toEqual(['failure flow:tab1 1']);
    second.recover('flow:tab1', 'good');
    expect(tell(reopen())).toEqual(['recovery flow:tab1 1']);
  });

  it('leaves nothing in the store when all is well and quiet', () => {
    const { book, pass, store } = bookStage();
    book.fail(flowError());
    pass(2);
    tell(book);
    book.recover('flow:tab1', 'good');
    tell(book);
    expect(store.keys(INCIDENTS_SCOPE)).toEqual(['incident-flow:tab1']);
    pass(900);
    expect(tell(book)).toEqual([]);
    expect(store.keys(INCIDENTS_SCOPE)).toEqual([]);
  });

  it('drops what is damaged, and what nobody wants to hear of any more', () => {
    const store = memoryStore();
    const put = (key: string, text: string) => store.write([{ scope: INCIDENTS_SCOPE, key, text }], () => {});
    put('incident-flow:a', '{"key":"flow:a"}');
    put('incident-flow:b', 'not json');
    put('running', '"now"');
    const { book, pass } = bookStage({ store });
    book.fail({ kind: 'git', id: 'git', label: 'main', problem: 'git', text: null });
    expect(book.open().map(({ key }) => key)).toEqual(['git:git']);
    book.flush();
    expect(store.keys(INCIDENTS_SCOPE).sort()).toEqual(['incident-git:git', 'running']);
    const { book: other } = bookStage({ store, wants: (kind) => kind !== 'git' });
    pass(2);
    expect(tell(other)).toEqual([]);
    other.fail({ kind: 'git', id: 'git', label: 'main', problem: 'git', text: null });
    expect(other.open()).toEqual([]);
  });

  it('goes on in memory when the store does not write, and writes when it does again', () => {
    const store = memoryStore();
    const { book, unsaved, pass, reopen } = bookStage({ store });
    store.failing = new Error('the disk is full');
    book.fail(flowError());
    pass(2);
    expect(tell(book)).toEqual(['failure flow:tab1 1']);
    expect(unsaved).toEqual(['the disk is full']);
    store.failing = null;
    book.flush();
    expect(tell(reopen())).toEqual([]);
    expect(reopen().open()).toHaveLength(1);
  });
});

describe('what is kept', () => {
  it('is bounded; what is over makes room', () => {
    const { book, pass } = bookStage();
    for (let flow = 0; flow < MOST_INCIDENTS + 50; flow += 1) book.fail(flowError(`tab${flow}`));
    expect(book.size).toBe(MOST_INCIDENTS);
    pass(2);
    tell(book);
    book.recover('flow:tab0', 'good');
    tell(book);
    book.fail(flowError('new'));
    expect(book.has('flow:new')).toBe(true);
    expect(book.size).toBe(MOST_INCIDENTS);
  });

  it('has no secret in it, however long the text around it, and no character that hides or turns others', () => {
    const secret = new Secret(`planted-${'x'.repeat(40)}`).reveal();
    const { book, store } = bookStage();
    const text = `${'a'.repeat(980)}${secret}${'b'.repeat(5000)}\u0000\u202Eevil\r\nnext`;
    book.fail({ ...flowError(), text, label: `Flow\n\u202E${secret}` });
    const [due] = book.due(true);
    expect(due?.incident.text).toHaveLength(1000);
    expect(due?.incident.text).toContain('[redacted]');
    expect(due?.incident.label).toBe('Flow [redacted]');
    book.flush();
    const kept = String(store.get(INCIDENTS_SCOPE, 'incident-flow:tab1'));
    expect(kept).not.toContain('planted');
    // Where the cut goes through it.
    book.fail({ ...flowError(), label: `${'a'.repeat(100)}${secret}`, node: `${'a'.repeat(100)}${secret}` });
    const [again] = book.due(true);
    expect(again?.incident.label).toBe(`${'a'.repeat(100)}[redacted]`);
    expect(again?.incident.node).toBe(`${'a'.repeat(100)}[redacted]`);
  });
});
