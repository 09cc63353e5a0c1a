import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LiveSessions, type SessionMap } from './live-sessions.ts';

describe('LiveSessions', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp(stored: SessionMap = {}) {
    const sessions = new LiveSessions();
    const saved: SessionMap[] = [];
    const storage = sessions.follow({
      load: async () => stored,
      save: async (all) => void saved.push(all),
    });
    const ended: string[] = [];
    const watch = (token: string): (() => void) => sessions.watch(token, () => ended.push(token));
    return { storage, saved, ended, watch };
  }

  const until = (ms: number) => ({ expires: Date.now() + ms });

  it('tells the end of a session that is not saved any more, and of no other', async () => {
    const { storage, saved, ended, watch } = setUp({ a: until(60_000), b: until(60_000) });
    await storage.load();
    for (const token of ['a', 'b', 'elsewhere']) watch(token);
    await storage.save({ b: until(60_000) });
    expect(ended).toEqual(['a']);
    expect(saved).toHaveLength(1);
    await storage.save({});
    expect(ended).toEqual(['a', 'b']);
  });

  it('tells the end when the time is over, without anyone asking', async () => {
    const { storage, ended, watch } = setUp();
    await storage.save({ a: until(10_000), b: until(90 * 86_400_000) });
    watch('a');
    watch('b');
    vi.advanceTimersByTime(9_999);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(['a']);
  });

  it('tells it although it cannot be written down, and to nobody who stopped watching', async () => {
    const sessions = new LiveSessions();
    const storage = sessions.follow({
      load: async (): Promise<SessionMap> => ({ a: until(60_000) }),
      save: () => Promise.reject(new Error('full')),
    });
    await storage.load();
    const ended: string[] = [];
    sessions.watch('a', () => ended.push('watching'));
    sessions.watch('a', () => ended.push('gone'))();
    await expect(storage.save({})).rejects.toThrow('full');
    expect(ended).toEqual(['watching']);
  });
});
