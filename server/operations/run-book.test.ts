import { describe, expect, it } from 'vitest';
import type { WatchReport } from '../node-reports.ts';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { History } from './history.ts';
import { MessagePaths } from './message-paths.ts';
import { RunBook } from './run-book.ts';
import { memoryStore } from './testing/memory-store.ts';

const START = Date.UTC(2026, 0, 15, 12);

const chain = (...ids: string[]) =>
  ids.map((id, index) => ({
    id,
    type: id === 'm1' ? 'seqera-workflow-monitor' : 'function',
    z: 'tab1',
    wires: [ids.slice(index + 1, index + 2)],
  }));

function book(store = memoryStore()) {
  const time = { now: START };
  const now = () => time.now;
  const history = new History({ store, now, active: () => true, onUnsaved() {} });
  const index = createFlowIndex();
  index.replace(chain('in', 'before', 'launcher', 'm1', 'after', 'last'));
  const paths = new MessagePaths(index);
  const place = (node: string) => ({ node, nodeType: 'seqera-workflow-monitor', flow: 'tab1', flowLabel: 'Nightly' });
  const runs = new RunBook({ place, history, paths, now });
  return {
    time,
    history,
    runs,
    pass: (messageId: string, ...nodes: string[]) => {
      for (const node of nodes) paths.received(node, { _msgid: messageId });
    },
    path: () => runs.detail(KEY)?.path.map(({ node, did }) => (did ? `${node} ${did}` : node)),
  };
}

const watch = (parts: Partial<WatchReport> = {}): WatchReport => ({
  kind: 'run',
  id: 'r1',
  workspaceId: '1',
  state: 'watching',
  since: START,
  ...parts,
});
const KEY = 'run/1/r1';

describe('the book of runs', () => {
  it('has a run while it is followed, and its end for ever after', () => {
    const { runs, history, time } = book();
    runs.wrote('launcher', { action: 'launch', outcome: 'done', runId: 'r1', runName: 'one' });
    runs.watched('m1', watch());
    runs.watched('m1', watch({ name: 'one', status: 'submitted', pipeline: 'nf-core/rnaseq' }));
    runs.called({
      platform: 'x',
      method: 'GET',
      endpoint: '/workflow/{id}',
      status: 200,
      error: undefined,
      attempt: 1,
      durationMs: 12.345,
      waitedMs: 0,
      run: 'r1',
    });
    expect(runs.runs(10)).toMatchObject([{ key: KEY, name: 'one', status: 'submitted', flowLabel: 'Nightly' }]);
    time.now += 60_000;
    runs.watched('m1', watch({ state: 'ended', name: 'one', status: 'failed', end: 'bad', reason: 'out of memory' }));
    expect(runs.size).toBe(0);
    const detail = runs.detail(KEY);
    expect(detail?.run).toMatchObject({ outcome: 'failed', reason: 'out of memory', pipeline: 'nf-core/rnaseq' });
    expect(detail?.events.map(({ what }) => what)).toEqual([
      'was launched',
      'is followed',
      'submitted',
      'failed',
      'out of memory',
    ]);
    expect(detail?.path.map(({ node }) => node)).toEqual(['launcher', 'm1']);
    expect(detail?.calls).toMatchObject([{ answer: '200', durationMs: 12.3 }]);
    expect(history.hour(START)).toMatchObject({ ended: { failed: 1 }, launches: { done: 1 } });
  });

  it('counts an end once, whoever follows it and however often it is told', () => {
    const { runs, history } = book();
    for (const node of ['m1', 'm2']) runs.watched(node, watch({ status: 'running' }));
    const end = watch({ state: 'ended', status: 'succeeded', end: 'good' });
    for (const node of ['m1', 'm2']) runs.watched(node, end);
    // As after a crash between the message and the note that it was sent.
    runs.watched('m1', watch({ since: START + 60_000 }));
    runs.watched('m1', end);
    expect(history.hour(START).ended.succeeded).toBe(1);
    expect([...history.entries()]).toHaveLength(1);
    // A studio is stopped each evening.
    for (const since of [START, START + 1000]) {
      runs.watched('m3', watch({ kind: 'studio', since }));
      runs.watched('m3', { ...end, kind: 'studio', since });
    }
    expect(history.hour(START).ended.succeeded).toBe(3);
  });

  it('goes on with what it knew when a deploy lets go of a run for a moment', () => {
    const { runs } = book();
    runs.watched('m1', watch({ status: 'running', name: 'one' }));
    runs.watched('m1', watch({ state: 'left' }));
    expect(runs.size).toBe(0);
    runs.watched('m1', watch());
    expect(runs.runs(1)).toMatchObject([{ name: 'one', status: 'running' }]);
    expect(runs.detail(KEY)?.events.map(({ what }) => what)).toContain('running');
  });

  it('has the way of the message, before the launch and after the end', async () => {
    const store = memoryStore();
    const { runs, history, pass, path } = book(store);
    pass('msg1', 'before', 'launcher');
    runs.wrote('launcher', { action: 'launch', outcome: 'done', runId: 'r1', messageId: 'msg1' });
    pass('msg1', 'm1');
    runs.watched('m1', watch({ messageId: 'msg1' }));
    expect(path()).toEqual(['in', 'before', 'launcher launched', 'm1 followed']);
    runs.wrote('other', { action: 'cancel', outcome: 'failed', runId: 'r1', error: 'SEQERA_FORBIDDEN' });
    runs.wrote('stop', { action: 'cancel', outcome: 'done', runId: 'r1', messageId: 'msg2' });
    pass('msg2', 'last');
    runs.watched('m1', watch({ state: 'ended', status: 'cancelled', end: 'bad' }));
    await history.close();
    pass('msg1', 'after', 'last');
    const whole = ['in', 'before', 'launcher launched', 'm1 followed', 'stop cancelled', 'after', 'last'];
    expect(path()).toEqual(whole);

    await history.close();
    const again = book(store);
    expect(again.path()).toEqual(whole);
    // The end was sent and not noted as sent: it is sent again, through the same nodes.
    again.pass('msg1', 'm1');
    again.runs.watched('m1', watch({ messageId: 'msg1' }));
    again.runs.watched('m1', watch({ state: 'ended', status: 'cancelled', end: 'bad' }));
    again.pass('msg1', 'after', 'new');
    expect(again.path()).toEqual(whole);
  });

  it('keeps the way over a deploy, and has those of all messages that wait for the run', () => {
    const { runs, pass, path } = book();
    pass('msg1', 'before', 'm1');
    runs.watched('m1', watch({ messageId: 'msg1' }));
    runs.watched('m1', watch({ state: 'left' }));
    for (let index = 0; index < 10_000; index += 1) pass(`busy${index}`, 'before');
    pass('msg1', 'm1');
    runs.watched('m1', watch({ messageId: 'msg1' }));
    pass('msg2', 'launcher', 'm1');
    runs.watched('m1', watch({ messageId: 'msg2', status: 'running' }));
    pass('msg1', 'after');
    expect(path()).toEqual(['in', 'before', 'm1 followed', 'launcher', 'after']);
    runs.watched('m1', watch({ state: 'ended', status: 'succeeded', end: 'good' }));
    pass('msg2', 'last');
    expect(path()).toEqual(['in', 'before', 'm1 followed', 'launcher', 'after', 'last']);
  });

  it('has what had to do with a run whose message is not known', () => {
    const { runs, path } = book();
    runs.wrote('launcher', { action: 'launch', outcome: 'done', runId: 'r1' });
    runs.watched('m1', watch());
    expect(path()).toEqual(['launcher launched', 'm1 followed']);
  });

  it('tells lost, cancelled and refused apart, and strips what is no address of the web', () => {
    const { runs, history } = book();
    runs.watched('m1', watch({ id: 'a' }));
    runs.watched('m1', watch({ id: 'a', state: 'ended', end: 'bad', error: 'SEQERA_NOT_FOUND' }));
    runs.watched('m1', watch({ id: 'b', page: 'javascript:alert(1)' }));
    expect(runs.runs(1)[0]?.page).toBeNull();
    runs.watched('m1', watch({ id: 'b', state: 'ended', end: 'bad', status: 'cancelled' }));
    runs.wrote('l1', { action: 'launch', outcome: 'failed', error: 'SEQERA_FORBIDDEN', runName: 'no' });
    expect(history.hour(START)).toEqual({
      ended: { succeeded: 0, failed: 0, cancelled: 1, lost: 1 },
      launches: { done: 0, failed: 1, unknown: 0 },
    });
    expect([...history.entries()][0]).toMatchObject({
      type: 'launch',
      failure: { title: 'no', reason: 'SEQERA_FORBIDDEN' },
    });
  });

  it('tells what changed since a revision', () => {
    const { runs } = book();
    for (let index = 0; index < 100; index += 1) runs.watched('m1', watch({ id: `r${index}` }));
    const { revision } = runs;
    runs.watched('m1', watch({ id: 'r7', status: 'running' }));
    expect(runs.changedSince(revision).map(({ id }) => id)).toEqual(['r7']);
  });

  it('holds a bound on the events and calls of one run', () => {
    const { runs } = book();
    for (let index = 0; index < 500; index += 1) runs.watched('m1', watch({ status: `state ${index}` }));
    const events = runs.detail(KEY)?.events ?? [];
    expect(events).toHaveLength(50);
    expect([events[0]?.what, events.at(-1)?.what]).toEqual(['is followed', 'state 499']);
  });
});
