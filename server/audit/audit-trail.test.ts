import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from './audit-event.ts';
import { AuditFile, auditFiles, type LineSink } from './audit-file.ts';
import { formatLine, hashOf, NO_HASH, parseLine } from './audit-line.ts';
import { type AuditTrail, createAuditTrail } from './audit-trail.ts';
import { FloodCap } from './flood-cap.ts';
import { ChainCheck, verifyFiles } from './verify-trail.ts';

let dir: string;
let logged: Record<string, unknown>[];
const logger = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line)) });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-audit-'));
  logged = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const trail = (
  options: { maxBytes?: number; keep?: number; toLog?: boolean; sink?: LineSink | null } = {},
): AuditTrail =>
  createAuditTrail({
    sink:
      options.sink === undefined
        ? new AuditFile({ dir, maxBytes: options.maxBytes ?? 1e6, keep: options.keep ?? 5 })
        : options.sink,
    toLog: options.toLog ?? false,
    logger,
    redact: (text) => text.replaceAll('hunter2-hunter2', '[redacted]'),
  });
const current = () => join(dir, 'audit.jsonl');
const lines = (file = current()): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1);
const record = (...events: AuditEvent[]): void => {
  const to = trail();
  for (const event of events) to.record(event);
  to.close();
};
const verify = () => verifyFiles(auditFiles(dir));

describe('the audit trail', () => {
  it('chains lines over restarts and over rotated files', async () => {
    for (let start = 0; start < 3; start++) {
      const to = trail({ maxBytes: 1000, keep: 2 });
      for (let i = 0; i < 10; i++) to.record({ event: 'sign-in', user: 'ada', address: '192.0.2.1', start, i });
      to.close();
    }
    expect(auditFiles(dir).length).toBe(3);
    const { faults, notes, first, last } = await verify();
    expect({ faults, last: last?.seq ?? 0 }).toEqual({ faults: [], last: expect.any(Number) });
    // Two are kept; of the older ones it says that they are not here.
    expect(first?.seq).toBeGreaterThan(1);
    expect(notes).toEqual([expect.stringContaining(`begins with number ${first?.seq}`)]);
    expect(lines().map((line) => parseLine(line)?.event)).toContain('audit-removed');
  });

  it('is for its own user alone, and knows its head', () => {
    const to = trail();
    to.record({ event: 'config' });
    expect(to.head()).toEqual({ seq: 1, hash: hashOf(lines()[0] ?? '') });
    expect(statSync(current()).mode & 0o777).toBe(0o600);
    to.close();
  });

  it('continues after a cut-off line, and says so in the chain', async () => {
    record({ event: 'one' }, { event: 'two', text: 'ä€😀'.repeat(20) });
    const whole = readFileSync(current());
    // In the middle of a character.
    truncateSync(current(), whole.length - 90);
    expect((await verify()).notes).toEqual([expect.stringContaining('the last line is cut off')]);
    record({ event: 'three' });
    expect(lines().map((line) => parseLine(line)?.event)).toEqual(['one', undefined, 'cut-off', 'three']);
    expect(await verify()).toMatchObject({
      faults: [],
      notes: [expect.stringContaining('line 2: cut off by a crash')],
    });
  });

  it('continues after a crash at any byte, and the chain verifies', async () => {
    record({ event: 'one', who: 'é' }, { event: 'two' }, { event: 'three' });
    const whole = readFileSync(current());
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: whole.length }),
        fc.integer({ min: 1, max: 3 }),
        async (length, more) => {
          writeFileSync(current(), whole.subarray(0, length));
          for (let i = 0; i < more; i++) record({ event: 'after', i });
          const { faults, last } = await verify();
          expect(faults).toEqual([]);
          expect(last?.seq).toBeGreaterThanOrEqual(more);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes an attacker no byte to change, no line to remove, add or swap, before the last', async () => {
    record(...Array.from({ length: 8 }, (_, i) => ({ event: 'deploy', user: 'ada', i })));
    const whole = readFileSync(current());
    const texts = lines();
    const checked = (text: string | Buffer) => {
      const check = new ChainCheck();
      check.file('audit.jsonl', Buffer.from(text));
      return check.verdict().faults;
    };
    expect(checked(whole)).toEqual([]);
    const inner = whole.length - (texts.at(-1)?.length ?? 0) - 1;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: inner - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ change;
        const line = whole.subarray(0, at).toString().split('\n').length;
        const faults = checked(changed);
        expect(faults.length).toBeGreaterThan(0);
        expect(Math.abs((faults[0]?.line ?? 0) - line)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(6), fc.nat(7), (one, other) => {
        const removed = texts.toSpliced(one, 1);
        // Without the first ones it is a rotated trail, which begins later.
        if (one > 0) expect(checked(`${removed.join('\n')}\n`)[0]?.line).toBe(one + 1);
        expect(checked(`${texts.toSpliced(one, 0, texts[other] ?? '').join('\n')}\n`).length).toBeGreaterThan(0);
        if (one !== other) {
          const swapped = texts.with(one, texts[other] ?? '').with(other, texts[one] ?? '');
          expect(checked(`${swapped.join('\n')}\n`).length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('names the line that was changed', async () => {
    record({ event: 'a' }, { event: 'deploy', user: 'mallory' }, { event: 'c' }, { event: 'd' });
    writeFileSync(current(), readFileSync(current(), 'utf8').replace('mallory', 'ada'));
    const { faults } = await verify();
    expect(faults).toEqual([{ file: current(), line: 2, problem: expect.stringContaining('not what it was') }]);
  });

  it('goes on behind what somebody wrote into it, which stays a fault', async () => {
    record({ event: 'a' });
    appendFileSync(current(), 'nonsense\n');
    record({ event: 'b' });
    const { faults } = await verify();
    expect(faults.map(({ line }) => line)).toContain(2);
    expect(parseLine(lines().at(-1) ?? '')).toMatchObject({ event: 'b', prev: hashOf('nonsense') });
  });

  it('writes a new file when somebody takes the old one away, and the chain goes on from the lines before', async () => {
    const to = trail();
    to.record({ event: 'a' });
    const before = to.head();
    rmSync(current());
    to.record({ event: 'b' });
    to.close();
    expect(parseLine(lines()[0] ?? '')).toMatchObject({ event: 'b', seq: 2, prev: before.hash });
  });

  it('keeps who did something and where from, also when a node has that for its password', () => {
    const hide = (text: string): string => text.replace(/eve-hacker|192\.0\.2\.1|deploy/g, '[redacted]');
    const write = (event: AuditEvent): Record<string, unknown> =>
      JSON.parse(formatLine(event, { seq: 1, prev: NO_HASH }, 'now', hide));
    const who = { user: 'eve-hacker', address: '192.0.2.1' };
    expect(write({ event: 'deploy', ...who, note: 'by eve-hacker' })).toMatchObject({
      event: 'deploy',
      ...who,
      note: 'by [redacted]',
    });
    // What was typed as a name may have been a password.
    expect(write({ event: 'refused', ...who })).toMatchObject({ user: '[redacted]', address: '192.0.2.1' });
  });

  it('redacts values, and never throws', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    record(
      { event: 'refused', user: 'hunter2-hunter2', detail: { url: 'x?y=hunter2-hunter2' } },
      { event: 'odd', circle },
      { event: 'large', text: 'x'.repeat(100_000) },
      { event: 'big', n: 1n },
      { event: 'lone \ud800', seq: 99, prev: 'mine', time: 'never' },
    );
    const text = readFileSync(current(), 'utf8');
    expect(text).not.toContain('hunter2');
    expect(lines().map((line) => parseLine(line)?.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(parseLine(lines()[2] ?? '')).toMatchObject({ event: 'large', leftOut: expect.any(String) });
    expect((await verify()).faults).toEqual([]);
  });
});

describe('an audit trail that cannot be written', () => {
  it('tells each event in the log, counts them, and says in the chain how many are missing', async () => {
    const file = new AuditFile({ dir, maxBytes: 1e6, keep: 5 });
    let full = false;
    const to = trail({
      sink: {
        open: () => file.open(),
        append(line, seq) {
          if (full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
          return file.append(line, seq);
        },
        close: () => file.close(),
      },
    });
    to.record({ event: 'before' });
    full = true;
    to.record({ event: 'launch', runId: 'r1' });
    to.record({ event: 'launch', runId: 'r2', token: 'hunter2-hunter2' });
    full = false;
    to.record({ event: 'after' });
    to.close();
    expect(logged.map(({ auditLost }) => (auditLost as { runId?: string } | undefined)?.runId)).toEqual([
      undefined,
      'r1',
      'r2',
    ]);
    expect(JSON.stringify(logged)).not.toContain('hunter2');
    expect(lines().map((line) => parseLine(line)?.event)).toEqual(['before', 'gap', 'after']);
    expect(parseLine(lines()[1] ?? '')).toMatchObject({ lost: 2, reason: expect.stringContaining('ENOSPC') });
    expect(await verify()).toMatchObject({ faults: [], notes: [expect.stringContaining('2 event(s) are missing')] });
  });

  it('starts with a folder that cannot be made', () => {
    writeFileSync(join(dir, 'file'), '');
    const to = trail({ sink: new AuditFile({ dir: join(dir, 'file', 'audit'), maxBytes: 1e6, keep: 5 }) });
    to.record({ event: 'config' });
    to.close();
    expect(logged.some(({ auditLost }) => (auditLost as AuditEvent | undefined)?.event === 'config')).toBe(true);
  });
});

describe('the log stream', () => {
  it('carries the lines so that they can be verified from there, whatever the level', () => {
    const to = trail({ sink: null, toLog: true });
    to.record({ event: 'launch', text: 'quote " and ä' });
    to.record({ event: 'cancel' });
    to.close();
    const check = new ChainCheck();
    const text = [...logged, { level: 'info', msg: 'another line' }, ...logged]
      .map((line) => JSON.stringify(line))
      .join('\n');
    check.file('log', Buffer.from(`${text}\n`));
    // Twice: two starts, two chains.
    expect(check.verdict()).toMatchObject({ faults: [], lines: 4, notes: [expect.stringContaining('new chain')] });
    const changed = new ChainCheck();
    changed.file('log', Buffer.from(`${text}\n`.replace('quote', 'quota')));
    expect(changed.verdict().faults.length).toBeGreaterThan(0);
  });
});

describe('a flood of refusals', () => {
  it('is counted, and everything else still recorded', () => {
    let now = 1_000_000;
    const to = createAuditTrail({
      sink: new AuditFile({ dir, maxBytes: 1e6, keep: 5 }),
      toLog: false,
      logger,
      redact: (text) => text,
      now: () => now,
      floodCap: new FloodCap({ windowMs: 60_000, perAddress: 3, total: 5 }),
    });
    for (let i = 0; i < 100; i++) to.record({ event: 'refused', address: `192.0.2.${i % 4}` });
    to.record({ event: 'deploy', user: 'ada' });
    now += 61_000;
    to.record({ event: 'refused', address: '192.0.2.1' });
    to.close();
    const events = lines().map((line) => parseLine(line));
    expect(events.map((event) => event?.event)).toEqual([
      ...Array(5).fill('refused'),
      'deploy',
      'refused-more',
      'refused',
    ]);
    expect(events[6]).toMatchObject({ count: 95 });
  });

  it('is told, and those after it recorded, when the clock is put back meanwhile', () => {
    const cap = new FloodCap({ windowMs: 60_000, perAddress: 1, total: 1 });
    const refused = { event: 'refused', address: '192.0.2.1' };
    expect([cap.takes(refused, 9_000_000), cap.takes(refused, 9_000_001)]).toEqual([true, false]);
    expect(cap.summary(1_000_000)).toMatchObject({ event: 'refused-more', count: 1 });
    expect(cap.takes(refused, 1_000_000)).toBe(true);
  });
});

it('leaves nothing else in its folder', () => {
  record({ event: 'a' });
  expect(readdirSync(dir)).toEqual(['audit.jsonl']);
});
