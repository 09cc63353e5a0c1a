import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSigned, readClaim } from '../nodes/lib/webhook-signature.ts';
import { type Received, receiver } from '../server/notifications/testing/receiver.ts';
import { Appliance } from './support/appliance.ts';
import { withEditor } from './support/editor.ts';
import { node, tab, trigger, wire } from './support/flows.ts';
import { suiteFolder, temporaryFolder } from './support/folder.ts';
import { connectionTo, platform, post, TOKEN } from './support/platform.ts';

const HOOK = '/services/planted-hook-4711';
const SECRET = 'a secret that both sides have';

/** A flow that fails on demand, with markup and a token in its error. */
function flaky(): Record<string, unknown> {
  const parse = node('function', {
    name: 'Parse',
    func: `if (msg.payload.bad) throw new Error('no header in <!channel> ${TOKEN}'); return msg;`,
  });
  const start = trigger('/work', [parse]);
  wire(start[0]!, [parse, start[1]!]);
  const launch = node('seqera-workflow-launch', { seqera: '', launchpadName: 'hello', launchpadNameType: 'str' });
  const caught = node('catch', { scope: [launch.id] });
  const launching = trigger('/launch', [launch]);
  wire(launching[0]!, [launch, launching[1]!]);
  return { 'nightly.json': tab([...start, parse, ...launching, launch, caught], 'tab1', 'Nightly') };
}

const telling = (url: string, more: Record<string, string> = {}): Record<string, string> => ({
  REDSTART_NOTIFY_URL: `${url}${HOOK}`,
  REDSTART_NOTIFY_RECOVERY: '1',
  REDSTART_PUBLIC_URL: 'https://auto.example.org',
  ...withEditor,
  ...more,
});

const arrived = (target: { received: Received[] }, count: number) =>
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

describe('a flow that fails and works again', () => {
  const base = suiteFolder();
  it.concurrent.each(['slack', 'teams', 'generic'])('is told in two messages of the format %s', async (format) => {
    await using target = await receiver();
    const simulator = await platform();
    const folder = join(base, format);
    mkdirSync(folder);
    const more = { REDSTART_NOTIFY_FORMAT: format, ...(format === 'generic' && { REDSTART_NOTIFY_SECRET: SECRET }) };
    const env = { ...connectionTo(simulator, folder), ...telling(target.url, more) };
    await using appliance = await Appliance.start({ folder, flows: flaky(), env });
    await Promise.all(Array.from({ length: 20 }, () => appliance.fetch('/api/work', post({ bad: true }))));
    await arrived(target, 1);
    await appliance.fetch('/api/work', post({ bad: false }));
    await arrived(target, 2);

    const [failure, recovery] = target.received.map(({ body }) => READ[format]!(body));
    expect(failure?.title).toContain('Flow "Nightly" fails');
    for (const part of ['no header', 'Parse', '20']) expect(failure?.text).toContain(part);
    expect(recovery?.title).toContain('Flow "Nightly" works again');
    expect(recovery?.text).toContain('what failed has worked since');
    expect(recovery?.text).toContain('20');
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
    expect(await appliance.stop()).toBe(0);
    expect(target.received).toHaveLength(2);
    expect(appliance.output).not.toContain('planted-hook');
    await simulator.close();
  });
});

it('tells of a token that is refused and of one that is good again, and after a crash neither failure a second time', async () => {
  await using target = await receiver();
  const simulator = await platform();
  const folder = temporaryFolder();
  const env = { ...connectionTo(simulator, folder), ...telling(target.url, { REDSTART_NOTIFY_RECOVERY: '2' }) };
  const setup = { folder, flows: flaky(), env };
  const titles = () => target.received.map(({ body }) => READ.generic!(body).title);
  {
    await using appliance = await Appliance.start(setup);
    await appliance.fetch('/api/work', post({ bad: true }));
    writeFileSync(join(folder, 'token'), 'no-such-token-0815\n');
    await arrived(target, 2);
    expect(titles()).toEqual(['Flow "Nightly" fails', 'The token of connection "default" is refused']);
    expect(target.received[1]?.body).toContain('the Platform answers 401');
    await appliance.kill();
  }
  await using again = await Appliance.start(setup);
  await arrived(target, 3);
  expect(titles().at(-1)).toContain('ended without being stopped');
  writeFileSync(join(folder, 'token'), `${TOKEN}\n`);
  await again.fetch('/api/work', post({ bad: false }));
  const events = (): string[] =>
    target.received.flatMap(({ body }) =>
      (JSON.parse(body) as { events: { event: string; problem: string; count: number | null }[] }).events.map(
        ({ event, problem, count }) => `${event} ${problem} ${count}`,
      ),
    );
  await expect.poll(() => events().length, { timeout: 20_000 }).toBe(6);
  expect(events()).toEqual([
    'failure errors 1',
    'failure token-refused null',
    'failure crashed 1',
    ...events().slice(3),
  ]);
  expect(events().slice(3).sort()).toEqual(['recovery crashed 1', 'recovery errors 1', 'recovery token-refused null']);
  expect(await again.stop()).toBe(0);
  expect(events()).toHaveLength(6);
  await simulator.close();
});

it('leaves flows alone when the receiver hangs, and a stop in time', async () => {
  await using target = await receiver();
  target.answers.push({ status: 200, hang: true }, { status: 200, hang: true });
  const env = { ...telling(target.url), REDSTART_HTTP_AUTH: 'none' };
  await using appliance = await Appliance.start({ flows: flaky(), env });
  await appliance.fetch('/api/work', post({ bad: true }));
  await arrived(target, 1);
  expect((await appliance.fetch('/api/work', post({ bad: false }))).status).toBe(202);
  const asked = Date.now();
  expect(await appliance.stop()).toBe(0);
  expect(Date.now() - asked).toBeLessThan(5000);
});
