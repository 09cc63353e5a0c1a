import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../audit/audit-event.ts';
import type { HttpAuthConfig, HttpUserConfig } from '../config/index.ts';
import { plainPassword } from '../http/testing/fake-config.ts';
import { callerOf } from './flow-caller.ts';
import { type FlowsAuth, type FlowsAuthOptions, flowsAuth } from './flows-auth.ts';
import type { Refusal } from './refusal.ts';
import { hashToken, makeToken } from './token-hash.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

const silent = pino({ level: 'silent' });
const nobody = { user: null, users: null, tokens: null, rateLimit: null, ...plainPassword('') };

function make(config: Partial<HttpAuthConfig> & Pick<HttpAuthConfig, 'mode'>, options: Partial<FlowsAuthOptions> = {}) {
  const events: AuditEvent[] = [];
  const audit = { record: (event: AuditEvent) => void events.push(event) };
  const auth: FlowsAuth = flowsAuth({ ...nobody, ...config }, { logger: silent, audit, ...options });
  cleanups.push(() => auth.close());
  const call = async (path: string, authorization?: string, address = '203.0.113.5') => {
    const req = {
      headers: { ...(authorization !== undefined && { authorization }) },
      rawHeaders: authorization === undefined ? [] : ['Authorization', authorization],
    } as unknown as IncomingMessage;
    const refusal: Refusal | null = await auth.check(req, path, () => address);
    return { status: refusal?.status ?? 200, headers: refusal?.headers, caller: callerOf(req), req };
  };
  return { auth, call, events };
}

function file(text: string) {
  const dir = mkdtempSync(join(tmpdir(), 'redstart-callers-'));
  cleanups.push(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'file.yaml');
  const write = (content: string) => writeFileSync(path, content);
  write(text);
  return { path, write };
}

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('callers with passwords', () => {
  const users: HttpUserConfig[] = [
    { username: 'lims', paths: ['/samples', '/runs/new'], ...plainPassword('lims secret') },
    { username: 'ops', paths: ['/'], ...plainPassword('ops secret') },
  ];
  const config = { mode: 'basic' as const, user: 'hook', ...plainPassword('hook secret') };

  it('get where their paths lead, on the borders of segments, and flows see who it was', async () => {
    const { path } = file('[]');
    const { call, events } = make({ ...config, users: { file: path, list: users } });
    const lims = basic('lims', 'lims secret');
    for (const allowed of ['/samples', '/samples/7', '/runs/new']) {
      expect(await call(allowed, lims)).toMatchObject({ status: 200, caller: { name: 'lims', by: 'password' } });
    }
    for (const other of [
      '/',
      '/sample',
      '/samples2',
      '/runs',
      '/runs/newer',
      '/SAMPLES',
      '//samples',
      '/x/../samples',
    ]) {
      expect([other, (await call(other, lims)).status]).toEqual([other, 403]);
    }
    expect(events.at(-1)).toMatchObject({ event: 'refused', reason: 'path not allowed', user: 'lims' });
    expect((await call('/anything', basic('ops', 'ops secret'))).status).toBe(200);
    expect((await call('/anything', basic('hook', 'hook secret'))).caller?.name).toBe('hook');
    expect((await call('/samples', basic('ops', 'lims secret'))).status).toBe(401);
    expect((await call('/samples')).headers).toMatchObject({ 'WWW-Authenticate': expect.stringContaining('Basic') });
  });

  it('buy no guesses at others with a right password of their own', async () => {
    const { path } = file('[]');
    const { call } = make({ ...config, users: { file: path, list: users } });
    let guesses = 0;
    for (let i = 0; i < 50; i += 1) {
      if ((await call('/samples', basic('ops', `guess ${i}`))).status === 401) guesses += 1;
      // Written another way each time, so that it is checked anew.
      await call('/samples', basic('lims', 'lims secret').replace(' ', ' '.repeat(i + 1)));
    }
    expect(guesses).toBe(10);
    expect((await call('/samples', basic('lims', 'lims secret'))).status).toBe(200);
  });

  it('follow their file: who is removed is refused, a broken version changes nothing', async () => {
    const HASH = '$2b$10$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.';
    const { path, write } = file('');
    const { call, auth } = make({ ...config, users: { file: path, list: users } });
    const ops = basic('ops', 'ops secret');
    expect((await call('/x', ops)).status).toBe(200);
    write('- {username: ops, passwordHash: nonsense}');
    await auth.refresh();
    expect((await call('/x', ops)).status).toBe(200);
    write(`- {username: lims, passwordHash: '${HASH}'}`);
    await auth.refresh();
    // Also what was remembered of it.
    expect((await call('/x', ops)).status).toBe(401);
  });
});

describe('callers with tokens', () => {
  const token = makeToken();
  const entry = { name: 'lims', sha256: hashToken(token), paths: ['/samples'], expires: null };
  const yaml = (sha256: string, more = '') => `- {name: lims, sha256: ${sha256}, paths: [/samples]${more}}\n`;

  it('get where their token leads, and the token stays out of what flows see', async () => {
    const { path } = file(yaml(entry.sha256));
    const { call, events } = make({ mode: 'token', tokens: { file: path, list: [entry] } });
    const good = await call('/samples/7', `Bearer ${token}`);
    expect(good).toMatchObject({ status: 200, caller: { name: 'lims', by: 'token' } });
    expect(JSON.stringify([good.req.headers, good.req.rawHeaders])).not.toContain(token);
    expect((await call('/other', `Bearer ${token}`)).status).toBe(403);
    for (const wrong of [undefined, `Bearer ${makeToken()}`, `Basic ${token}`, `Bearer ${entry.sha256}`]) {
      const answer = await call('/samples', wrong, '198.51.100.1');
      expect([answer.status, answer.headers?.['WWW-Authenticate']]).toEqual([401, 'Bearer realm="flows"']);
    }
    expect(events.filter(({ event }) => event === 'token-used')).toEqual([
      { event: 'token-used', area: 'flows', user: 'lims', address: '203.0.113.5' },
    ]);
  });

  it('are refused once it has ended, and once it is revoked', async () => {
    let now = 1000;
    const { path, write } = file(yaml(entry.sha256, ', expires: 2031-01-01'));
    const { call, auth } = make(
      { mode: 'token', tokens: { file: path, list: [{ ...entry, expires: 2000 }] } },
      { now: () => now },
    );
    expect((await call('/samples', `Bearer ${token}`)).status).toBe(200);
    now = 2000;
    expect((await call('/samples', `Bearer ${token}`)).status).toBe(401);
    await auth.refresh();
    expect((await call('/samples', `Bearer ${token}`)).status).toBe(200);
    const next = makeToken();
    write(yaml(hashToken(next)));
    await auth.refresh();
    expect((await call('/samples', `Bearer ${token}`)).status).toBe(401);
    expect((await call('/samples', `Bearer ${next}`)).status).toBe(200);
  });

  it('who guesses is turned away, who is known is not', async () => {
    const { path } = file('');
    const { call, events } = make({ mode: 'token', tokens: { file: path, list: [entry] } });
    const statuses = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await call('/samples', `Bearer ${makeToken()}`)).status);
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    expect((await call('/samples', `Bearer ${token}`)).status).toBe(200);
    expect(events.filter(({ reason }) => reason === 'unknown token')).toHaveLength(10);
  });

  it('a caller has its own limit, from however many addresses it calls', async () => {
    const { path } = file('');
    const calls: string[] = [];
    const takeCall = (name: string) => (calls.push(name) > 2 ? 7 : 0);
    const { call } = make({ mode: 'token', tokens: { file: path, list: [entry] } }, { takeCall });
    const from = (i: number) => call('/samples', `Bearer ${token}`, `203.0.113.${i}`);
    expect([(await from(1)).status, (await from(2)).status]).toEqual([200, 200]);
    expect(await from(3)).toMatchObject({ status: 429, headers: { 'Retry-After': '7' } });
  });
});
