import { describe, expect, it, vi } from 'vitest';
import { HISTORY_DAYS, HISTORY_ROWS, HISTORY_SCOPE, History, hourOf, type KeptRun } from './history.ts';
import { memoryStore } from './testing/memory-store.ts';
import { sampleRun } from './testing/sample-report.ts';

const START = Date.UTC(2026, 0, 15, 12, 30);
const DAY = 86_400_000;

const kept = (index: number, at: number): KeptRun => ({
  run: { ...sampleRun(index), endedAt: new Date(at).toISOString(), outcome: 'succeeded', reason: null },
  events: [],
  calls: [],
  path: [],
});

function open(store = memoryStore(), active = () => true) {
  const time = { now: START };
  const unsaved: Error[] = [];
  const history = new History({ store, now: () => time.now, active, onUnsaved: (error) => unsaved.push(error) });
  return { store, time, history, unsaved };
}

describe('the history', () => {
  it('is there again after a restart, and was written once for many ends', async () => {
    const { store, history } = open();
    for (let index = 0; index < 50; index += 1) history.addEnd(kept(index, START + index));
    await history.close();
    expect(store.writes).toBe(1);
    const again = open(store);
    again.history.addEnd(kept(99, START + 99));
    again.history.load();
    expect([...again.history.entries()]).toHaveLength(51);
    expect([...again.history.entries()][0]).toMatchObject({ kept: { run: { id: 'run99' } } });
    expect(again.history.hour(hourOf(START)).ended.succeeded).toBe(51);
    expect(again.history.ended('run/70001/run7')?.run.id).toBe('run7');
  });

  it('writes by itself a few seconds after something happened', () => {
    vi.useFakeTimers();
    try {
      const { store, history } = open();
      history.addLaunch('done', null);
      history.addLaunch('done', null);
      expect(store.writes).toBe(0);
      vi.advanceTimersByTime(5000);
      expect(store.writes).toBe(1);
      vi.advanceTimersByTime(60_000);
      expect(store.writes).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps so many rows, in memory and in the store', async () => {
    const { store, history } = open();
    for (let index = 0; index < HISTORY_ROWS + 300; index += 1) history.addEnd(kept(index, START + index));
    await history.close();
    expect([...history.entries()]).toHaveLength(HISTORY_ROWS);
    expect(store.keys(HISTORY_SCOPE).filter((key) => key.startsWith('entry-'))).toHaveLength(HISTORY_ROWS);
    expect(history.ended('run/70001/run0')).toBeNull();
    // The charts count all of them.
    expect(history.hour(hourOf(START)).ended.succeeded).toBe(HISTORY_ROWS + 300);
  });

  it('keeps so many days', async () => {
    const { store, history, time } = open();
    history.addEnd(kept(1, START));
    time.now += (HISTORY_DAYS + 1) * DAY;
    history.addEnd(kept(2, time.now));
    await history.close();
    expect([...history.entries()]).toHaveLength(1);
    expect(store.keys(HISTORY_SCOPE)).toHaveLength(2);
  });

  it('drops what it cannot read, and writes again what could not be written', async () => {
    const store = memoryStore();
    store.write(
      [
        { scope: HISTORY_SCOPE, key: 'entry-1768480200000-aaaa', text: '{"type":"run"' },
        { scope: HISTORY_SCOPE, key: 'hour-1768480200000', text: '{}' },
        { scope: HISTORY_SCOPE, key: 'what', text: 'ever' },
      ],
      () => {},
    );
    const { history, unsaved } = open(store);
    store.failing = new Error('the disk is full');
    history.addEnd(kept(1, START));
    history.flush();
    history.flush();
    expect(unsaved.map(({ message }) => message)).toEqual(['the disk is full']);
    store.failing = null;
    await history.close();
    expect(store.keys(HISTORY_SCOPE)).toHaveLength(2);
  });

  it('writes nothing while another replica does', async () => {
    const state = { active: false };
    const { store, history } = open(memoryStore(), () => state.active);
    history.addEnd(kept(1, START));
    await history.close();
    expect(store.writes).toBe(0);
    state.active = true;
    await history.close();
    expect(store.writes).toBe(1);
  });
});
