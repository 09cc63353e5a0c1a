import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KeyRing } from '../state/key-ring.ts';
import { sessionFile } from './session-file.ts';
import { LOOK_AGAIN_MS, MAX_SESSIONS, type Session, Sessions, type SessionsOptions } from './sessions.ts';

const ADA = { user: 'ada', role: 'editor', by: 'password' } as const;

describe('Sessions', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function setUp(options: Partial<SessionsOptions> = {}) {
    const ended: string[] = [];
    const sessions = new Sessions({ hours: 1, onEnd: ({ user }, why) => ended.push(`${user} ${why}`), ...options });
    return { sessions, ended };
  }

  it('knows who holds a token, until it is given back', () => {
    const { sessions, ended } = setUp();
    const token = sessions.begin(ADA);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(sessions.find(token)).toEqual(ADA);
    for (const other of ['', `${token}x`, token.slice(1), '__proto__']) expect(sessions.find(other)).toBeNull();
    const seen: string[] = [];
    sessions.watch(token, () => seen.push('ended'));
    sessions.watch(token, () => seen.push('gone'))();
    expect(sessions.end(token)?.user).toBe('ada');
    expect(sessions.find(token)).toBeNull();
    expect(sessions.end(token)).toBeNull();
    expect([seen, ended]).toEqual([['ended'], ['ada signed out']]);
  });

  it('ends when the time is over, without anyone asking', () => {
    const { sessions, ended } = setUp();
    const token = sessions.begin(ADA);
    const seen: string[] = [];
    sessions.watch(token, () => seen.push('ended'));
    vi.advanceTimersByTime(3_599_999);
    expect(sessions.find(token)).not.toBeNull();
    vi.advanceTimersByTime(1);
    expect([sessions.find(token), seen, ended]).toEqual([null, ['ended'], ['ada expired']]);
  });

  it('ends within a minute of a jump of the clock, for connections too', () => {
    const { sessions } = setUp();
    const token = sessions.begin(ADA);
    const seen: string[] = [];
    sessions.watch(token, () => seen.push('ended'));
    vi.setSystemTime(Date.now() + 3_600_000);
    vi.advanceTimersByTime(LOOK_AGAIN_MS);
    expect([sessions.find(token), seen]).toEqual([null, ['ended']]);
  });

  it('ends all of a user who changed, of that way of signing in, and of nobody else', () => {
    const { sessions, ended } = setUp();
    const [first, second] = [sessions.begin(ADA), sessions.begin(ADA)];
    const [bob, sso] = [sessions.begin({ ...ADA, user: 'bob' }), sessions.begin({ ...ADA, by: 'oidc' })];
    sessions.endOf('ada', 'password');
    expect([first, second, bob, sso].map((token) => sessions.find(token) !== null)).toEqual([false, false, true, true]);
    expect(ended).toEqual(['ada user changed', 'ada user changed']);
  });

  it('holds no more than it may: the oldest ends', () => {
    const { sessions, ended } = setUp();
    const tokens = Array.from({ length: MAX_SESSIONS + 1 }, () => sessions.begin(ADA));
    expect([sessions.find(tokens[0] ?? ''), ended]).toEqual([null, ['ada too many']]);
    expect(sessions.find(tokens[1] ?? '')).not.toBeNull();
  });

  it('writes one time for what happens at once, never the token, and ends although it cannot be written', async () => {
    const saved: Record<string, Session>[] = [];
    const unsaved: unknown[] = [];
    const file = { load: async () => ({}), save: async (all: Record<string, Session>) => void saved.push(all) };
    const { sessions } = setUp({ file });
    const tokens = [sessions.begin(ADA), sessions.begin(ADA), sessions.begin(ADA)];
    await sessions.saved();
    expect(saved.map((all) => Object.keys(all).length)).toEqual([1, 3]);
    for (const token of tokens) expect(JSON.stringify(saved)).not.toContain(token);

    const broken = setUp({
      file: { load: async () => ({}), save: () => Promise.reject(new Error('full')) },
      onUnsaved: (error) => unsaved.push(error),
    }).sessions;
    const token = broken.begin(ADA);
    broken.end(token);
    await broken.saved();
    expect(broken.find(token)).toBeNull();
    expect(unsaved).toHaveLength(2);
  });
});

describe('sessionFile', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'redstart-sessions-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const path = (): string => join(dir, 'sessions.json');
  const open = (secret: string, password: string | null, role = 'editor', unreadable: string[] = []) =>
    sessionFile({
      path: path(),
      ring: new KeyRing(secret),
      fingerprint: async (session, salt) =>
        session.user === 'ada' && session.role === role && password !== null ? `${salt}/${password}` : null,
      onUnreadable: (reason) => unreadable.push(reason),
    });
  const sessions: Record<string, Session> = {
    'hash-of-token': { ...ADA, expires: 5 },
    other: { ...ADA, user: 'gone', expires: 5 },
  };

  it('keeps sessions, encrypted, of users that are still there', async () => {
    await open('s', 'pw').save(sessions);
    expect(await readFile(path(), 'utf8')).not.toMatch(/hash-of-token|ada/);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    expect(await open('s', 'pw').load()).toEqual({ 'hash-of-token': { ...ADA, expires: 5 } });
  });

  it('ends the sessions of a user whose password or role changed, or who is gone', async () => {
    await open('s', 'pw').save(sessions);
    expect(await open('s', 'other').load()).toEqual({});
    expect(await open('s', 'pw', 'viewer').load()).toEqual({});
    expect(await open('s', null).load()).toEqual({});
  });

  it('starts empty with another secret, a file that was written by hand, or none', async () => {
    const unreadable: string[] = [];
    expect(await open('s', 'pw', 'editor', unreadable).load()).toEqual({});
    expect(unreadable).toEqual([]);
    await open('s', 'pw').save(sessions);
    expect(await open('another', 'pw', 'editor', unreadable).load()).toEqual({});
    const sealed = JSON.parse(await readFile(path(), 'utf8')) as { data: string };
    const tampered = Buffer.from(sealed.data, 'base64');
    tampered[20] = (tampered[20] ?? 0) ^ 1;
    const forged = ['{}', '[]', 'null', '{', JSON.stringify({ ...sealed, data: tampered.toString('base64') })];
    for (const text of forged) {
      await writeFile(path(), text);
      expect(await open('s', 'pw', 'editor', unreadable).load()).toEqual({});
    }
    expect(unreadable).toHaveLength(1 + forged.length);
    // As an earlier version had them.
    await open('s', 'pw').save({ token: { user: 'ada', scope: '*' } as unknown as Session });
    expect(await open('s', 'pw', 'editor', unreadable).load()).toEqual({});
  });
});
