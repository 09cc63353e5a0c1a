import { expect, it } from 'vitest';
import { Secret } from '../config/index.ts';
import { RunNews } from './run-news.ts';
import { BURST, Sender } from './sender.ts';
import { fakeLogger } from './testing/fake-logger.ts';
import { bookStage, flowError } from './testing/stage.ts';

type Answer = number | Error | (() => Promise<Response>);

function stage(options: { secret?: string; runs?: boolean } = {}) {
  const base = bookStage();
  const { lines, logger } = fakeLogger();
  const answers: Answer[] = [];
  const bodies: Record<string, unknown>[] = [];
  const headers: Headers[] = [];
  const tried: string[] = [];
  const fetch = (async (_url: string, init: RequestInit) => {
    bodies.push(JSON.parse(String(init.body)) as Record<string, unknown>);
    headers.push(new Headers(init.headers));
    const answer = answers.shift() ?? 200;
    if (answer instanceof Error) throw answer;
    if (typeof answer === 'function') return answer();
    return new Response(answer === 200 ? 'ok' : 'sorry', {
      status: answer,
      headers: answer === 429 ? { 'retry-after': '120' } : {},
    });
  }) as typeof globalThis.fetch;
  const place = (node: string) => ({ node, nodeName: 'Monitor', flow: 'tab1', flowLabel: 'Nightly' });
  const news = options.runs ? new RunNews({ all: true, place, now: () => base.time.now }) : null;
  const sender = new Sender({
    config: {
      url: new Secret('https://alerts.example.org/planted-hook-token'),
      format: 'generic',
      on: [],
      intervalMs: 900_000,
      recoveryMs: 600_000,
      secret: options.secret === undefined ? null : new Secret(options.secret),
    },
    book: base.book,
    news,
    fetch,
    appliance: 'here',
    statusPage: 'https://auto.example.org/status',
    linkOf: ({ id }) => `https://auto.example.org/editor/#flow/${id}`,
    logger,
    now: () => base.time.now,
    tried: (outcome, count) => tried.push(`${outcome} ${count}`),
  });
  /** Events of each message. */
  const told = () =>
    bodies.map(({ events }) => (events as { event: string; id: string }[]).map(({ event, id }) => `${event} ${id}`));
  return { ...base, lines, answers, bodies, headers, tried, news, sender, told };
}

it('tells a failure and its recovery, each once, as long as nobody fails to take them', async () => {
  const { book, sender, pass, told, tried, bodies } = stage();
  await sender.pump();
  book.fail(flowError());
  await sender.pump();
  expect(told()).toEqual([]);
  pass(2);
  await Promise.all([sender.pump(), sender.pump()]);
  await sender.pump();
  expect(told()).toEqual([['failure tab1']]);
  expect(bodies[0]).toMatchObject({ title: 'Flow "Flow tab1" fails', appliance: 'here' });
  expect(sender.state()).toMatchObject({ failing: 1, error: null, lastDeliveredAt: '2026-01-15T12:00:02.000Z' });
  book.recover('flow:tab1', 'good');
  pass(1);
  await sender.pump();
  expect(told().at(-1)).toEqual(['recovery tab1']);
  expect(sender.state().failing).toBe(0);
  expect(tried).toEqual(['delivered 1', 'delivered 1']);
});

it('puts together what fails at the same time', async () => {
  const { book, sender, pass, bodies } = stage();
  for (let flow = 0; flow < 30; flow += 1) book.fail(flowError(`tab${flow}`));
  pass(2);
  await sender.pump();
  expect(bodies).toHaveLength(1);
  expect(bodies[0]).toMatchObject({ title: '30 failures', more: 0 });
});

it('sends a burst and then one a minute, whatever happens, and then tells how things are by then', async () => {
  const { book, sender, pass, bodies } = stage();
  for (let second = 0; second < 600; second += 1) {
    book.fail(flowError(`tab${second % 100}`));
    if (second % 3 === 0) book.recover(`flow:tab${(second * 7) % 100}`, 'good');
    pass(1);
    await sender.pump();
  }
  expect(bodies.length).toBeGreaterThanOrEqual(BURST);
  expect(bodies.length).toBeLessThanOrEqual(BURST + 10);
});

it('tries again ever later, or as the receiver asks, and warns once', async () => {
  const { book, sender, pass, bodies, answers, lines, tried } = stage();
  answers.push(503, new Error('fetch failed'), 429, 200);
  book.fail(flowError());
  pass(2);
  const at: number[] = [];
  for (let second = 0; second < 300; second += 1) {
    const before = bodies.length;
    await sender.pump();
    if (bodies.length > before) at.push(second);
    pass(1);
  }
  expect(bodies).toHaveLength(4);
  const [, second = 0, third = 0, fourth = 0] = at;
  expect(second).toBeLessThanOrEqual(3);
  expect(third - second).toBeLessThanOrEqual(6);
  expect(fourth - third).toBeGreaterThanOrEqual(120);
  expect(tried).toEqual(['failed 1', 'failed 1', 'failed 1', 'delivered 1']);
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
  expect(JSON.stringify(lines)).not.toContain('planted');
  // All four were the same failure, told once.
  await sender.pump();
  expect(bodies).toHaveLength(4);
});

it('tells after a night without a receiver what is so in the morning, in one message', async () => {
  const { book, sender, pass, answers, told, bodies } = stage();
  for (let attempt = 0; attempt < 1000; attempt += 1) answers.push(new Error('fetch failed'));
  book.fail(flowError('mended'));
  book.fail(flowError('broken'));
  for (let minute = 0; minute < 8 * 60; minute += 1) {
    pass(60);
    if (minute === 200) book.recover('flow:mended', 'good');
    await sender.pump();
  }
  expect(bodies.length).toBeLessThan(80);
  answers.length = 0;
  pass(900);
  await sender.pump();
  expect(told().at(-1)).toEqual(['recovery mended', 'failure broken']);
});

it('drops what the receiver will never take, and goes on', async () => {
  const { book, sender, pass, answers, told, lines, tried } = stage();
  answers.push(400);
  book.fail(flowError('a'));
  pass(2);
  await sender.pump();
  pass(2);
  book.fail(flowError('b'));
  pass(2);
  await sender.pump();
  expect(told()).toEqual([['failure a'], ['failure b']]);
  expect(tried).toEqual(['refused 1', 'delivered 1']);
  expect(lines[0]?.msg).toContain('the receiver answers 400: sorry');
});

it('signs what it sends, when it has a secret', async () => {
  const { book, sender, pass, headers } = stage({ secret: 'a secret of the two' });
  book.fail(flowError());
  pass(2);
  await sender.pump();
  expect(headers[0]?.get('x-redstart-signature')).toMatch(/^sha256=[0-9a-f]{64}$/);
  expect(headers[0]?.get('x-redstart-timestamp')).toBe('1768478402');
});

it('tells at a stop what was just gathering, and gives up a receiver that hangs', async () => {
  const quick = stage();
  quick.book.fail(flowError());
  await quick.sender.stop(1000);
  expect(quick.told()).toEqual([['failure tab1']]);
  await quick.sender.pump(true);
  expect(quick.bodies).toHaveLength(1);

  const slow = stage();
  slow.answers.push(() => new Promise((_, reject) => setTimeout(() => reject(new Error('aborted')), 30)));
  slow.book.fail(flowError());
  slow.pass(2);
  await slow.sender.stop(10);
  expect(slow.lines).toEqual([]);
  // It is told after the next start.
  expect(slow.reopen().due()).toHaveLength(1);
});

it('tells of runs together, once for each, and says how many it did not tell', async () => {
  const { news, sender, pass, bodies, lines, told } = stage({ runs: true });
  const end = (id: string, end: 'good' | 'bad' = 'bad') =>
    news?.observer.onWatch('m', {
      kind: 'run',
      id,
      workspaceId: '1',
      state: 'ended',
      name: `run ${id}`,
      status: end === 'good' ? 'succeeded' : 'failed',
      end,
      since: 0,
      reason: 'out of memory',
      page: 'https://cloud.example.org/watch/1',
    });
  end('a');
  end('a');
  pass(2);
  await sender.pump();
  expect(bodies[0]).toMatchObject({
    title: 'Run "run a" failed',
    events: [
      {
        event: 'run',
        problem: 'failed',
        text: 'out of memory',
        node: 'Monitor in flow Nightly',
        link: 'https://cloud.example.org/watch/1',
      },
    ],
  });
  for (let run = 0; run < 300; run += 1) end(`more-${run}`, 'good');
  pass(5);
  await sender.pump();
  expect(bodies).toHaveLength(1);
  pass(60);
  await sender.pump();
  expect(bodies[1]).toMatchObject({ title: '200 runs', more: 150 });
  expect(lines.at(-1)?.msg).toBe('100 runs were not told: too many ended at once');
  news?.observer.onWrite('l', { action: 'launch', outcome: 'failed', runName: 'nightly', error: 'no such pipeline' });
  news?.observer.onWrite('l', { action: 'launch', outcome: 'done', runName: 'nightly' });
  pass(62);
  await sender.pump();
  expect(told().at(-1)).toEqual(['run l']);
  expect(bodies[2]).toMatchObject({ title: 'Launch of "nightly" failed', events: [{ text: 'no such pipeline' }] });
});
