import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type ExpectStatic, it } from 'vitest';
import { isSigned, readClaim } from '../nodes/lib/webhook-signature.ts';
import { type Received, receiver } from '../server/notifications/testing/receiver.ts';
import { Appliance } from './support/appliance.ts';
import { withEditor } from './support/editor.ts';
import { node, tab, trigger } from './support/flows.ts';
import { suiteFolder } from './support/folder.ts';
import { connectionTo, platform, post, TOKEN } from './support/platform.ts';

const HOOK = '/services/planted-hook-4711';
const SECRET = 'a secret that both sides have';

/** Flows that fail on demand, with markup and a token in the error, and one that launches. */
function flaky(): Record<string, unknown> {
  const parse = (name: string) =>
    node('function', {
      name,
      func: `if (msg.payload.hang) await new Promise(() => {}); if (msg.payload.bad) throw new Error('no header in <!channel> ${TOKEN}'); return msg;`,
    });
  const flow = (path: string, first: ReturnType<typeof node>, rest: ReturnType<typeof node>[] = []) => {
    const [start, accepted] = trigger(path, [first]) as [ReturnType<typeof node>, ReturnType<typeof node>];
    return [start, accepted, first, ...rest];
  };
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello', launchpadNameType: 'str' });
  return {
    'nightly.json': tab(flow('work', parse('Parse')), 'tab1', 'Nightly'),
    'other.json': tab(flow('other', parse('Other')), 'tab2', 'Other'),
    // Caught: its errors are no failure of the flow.
    'launch.json': tab(flow('launch', launch, [node('catch', { scope: null })]), 'tab3', 'Launch'),
  };
}

const telling = (url: string, more: Record<string, string> = {}): Record<string, string> => ({
  REDSTART_NOTIFY_URL: `${url}${HOOK}`,
  REDSTART_NOTIFY_RECOVERY: '1',
  REDSTART_PUBLIC_URL: 'https://auto.example.org',
  ...withEditor,
  ...more,
});

// Of tests that run side by side each has an `expect` of its own.
const arrived = (expect: ExpectStatic, target: { received: Received[] }, count: number) =>
  expect.poll(() => target.received.length, { timeout: 20_000 }).toBe(count);

/** What a message says, as its format has it. */
const READ: Record<string, (body: string) => { title: string; text: string }> = {
  slack(body) {
    const { text, blocks } = JSON.parse(body) as { text: string; blocks: object[] };
    return { title: text, text: JSON.stringify(blocks) };
  },
  teams(body) {
    const [{ content } = { content: { fallbackText: '', body: [] as object[] } }] = (
      JSON.parse(body) as { attachments: { content: { fallbackText: string; body: object[] } }[] }
    ).attachments;
    return { title: content.fallbackText, text: JSON.stringify(content.body) };
  },
  generic(body) {
    const { title, events } = JSON.parse(body) as { title: string; events: object[] };
    return { title, text: JSON.stringify(events) };
  },
};

const base = suiteFolder();

// Most of the time is waiting, for what else may fail, and for what works again to stay so.
describe.concurrent('a flow that fails and works again', () => {
  it.for(['slack', 'teams', 'generic'])('is told in two messages of the format %s', async (format, { expect }) => {
    await using target = await receiver();
    const simulator = await platform();
    const folder = join(base, format);
    mkdirSync(folder);
    const more = { REDSTART_NOTIFY_FORMAT: format, ...(format === 'generic' && { REDSTART_NOTIFY_SECRET: SECRET }) };
    const env = { ...connectionTo(simulator, folder), ...telling(target.url, more) };
    await using appliance = await Appliance.start({ folder, flows: flaky(), env });
    await Promise.all(Array.from({ length: 20 }, () => appliance.fetch('/api/work', post({ bad: true }))));
    await arrived(expect, target, 1);
    await appliance.fetch('/api/work', post({ bad: false }));
    await arrived(expect, target, 2);

    const [failure, recovery] = target.received.map(({ body }) => READ[format]!(body));
    expect(failure?.title).toContain('Flow "Nightly" fails');
    for (const part of ['no header', 'Parse']) expect(failure?.text).toContain(part);
    expect(failure?.text).toMatch(/Errors: \d+|"count":\d+/);
    expect(recovery?.title).toContain('Flow "Nightly" works again');
    expect(recovery?.text).toContain('what failed has worked since');
    expect(recovery?.text).toMatch(/Errors: 20\b|"count":20\b/);
    const sent = target.received.map(({ body }) => body).join();
    expect(sent).toContain('https://auto.example.org/editor/#flow/tab1');
    // Neither the token in the error nor a ping of everybody.
    expect(sent).not.toContain(TOKEN);
    if (format === 'slack') expect(sent).not.toContain('<!channel>');
    if (format === 'generic') {
      const scheme = {
        header: 'x-redstart-signature',
        prefix: 'sha256=',
        algorithm: 'sha256',
        encoding: 'hex',
        timestamp: { header: 'x-redstart-timestamp', before: '', between: '.' },
      } as const;
      for (const { headers, body } of target.received) {
        const claim = readClaim(scheme, headers, Date.now(), 60_000);
        expect(typeof claim === 'object' && isSigned(scheme, [SECRET], claim, Buffer.from(body))).toBe(true);
      }
    }
    expect(target.received.every(({ path }) => path === HOOK)).toBe(true);
    expect(target.received).toHaveLength(2);

    // A receiver that hangs keeps no flow waiting, and no stop: not even one for which flows take all their time.
    target.answers.push({ status: 200, hang: true });
    const hang = format === 'generic';
    if (hang) await appliance.fetch('/api/work', post({ hang }));
    await appliance.fetch('/api/other', post({ bad: true }));
    const asked = Date.now();
    expect(await appliance.stop()).toBe(0);
    // Docker kills after ten seconds.
    expect(Date.now() - asked).toBeLessThan(9800);
    expect(appliance.output.includes('message(s) unfinished in a node')).toBe(hang);
    expect(READ[format]!(target.received[2]?.body ?? '').title).toContain('Flow "Other" fails');
    expect(target.received).toHaveLength(3);
    expect(appliance.output).not.toContain('planted-hook');
    await simulator.close();
  });
});

it.concurrent('tells of a token that is refused and of one that is good again, and after a crash nothing a second time', async ({
  expect,
}) => {
  await using target = await receiver();
  const simulator = await platform();
  const folder = join(base, 'token');
  mkdirSync(folder);
  const env = { ...connectionTo(simulator, folder), ...telling(target.url) };
  const setup = { folder, flows: flaky(), env };
  /** What was told, in whatever number of messages. */
  const told = (): string[] =>
    target.received.flatMap(({ body }) =>
      (
        JSON.parse(body) as { events: { event: string; problem: string; count: number | null; text: string }[] }
      ).events.map(({ event, problem, count, text }) => `${event} ${problem} ${count ?? ''}: ${text}`),
    );
  const soon = { timeout: 30_000 };
  {
    await using appliance = await Appliance.start(setup);
    await appliance.fetch('/api/work', post({ bad: true }));
    simulator.setScenario({ faults: [{ kind: 'status', status: 401 }] });
    await appliance.fetch('/api/launch', post());
    await expect.poll(() => told().length, soon).toBe(2);
    expect(told().sort()).toEqual([
      expect.stringMatching(/^failure errors 1: .*no header/),
      expect.stringMatching(/^failure token-refused : the Platform answers 401/),
    ]);
    // Killed between its arrival and the note of it, a message would come again.
    const metrics = async () => await (await appliance.fetch('/metrics')).text();
    const delivered = `redstart_notifications_total{outcome="delivered"} ${target.received.length}`;
    await expect.poll(metrics, soon).toContain(delivered);
    await appliance.kill();
  }
  await using again = await Appliance.start(setup);
  await expect.poll(() => told()[2] ?? '', soon).toMatch(/^failure crashed 1: It was killed/);
  // The next call that is answered shows it.
  simulator.setScenario({});
  await again.fetch('/api/launch', post());
  await again.fetch('/api/work', post({ bad: false }));
  await expect.poll(() => told().length, soon).toBe(6);
  expect(told().slice(3).sort()).toEqual([
    expect.stringMatching(/^recovery crashed 1: It has run for/),
    expect.stringMatching(/^recovery errors 1: No error for .* what failed has worked since/),
    expect.stringMatching(/^recovery token-refused : The Platform answers, and takes the token/),
  ]);
  expect(await again.stop()).toBe(0);
  expect(told()).toHaveLength(6);
  await simulator.close();
});
