import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import { RedstartError } from '../errors.ts';
import { DATA_FILES } from '../flows/data-files.ts';
import { takeFailedStarts, tellFailedStart } from './failed-start.ts';
import { fakeLogger } from './testing/fake-logger.ts';
import { T0 } from './testing/stage.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'redstart-failed-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
const file = (): string => join(dir, DATA_FILES.failedStarts);

const portTaken = (port = 1880) =>
  new RedstartError({ code: 'PORT_IN_USE', message: `port ${port} is in use`, mend: 'Set PORT.' });

type Answer = number | Error | (() => Promise<Response>);

function stage(on: 'appliance' | 'flows' = 'appliance') {
  const time = { now: T0 };
  const { lines, logger } = fakeLogger();
  const answers: Answer[] = [];
  const sent: { headers: Headers; body: { title: string; events: Record<string, unknown>[] } }[] = [];
  const fetch = (async (_url: string, init: RequestInit) => {
    sent.push({ headers: new Headers(init.headers), body: JSON.parse(String(init.body)) });
    const answer = answers.shift() ?? 200;
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer() : new Response('', { status: answer });
  }) as typeof globalThis.fetch;
  const fails = (error: unknown, dataDir = dir, patienceMs = 3000) =>
    tellFailedStart(error, {
      config: {
        data: { dir: dataDir },
        server: { publicUrl: 'https://auto.example.org' },
        environment: 'prod',
        proxy: { https: null, http: null, noProxy: null },
      } as unknown as Parameters<typeof tellFailedStart>[1]['config'],
      notifications: {
        url: new Secret('https://alerts.example.org/planted-hook-token'),
        format: 'generic',
        on: [on],
        intervalMs: 900_000,
        recoveryMs: 600_000,
        secret: new Secret('a secret of the two'),
      },
      logger,
      fetch,
      now: () => time.now,
      patienceMs,
    });
  return { time, lines, answers, sent, fails };
}

it('tells why, signed and without secrets, and the same reason not again within an hour', async () => {
  const { time, sent, fails } = stage();
  new Secret('planted-in-a-failed-start');
  await fails(portTaken());
  expect(sent[0]?.body).toMatchObject({
    appliance: 'auto.example.org (prod)',
    title: 'Redstart did not start: port 1880 is in use',
    link: null,
    events: [
      {
        event: 'failure',
        kind: 'appliance',
        problem: 'not-started',
        text: 'PORT_IN_USE: port 1880 is in use\nSet PORT.',
        since: '2026-01-15T12:00:00.000Z',
      },
    ],
  });
  expect(sent[0]?.headers.get('x-redstart-signature')).toMatch(/^sha256=/);
  for (let start = 1; start < 70; start++) {
    time.now += 50_000;
    await fails(portTaken(1000 + start));
  }
  expect(sent).toHaveLength(1);
  await fails(new Error(`another reason\nwith planted-in-a-failed-start`));
  expect(sent[1]?.body).toMatchObject({ title: 'Redstart did not start: another reason with [redacted]' });
  expect(readFileSync(file(), 'utf8')).not.toContain('planted');
  time.now += 3_600_000;
  await fails(portTaken());
  // Since the first of them.
  expect(sent[2]?.body.events[0]).toMatchObject({ since: '2026-01-15T12:00:00.000Z' });
  expect(sent).toHaveLength(3);
});

it('tells ten an hour, however many reasons there are', async () => {
  const { sent, fails } = stage();
  for (const letter of 'abcdefghijklmnop') await fails(new Error(`reason ${letter}`));
  expect(sent).toHaveLength(10);
});

it('tells it each time where the data folder cannot be used, or has garbage', async () => {
  const { sent, fails } = stage();
  await fails(portTaken(), join(dir, 'none'));
  await fails(portTaken(), join(dir, 'none'));
  expect(sent).toHaveLength(2);
  for (const garbage of ['', '[1]', '{"failed":{"since":"x"},"told":{"a":"b"}}', 'null']) {
    writeFileSync(file(), garbage);
    await fails(portTaken());
  }
  expect(sent).toHaveLength(6);
  await fails(portTaken());
  expect(sent).toHaveLength(6);
});

it('tries again at the next start what was not taken, and not what was refused', async () => {
  const { answers, sent, lines, fails } = stage();
  answers.push(503, new Error('fetch failed'), 400);
  for (let start = 0; start < 5; start++) await fails(portTaken());
  expect(sent).toHaveLength(3);
  expect(lines.map(({ msg }) => msg)).toEqual([
    'that it did not start was not told: the receiver answers 503',
    'that it did not start was not told: fetch failed',
    'that it did not start was not told: the receiver answers 400',
  ]);
});

it('waits no longer than it may, for a receiver that does not answer, nor listens to being given up', async () => {
  const { answers, sent, fails } = stage();
  answers.push(() => new Promise(() => {}));
  await fails(portTaken(), dir, 20);
  expect(sent).toHaveLength(1);
});

it('tells nothing where nobody wants to hear of the appliance', async () => {
  const { sent, fails } = stage('flows');
  await fails(portTaken());
  expect([sent, existsSync(file())]).toEqual([[], false]);
});

it('is known to the next good start, once, and what was told is not told more often for it', async () => {
  const { time, sent, fails } = stage();
  expect(takeFailedStarts(dir, time.now)).toBeNull();
  await fails(portTaken());
  time.now += 10_000;
  await fails(portTaken());
  expect(takeFailedStarts(dir, time.now)).toEqual({
    since: T0,
    last: T0 + 10_000,
    text: 'PORT_IN_USE: port 1880 is in use\nSet PORT.',
    toldAt: T0,
  });
  // It is written beside the start. To take it again would write it again, over what comes next.
  await expect.poll(() => readFileSync(file(), 'utf8'), { timeout: 10_000 }).toContain('"failed":null');
  expect(takeFailedStarts(dir, time.now)).toBeNull();
  await fails(portTaken());
  expect(sent).toHaveLength(1);
  expect(takeFailedStarts(dir, time.now)).toMatchObject({ since: T0 + 10_000, toldAt: null });
});
