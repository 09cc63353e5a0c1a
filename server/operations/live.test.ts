import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Live, MOST_CLIENTS } from './live.ts';
import { sampleReport } from './testing/sample-report.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A browser that reads, or does not. */
class FakeResponse extends EventEmitter {
  writableLength = 0;
  reads = true;
  written: string[] = [];
  state = 'open';
  writeHead(): void {}
  write(text: string): void {
    this.written.push(text);
    if (!this.reads) this.writableLength += text.length;
  }
  end(): void {
    if (this.state === 'open') this.state = 'ended';
  }
  destroy(): void {
    this.state = 'destroyed';
    this.emit('close');
  }
}

function open() {
  const report = sampleReport(100);
  const asked = { sections: 0, valid: true };
  const live = new Live(
    {
      revision: 0,
      report: () => report,
      sections() {
        asked.sections += 1;
        const { runs: _, ...sections } = report;
        return { ...sections, version: String(asked.sections).repeat(50_000) };
      },
      changedSince: () => [],
      keys: () => [],
    },
    { find: () => (asked.valid ? { user: 'ada', role: 'viewer', by: 'password' } : null), watch: () => () => {} },
  );
  const join = (token = 'one') => {
    const res = new FakeResponse();
    return { res, taken: live.join(res as unknown as ServerResponse, token) };
  };
  return { live, join, asked };
}

it('makes nothing while nobody looks', () => {
  const { live, join, asked } = open();
  vi.advanceTimersByTime(10_000);
  expect(asked.sections).toBe(0);
  const { res } = join();
  vi.advanceTimersByTime(3000);
  expect(asked.sections).toBe(4);
  res.destroy();
  vi.advanceTimersByTime(10_000);
  expect([asked.sections, live.clients]).toEqual([4, 0]);
});

it('makes one text a second for all, however many look', () => {
  const { join, asked } = open();
  const many = Array.from({ length: 30 }, (_, index) => join(`session ${index}`));
  const before = asked.sections;
  vi.advanceTimersByTime(1000);
  expect(asked.sections).toBe(before + 1);
  expect(new Set(many.map(({ res }) => res.written.at(-1))).size).toBe(1);
});

it('cuts off who does not read, and who may not look any more', () => {
  const { live, join, asked } = open();
  const [slow, quick] = [join(), join()];
  slow.res.reads = false;
  vi.advanceTimersByTime(120_000);
  expect([slow.res.state, quick.res.state, live.clients]).toEqual(['destroyed', 'open', 1]);
  expect(slow.res.writableLength).toBeLessThan(6 * 1024 * 1024);
  asked.valid = false;
  vi.advanceTimersByTime(1000);
  expect([quick.res.state, live.clients]).toEqual(['ended', 0]);
});

it('takes so many in all', () => {
  const { join } = open();
  for (let index = 0; index < MOST_CLIENTS; index += 1) expect(join(`session ${index}`).taken).toBe(true);
  expect(join('one more').taken).toBe(false);
});
