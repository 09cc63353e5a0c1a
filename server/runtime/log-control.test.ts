import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../audit/audit-event.ts';
import { identify } from '../auth/identities.ts';
import { createLogControl, type LogControl } from './log-control.ts';
import { createLogs, type Logs } from './logs.ts';

let dir: string;
let server: Server;
let control: LogControl;
let logs: Logs;
let lines: Record<string, unknown>[];
let recorded: AuditEvent[];
const file = (): string => join(dir, 'request');

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-levels-'));
  lines = [];
  recorded = [];
  const log = { level: 'warn', components: { http: 'error' }, format: 'json' } as const;
  logs = createLogs({ log }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  writeFileSync(file(), JSON.stringify({ levels: 'trace', at: 'of before the start' }));
  control = createLogControl({
    logs,
    configured: log,
    requestFile: file(),
    audit: { record: (event) => void recorded.push(event) },
    everyMs: 1_000_000,
  });
  const app = express();
  app.use((req, _res, next) => {
    identify(req, { user: 'ada', role: 'admin', by: 'password' });
    next();
  });
  app.use(control.route);
  app.use((_req, res) => res.status(418).end());
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  control.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(dir, { recursive: true });
});

const call = async (method: string, body?: string, path = '/log-levels', type = 'application/json') => {
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, {
    method,
    headers: { 'content-type': type, connection: 'close' },
    ...(body !== undefined && { body }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
};

describe('the route', () => {
  it('shows levels, changes them and takes them back, with a line that no level hides and an audit event', async () => {
    expect((await call('GET')).body).toMatchObject({
      levels: 'warn,http=error',
      configured: 'warn,http=error',
      changed: null,
      components: { git: expect.any(String) },
    });
    const changed = await call('PUT', '{"levels":"git=debug"}');
    expect(changed).toMatchObject({ status: 200, body: { levels: 'warn,git=debug', changed: { by: 'ada' } } });
    expect(logs.of('git').level).toBe('debug');
    expect(logs.of('http').level).toBe('warn');
    expect(lines).toMatchObject([
      {
        level: 'info',
        component: 'program',
        event: 'log.levels',
        user: 'ada',
        msg: 'ada set the log level to warn,git=debug, until the next start',
      },
    ]);
    expect(recorded).toMatchObject([
      { event: 'log-level', user: 'ada', address: '127.0.0.1', levels: 'warn,git=debug', before: 'warn,http=error' },
    ]);
    expect((await call('DELETE')).body).toMatchObject({ levels: 'warn,http=error', changed: null });
    expect(logs.of('http').level).toBe('error');
    expect(recorded).toHaveLength(2);
  });

  it.each([
    ['{"levels":"git=loud"}', 400],
    ['{"levels":"silent"}', 400],
    ['{"levels":7}', 400],
    ['[]', 400],
    ['{', 400],
    [`{"levels":"${'info,'.repeat(2000)}"}`, 413],
  ])('refuses %.40s', async (body, status) => {
    expect((await call('PUT', body)).status).toBe(status);
    expect(control.state().changed).toBeNull();
    expect(recorded).toEqual([]);
  });

  it('takes no form, no other method, and leaves other paths alone', async () => {
    expect((await call('PUT', 'levels=trace', '/log-levels', 'application/x-www-form-urlencoded')).status).toBe(400);
    expect((await call('POST', '{"levels":"trace"}')).status).toBe(405);
    expect((await call('PUT', '{"levels":"trace"}', '/log-levels/more')).status).toBe(418);
    expect(control.state().levels).toBe('warn,http=error');
  });
});

it('tells of a change that leaves out everything else', () => {
  const log = { level: 'info', components: {}, format: 'json' } as const;
  const quiet = createLogs({ log }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const of = createLogControl({ logs: quiet, configured: log, requestFile: file(), audit: { record() {} } });
  // As the levels of a parent are when they are changed by the one who told before.
  quiet.setLevels({ level: 'fatal', components: {} });
  writeFileSync(file(), JSON.stringify({ levels: 'error', at: '' }));
  return of
    .check()
    .then(() => expect(lines).toMatchObject([{ level: 'info', levels: 'error', before: 'fatal' }]))
    .finally(() => of.close());
});

describe('a request in the data folder', () => {
  const leave = (text: string): void => writeFileSync(file(), text);

  it('is taken once, is gone then, and one of before the start is not', async () => {
    expect(existsSync(file())).toBe(false);
    await control.check();
    expect(control.state().changed).toBeNull();
    const request = (levels: string | null, at: number) => JSON.stringify({ levels, at: new Date(at).toISOString() });
    leave(request('debug', 1));
    await control.check();
    expect([existsSync(file()), control.state().levels]).toEqual([false, 'debug']);
    expect(recorded).toMatchObject([{ event: 'log-level', by: 'redstart log-level', levels: 'debug' }]);
    leave(request(null, 2));
    await control.check();
    expect(control.state()).toEqual({ levels: 'warn,http=error', configured: 'warn,http=error', changed: null });
    // The same again after that is a new one.
    leave(request('debug', 3));
    await control.check();
    expect(control.state().levels).toBe('debug');
  });

  it.each(['', 'debug', '{"levels":"loud"}', '{}', '[1]', `"${'x'.repeat(5000)}"`])(
    'that is %.20j changes nothing',
    async (text) => {
      leave(text);
      await control.check();
      expect([existsSync(file()), control.state().changed]).toEqual([false, null]);
      expect(lines).toMatchObject([
        {
          level: 'warn',
          msg: expect.stringMatching(/^a request for other log levels cannot be used: .*It was removed/),
        },
      ]);
    },
  );

  it.each(['debug', `"${'x'.repeat(5000)}"`, null])(
    'that is %.20j twice is told and gone twice, and the next good one is taken',
    async (text) => {
      const bad = (): void => (text === null ? mkdirSync(file()) : leave(text));
      // Nothing there, as most of the time.
      await control.check();
      for (let time = 1; time <= 2; time++) {
        bad();
        await control.check();
        expect([existsSync(file()), lines.length]).toEqual([false, time]);
        await control.check();
      }
      leave('{"levels":"debug"}');
      await control.check();
      leave('{"levels":null}');
      await control.check();
      await control.check();
      leave('{"levels":"debug"}');
      await control.check();
      expect([existsSync(file()), control.state().levels]).toEqual([false, 'debug']);
      expect(recorded).toHaveLength(3);
    },
  );

  it.runIf(process.platform === 'linux')(
    'that can be neither read nor removed is told once, with what to do, and keeps no start from starting',
    async () => {
      const levels = { level: 'warn', components: {}, format: 'json' } as const;
      // Not even root removes it, and it begins with nothing that could be read.
      const requestFile = '/proc/self/mem';
      const other = createLogControl({ logs, configured: levels, requestFile, audit: { record() {} }, everyMs: 1e6 });
      await other.check();
      await other.check();
      other.close();
      expect(lines).toMatchObject([
        { level: 'warn', msg: expect.stringMatching(/: \w+\. It cannot be removed either: remove it by hand/) },
      ]);
    },
  );
});
