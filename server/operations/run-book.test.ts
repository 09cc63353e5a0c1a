import { describe, expect, it } from 'vitest';
import type { WatchReport } from '../node-reports.ts';
import { History } from './history.ts';
import { RunBook } from './run-book.ts';
import { memoryStore } from './testing/memory-store.ts';

const START = Date.UTC(2026, 0, 15, 12);

function book() {
  const time = { now: START };
  const now = () => time.now;
  const history = new History({ store: memoryStore(), now, active: () => true, onUnsaved() {} });
  const place = (node: string) => ({ node, nodeType: 'seqera-workflow-monitor', flow: 'tab1', flowLabel: 'Nightly' });
  return { time, history, runs: new RunBook({ place, history, now }) };
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
