import { describe, expect, it } from 'vitest';
import type { GitStatus } from '../git/git-follower.ts';
import type { NotReady } from '../http/not-ready.ts';
import { memoryStore } from '../operations/testing/memory-store.ts';
import { createFlowIndex } from '../runtime/flow-index.ts';
import { ApplianceSignals, GIT_GRACE_MS, READY_GRACE_MS } from './appliance-signals.ts';
import { AWAY_MS, ConnectionSignals } from './connection-signals.ts';
import type { FailedStarts } from './failed-start.ts';
import { FlowSignals } from './flow-signals.ts';
import { bookStage, tell } from './testing/stage.ts';

const NODES = [
  { id: 'tab1', type: 'tab', label: 'Nightly' },
  { id: 'parse', type: 'function', name: 'Parse', z: 'tab1' },
  { id: 'send', type: 'function', name: 'Send', z: 'tab1' },
  { id: 'poll', type: 'seqera-datalink-poll', name: 'Poll', z: 'tab1' },
  { id: 'broker', type: 'mqtt-broker', name: 'Broker' },
  { id: 'sub', type: 'subflow', name: 'Retry' },
  { id: 'inner', type: 'function', name: 'Inner', z: 'sub' },
  { id: 'use', type: 'subflow:sub', z: 'tab1' },
];

function flowStage() {
  const base = bookStage();
  const index = createFlowIndex();
  index.replace(NODES);
  const taken = new Map<string, number>();
  const held: { flow: string; flowLabel: string; nodeName: string; cause: string; at: string }[] = [];
  const signals = new FlowSignals({
    book: base.book,
    index,
    now: () => base.time.now,
    recoveryMs: 600_000,
    taken: (node) => taken.get(node) ?? 0,
    held: () => held,
    shared: false,
  });
  const take = (node: string): void => {
    taken.set(node, (taken.get(node) ?? 0) + 1);
  };
  /** Looks each ten seconds, as it does each second. */
  const watch = (seconds: number): string[] => {
    for (let second = 0; second < seconds; second += 10) {
      base.pass(10);
      signals.look();
    }
    return base.book.open().map(({ key }) => key);
  };
  return { ...base, index, taken, held, signals, take, watch };
}

describe('a flow', () => {
  it('fails with an error that nobody caught: which flow, which node, what', () => {
    const { signals, book, take } = flowStage();
    take('parse');
    signals.logged({ level: 20, id: 'parse', msg: { message: 'no header', stack: '…' } });
    signals.logged({ level: 30, id: 'parse', msg: 'a warning' });
    signals.logged({ level: 20, msg: 'of no node' });
    expect(book.open()).toMatchObject([
      { key: 'flow:tab1', label: 'Nightly', node: 'Parse', count: 1, nodes: [{ id: 'parse', takes: true, taken: 1 }] },
    ]);
    expect(book.due(true)[0]?.incident.text).toBe('no header');
    const evil = {
      get message(): string {
        throw new Error('no');
      },
    };
    signals.logged({ level: 20, id: 'parse', msg: evil });
    expect(book.due(true)[0]?.incident.text).toBe('an error that cannot be shown as text');
  });

  it('is the tab that a subflow is used in; a node of no tab stands for itself', () => {
    const { signals, book } = flowStage();
    signals.failed('use-inner', 'x');
    signals.failed('broker', 'no route');
    expect(book.open().map(({ key, label, node }) => [key, label, node])).toEqual([
      ['flow:tab1', 'Nightly', 'Inner'],
      ['node:broker', 'Broker', null],
    ]);
  });

  it('has recovered when what failed has worked again for so long, not by being idle', () => {
    const { signals, take, watch, book, pass } = flowStage();
    take('parse');
    signals.failed('parse', 'no header');
    // Other nodes may work as they like.
    take('send');
    expect(watch(3600)).toEqual(['flow:tab1']);
    take('parse');
    expect(watch(590)).toEqual(['flow:tab1']);
    signals.failed('send', 'no answer');
    expect(watch(1200)).toEqual(['flow:tab1']);
    take('send');
    expect(watch(600)).toEqual(['flow:tab1']);
    expect(watch(10)).toEqual([]);
    pass(1);
    // A message that is worked on for long may still fail.
    take('parse');
    signals.failed('parse', 'again');
    expect(book.has('flow:tab1')).toBe(true);
  });

  it('that nobody sends messages into has recovered by being quiet; any has after a day', () => {
    const { signals, take, watch } = flowStage();
    signals.failed('poll', 'no answer');
    expect(watch(590)).toEqual(['flow:tab1']);
    expect(watch(10)).toEqual([]);
    take('parse');
    signals.failed('parse', 'no header');
    expect(watch(86_390)).toEqual(['flow:tab1']);
    expect(watch(10)).toEqual([]);
  });

  it('that is removed or disabled, or whose node is, fails no more', () => {
    const { signals, take, watch, index } = flowStage();
    take('parse');
    signals.failed('parse', 'x');
    signals.failed('broker', 'x');
    index.replace(NODES.filter(({ id }) => id !== 'parse' && id !== 'broker'));
    expect(watch(10)).toEqual(['flow:tab1']);
    expect(watch(600)).toEqual([]);
    signals.failed('send', 'x');
    index.replace(NODES.map((node) => (node.id === 'tab1' ? { ...node, disabled: true } : node)));
    expect(watch(10)).toEqual([]);
    index.replace(NODES);
    signals.failed('send', 'x');
    index.replace([]);
    expect(watch(10)).toEqual(['flow:tab1']);
    index.replace([{ id: 'tab2', type: 'tab' }]);
    expect(watch(10)).toEqual([]);
  });

  it('after a restart must take a message anew', () => {
    const first = flowStage();
    first.take('parse');
    first.signals.failed('parse', 'x');
    const book = first.reopen();
    const taken = new Map<string, number>();
    const signals = new FlowSignals({
      book,
      index: first.index,
      now: () => first.time.now,
      recoveryMs: 600_000,
      taken: (node) => taken.get(node) ?? 0,
      held: () => [],
      shared: false,
    });
    const watch = (): boolean => {
      for (let second = 0; second < 610; second += 10) {
        first.pass(10);
        signals.look();
      }
      return book.has('flow:tab1');
    };
    expect(watch()).toBe(true);
    taken.set('parse', 1);
    expect(watch()).toBe(false);
  });

  it('that is held back is told as such, until it is let go', () => {
    const { held, signals, book } = flowStage();
    held.push({ flow: 'tab1', flowLabel: 'Nightly', nodeName: 'Parse', cause: 'loop', at: '2026-01-15T11:00:00.000Z' });
    signals.look();
    signals.look();
    expect(book.open()).toMatchObject([{ key: 'held-back:tab1', count: null, node: 'Parse' }]);
    expect(book.due(true)[0]?.incident.text).toContain('kept everything else waiting');
    held.length = 0;
    signals.look();
    expect(book.open()).toEqual([]);
  });
});

type TokenState = 'good' | 'refused' | 'unreachable' | 'unknown';

function connectionStage() {
  const base = bookStage();
  const asked: number[] = [];
  let state: TokenState = 'unknown';
  const connection = { name: 'default', baseUrl: 'https://api.example.org', workspaceId: null, token: () => 't' };
  const signals = new ConnectionSignals({
    book: base.book,
    managed: { defaultId: 'c', connections: { c: connection } },
    checks: {
      of: (_id, _connection, oldest) => {
        asked.push(oldest ?? -1);
        return { state, user: null, role: null, checkedAt: null, reason: state === 'good' ? null : `is ${state}` };
      },
    },
    now: () => base.time.now,
  });
  const look = (now: TokenState): string[] => {
    state = now;
    signals.look();
    return base.book.open().map(({ key, problem }) => `${key} ${problem}`);
  };
  const call = (status: number | undefined, error?: string) =>
    signals.called({ platform: 'api.example.org', status, error });
  return { ...base, asked, look, call, signals };
}

describe('a connection', () => {
  it('fails at once when its token is refused, and has recovered with the next good answer', () => {
    const { look, book } = connectionStage();
    expect(look('unknown')).toEqual([]);
    expect(look('good')).toEqual([]);
    expect(look('refused')).toEqual(['connection:c token-refused']);
    expect(look('refused')).toEqual(['connection:c token-refused']);
    expect(book.due(true)[0]).toMatchObject({ event: 'failure', incident: { label: 'default', text: 'is refused' } });
    expect(look('good')).toEqual([]);
  });

  it('fails when its Platform is away for longer than a restart takes', () => {
    const { look, pass } = connectionStage();
    expect(look('unreachable')).toEqual([]);
    pass(AWAY_MS / 1000 - 1);
    expect(look('unreachable')).toEqual([]);
    expect(look('good')).toEqual([]);
    expect(look('unreachable')).toEqual([]);
    pass(AWAY_MS / 1000);
    expect(look('unreachable')).toEqual(['connection:c unreachable']);
    expect(look('refused')).toEqual(['connection:c token-refused']);
    expect(look('good')).toEqual([]);
  });

  it('is asked about every five minutes, while it fails every half, and at once when a call says otherwise', () => {
    const { look, call, asked, pass } = connectionStage();
    look('good');
    call(200);
    call(404);
    call(500);
    look('good');
    expect(asked).toEqual([300_000, 300_000]);
    call(401);
    look('good');
    expect(asked.at(-1)).toBe(0);
    pass(3);
    // Not with each of a thousand calls.
    call(401);
    look('refused');
    expect(asked.at(-1)).toBe(3000);
    pass(60);
    look('refused');
    expect(asked.at(-1)).toBe(30_000);
    call(200);
    look('good');
    expect(asked.at(-1)).toBe(0);
    call(undefined, 'unreachable');
    pass(6);
    look('good');
    expect(asked.at(-1)).toBe(6000);
  });

  it('that is not there any more fails no more', () => {
    const { look, book } = connectionStage();
    book.fail({ kind: 'connection', id: 'gone', label: 'gone', problem: 'token-refused', text: null });
    expect(look('good')).toEqual([]);
  });
});

function applianceStage(store = memoryStore()) {
  const base = bookStage({ store });
  let ready: { ok: boolean; reasons: NotReady[] } | null = { ok: true, reasons: [] };
  let git: GitStatus | null = null;
  let failed: FailedStarts | null = null;
  const signals = () =>
    new ApplianceSignals({
      book: base.book,
      store,
      now: () => base.time.now,
      recoveryMs: 600_000,
      appliance: 'here',
      failedStarts: () => failed,
      ready: () => ready,
      git: () => git as GitStatus,
    });
  let current = signals();
  return {
    ...base,
    /** What is so now, for so many seconds. */
    watch(seconds: number, now: { reasons?: NotReady[]; git?: Partial<GitStatus> } = {}): string[] {
      if (now.reasons) ready = { ok: now.reasons.length === 0, reasons: now.reasons };
      if (now.git) {
        const none = { url: '', path: '', revision: 'abc123', deployed: null, appliedAt: null, checkedAt: null };
        git = { ...none, ref: 'main', lastError: null, ...now.git };
      }
      for (let second = 0; second < seconds; second += 5) {
        base.pass(5);
        current.look();
      }
      return base.book.open().map(({ key }) => key);
    },
    restart(failedBefore: FailedStarts | null = null) {
      failed = failedBefore;
      current = signals();
      current.began();
    },
    stop: () => new Promise<void>((done) => current.ended(done)),
  };
}

describe('the appliance', () => {
  it('fails when it is not ready for longer than a deploy takes', () => {
    const { watch, book } = applianceStage();
    expect(watch(10, { reasons: ['flows_stopped'] })).toEqual([]);
    expect(watch(10, { reasons: [] })).toEqual([]);
    expect(watch(READY_GRACE_MS / 1000 + 10, { reasons: ['store_not_writing'] })).toEqual(['appliance:appliance']);
    expect(book.due(true)[0]?.incident.text).toBe('store_not_writing: state cannot be saved; the log says why');
    expect(watch(20, { reasons: ['stopping'] })).toEqual(['appliance:appliance']);
    expect(watch(20, { reasons: [] })).toEqual([]);
  });

  it('that ended without being stopped is told, and has recovered when it runs for a while', async () => {
    const { restart, stop, watch, book } = applianceStage();
    restart();
    expect(book.open()).toEqual([]);
    restart();
    restart();
    expect(book.open()).toMatchObject([{ key: 'crashed:appliance', count: 2 }]);
    // Not before somebody was told of it.
    expect(watch(610)).toEqual(['crashed:appliance']);
    expect(tell(book)).toEqual(['failure crashed:appliance 2']);
    expect(watch(5)).toEqual([]);
    await stop();
    restart();
    expect(book.open()).toEqual([]);
  });

  it('that did not start and then does has recovered, whether somebody was told or nobody could be', async () => {
    const { restart, stop, watch, book, time, pass } = applianceStage();
    const failed = (toldAt: number | null) => ({
      since: time.now - 60_000,
      last: time.now,
      text: 'PORT_IN_USE',
      toldAt,
    });
    restart();
    await stop();
    for (const toldAt of [time.now - 60_000, null]) {
      restart(failed(toldAt));
      expect(watch(5)).toEqual([]);
      expect(book.due()).toMatchObject([
        { event: 'recovery', incident: { since: time.now - 65_000, problem: 'not-started', ended: { at: time.now } } },
      ]);
      expect(tell(book)).toEqual(['recovery not-started:appliance']);
      await stop();
      pass(2 * 86_400);
      book.due();
    }
    // Since the last message there was nothing but what comes and goes.
    restart(failed(time.now));
    watch(5);
    tell(book);
    restart(failed(null));
    expect(watch(5)).toEqual(['crashed:appliance']);
    expect(tell(book)).toEqual(['failure crashed:appliance 1']);
  });

  it('has flows from git that are not up to date until a revision was taken after the start', () => {
    const { watch, book, time } = applianceStage();
    const error = (code: 'GIT_APPLY_FAILED' | 'GIT_UNREACHABLE') =>
      ({ code, message: 'Revision 1 is not in force', mend: 'Push a correction.', at: '', revision: null }) as const;
    expect(watch(10, { git: { lastError: error('GIT_APPLY_FAILED') } })).toEqual(['git:git']);
    expect(book.due(true)[0]?.incident.text).toBe('GIT_APPLY_FAILED: Revision 1 is not in force\nPush a correction.');
    // A restart, and nobody has looked yet.
    expect(watch(10, { git: { checkedAt: new Date(time.now - 3_600_000).toISOString() } })).toEqual(['git:git']);
    expect(watch(10, { git: { checkedAt: new Date(time.now).toISOString() } })).toEqual([]);
    expect(watch(GIT_GRACE_MS / 1000 - 5, { git: { lastError: error('GIT_UNREACHABLE') } })).toEqual([]);
    expect(watch(10)).toEqual(['git:git']);
  });
});
