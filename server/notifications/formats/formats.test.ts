import { describe, expect, it } from 'vitest';
import type { Message, Notice } from '../notice.ts';
import { titleOf } from '../words.ts';
import { genericMessage, MOST_EVENTS, signature } from './generic.ts';
import { SLACK_BLOCKS, SLACK_SECTION, slackMessage } from './slack.ts';
import { TEAMS_BYTES, teamsMessage } from './teams.ts';

const AT = Date.UTC(2026, 0, 15, 12);

function notice(parts: Partial<Notice> = {}): Notice {
  return {
    event: 'failure',
    kind: 'flow',
    id: 'tab1',
    label: 'Nightly',
    problem: 'errors',
    headline: 'Flow "Nightly" fails',
    text: 'no header',
    node: 'Parse',
    count: 1000,
    since: AT - 90_000,
    last: AT,
    until: null,
    link: 'https://auto.example.org/editor/#flow/tab1',
    ...parts,
  };
}

function message(notices: readonly Notice[], parts: Partial<Message> = {}): Message {
  const link = 'https://auto.example.org/status';
  return { id: 'id-1', at: AT, title: titleOf(notices), appliance: 'auto.example.org', link, notices, ...parts };
}

/** What an error or a name may hold to ping, to mislead, or to break out of where it is shown. */
const HOSTILE =
  '<!channel> <@U012AB3CD> <https://evil.example|your bank> [your bank](https://evil.example) **x** `y` ```z``` <at>all</at> {{DATE(2026-01-01T00:00:00Z)}} & "quoted" \\ end';
/** The most that a text of this length can take: as an entity, as an escape of JSON, in bytes. */
const WORST = ['&'.repeat(1000), '"'.repeat(1000), '\u{1F525}'.repeat(500), '\u2028'.repeat(1000), '中'.repeat(1000)];

const worst = (text: string): Notice =>
  notice({ label: text.slice(0, 120), headline: text.slice(0, 160), text, node: text.slice(0, 120) });

interface Slack {
  text: string;
  blocks: { type: string; text?: { type: string; text: string; verbatim: boolean }; elements?: { text: string }[] }[];
}

/** Everything of a Slack message that is text. */
const slackTexts = ({ text, blocks }: Slack): string[] => [
  text,
  ...blocks.flatMap((block) => [
    ...(block.text ? [block.text.text] : []),
    ...(block.elements ?? []).map((e) => e.text),
  ]),
];

describe('a message of Slack', () => {
  const slack = (each: Message): Slack => slackMessage(each) as Slack;

  it('says what fails, since when and how often, in the reader’s time zone', () => {
    const sent = slack(message([notice()]));
    expect(sent.text).toBe('Flow "Nightly" fails (auto.example.org)');
    expect(sent.blocks[0]?.text?.text).toBe(':red_circle: *Flow "Nightly" fails*\n```no header```');
    expect(sent.blocks[1]?.elements?.map(({ text }) => text)).toEqual([
      'Node: Parse',
      'Errors: 1000',
      'Since: <!date^1768478310^{date_short_pretty} {time_secs}|2026-01-15 11:58:30 UTC>',
      'Last: <!date^1768478400^{date_short_pretty} {time_secs}|2026-01-15 12:00:00 UTC>',
      '<https://auto.example.org/editor/#flow/tab1|Open>',
    ]);
    expect(sent.blocks.at(-1)?.elements?.map(({ text }) => text)).toEqual([
      'Redstart at auto.example.org',
      '<https://auto.example.org/status|Status page>',
    ]);
  });

  it('lets nothing in an error or a name ping, link or break out', () => {
    const sent = slack(message([worst(HOSTILE)], { appliance: HOSTILE, title: HOSTILE }));
    const ours = /<(?:!date\^\d+\^[^|>]*\|[^>]*|https:\/\/auto\.example\.org\/[^|>]*\|(?:Open|Status page))>/g;
    for (const text of slackTexts(sent)) expect(text.replace(ours, '')).not.toMatch(/[<>]/);
    expect(sent.blocks.every(({ text }) => text === undefined || text.verbatim)).toBe(true);
    expect(sent.blocks[0]?.text?.text.match(/```/g)).toHaveLength(2);
    expect(sent).toMatchObject({ unfurl_links: false, unfurl_media: false });
  });

  it('has links that nothing in an address ends early', () => {
    const sent = slack(message([notice({ link: 'https://p.example.org/a|b>c<!channel>' })]));
    expect(sent.blocks[1]?.elements?.at(-1)?.text).toBe('<https://p.example.org/a%7Cb&gt;c&lt;!channel&gt;|Open>');
  });

  it.each(WORST)('keeps to the limits of Slack (%#)', (text) => {
    for (const count of [1, 10, 500]) {
      const sent = slack(
        message(
          Array.from({ length: count }, () => worst(text)),
          { appliance: text },
        ),
      );
      expect(sent.blocks.length).toBeLessThanOrEqual(SLACK_BLOCKS);
      for (const block of sent.blocks) {
        expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(SLACK_SECTION);
        expect(block.elements?.length ?? 1).toBeLessThanOrEqual(10);
      }
      const all = slackTexts(sent).reduce((sum, each) => sum + each.length, 0);
      expect(all).toBeLessThan(13_000);
      for (const each of slackTexts(sent)) expect(each.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
    }
  });
});

interface Card {
  body: {
    type: string;
    style?: string;
    inlines?: { text: string }[];
    items?: { type: string; inlines: { text: string }[] }[];
  }[];
  actions?: { type: string; title: string; url: string }[];
}
const cardOf = (sent: object): Card =>
  (sent as { attachments: { contentType: string; content: Card }[] }).attachments[0]!.content;

describe('a message for a workflow of Teams', () => {
  it('is an Adaptive Card that says the same', () => {
    const sent = teamsMessage(message([notice()]));
    expect(sent).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: { type: 'AdaptiveCard', version: '1.4', fallbackText: 'Flow "Nightly" fails' },
        },
      ],
    });
    const card = cardOf(sent);
    expect(card.body[0]?.style).toBe('attention');
    expect(card.body[0]?.items?.map(({ inlines }) => inlines[0]?.text)).toEqual([
      'Flow "Nightly" fails',
      'no header',
      'Node: Parse   Errors: 1000   Since: 2026-01-15 11:58:30 UTC   Last: 2026-01-15 12:00:00 UTC',
    ]);
    expect(card.actions).toEqual([
      { type: 'Action.OpenUrl', title: 'Status page', url: 'https://auto.example.org/status' },
      { type: 'Action.OpenUrl', title: 'Nightly', url: 'https://auto.example.org/editor/#flow/tab1' },
    ]);
  });

  it('shows text only as runs, in which nothing is markup', () => {
    const card = cardOf(teamsMessage(message([worst(HOSTILE), worst(HOSTILE)], { appliance: HOSTILE })));
    const kinds = card.body.flatMap(({ type, items }) => [type, ...(items ?? []).map((item) => item.type)]);
    expect(new Set(kinds)).toEqual(new Set(['Container', 'RichTextBlock']));
    expect(JSON.stringify(card)).not.toContain('"entities"');
  });

  it('has no buttons where nobody knows an address', () => {
    expect(cardOf(teamsMessage(message([notice({ link: null })], { link: null }))).actions).toBeUndefined();
  });

  it.each(WORST)('keeps to the 28 KB of Teams (%#)', (text) => {
    for (const count of [1, 10, 500]) {
      const sent = teamsMessage(
        message(
          Array.from({ length: count }, () => worst(text)),
          { appliance: text.slice(0, 250) },
        ),
      );
      expect(Buffer.byteLength(JSON.stringify(sent))).toBeLessThan(TEAMS_BYTES);
    }
  });
});

describe('a generic message', () => {
  it('has the figures as data', () => {
    const over = notice({ event: 'recovery', text: 'No error for 10 min.', node: null, until: AT });
    expect(genericMessage(message([notice(), over]))).toEqual({
      source: 'redstart',
      id: 'id-1',
      at: '2026-01-15T12:00:00.000Z',
      appliance: 'auto.example.org',
      title: '1 failure, 1 recovery',
      link: 'https://auto.example.org/status',
      events: [
        {
          event: 'failure',
          kind: 'flow',
          id: 'tab1',
          label: 'Nightly',
          problem: 'errors',
          headline: 'Flow "Nightly" fails',
          text: 'no header',
          node: 'Parse',
          count: 1000,
          since: '2026-01-15T11:58:30.000Z',
          last: '2026-01-15T12:00:00.000Z',
          until: null,
          link: 'https://auto.example.org/editor/#flow/tab1',
        },
        expect.objectContaining({ event: 'recovery', until: '2026-01-15T12:00:00.000Z', text: 'No error for 10 min.' }),
      ],
      more: 0,
    });
  });

  it('is bounded, and says how many more there are', () => {
    const sent = genericMessage(message(Array.from({ length: 60 }, () => notice()))) as {
      events: object[];
      more: number;
    };
    expect([sent.events.length, sent.more]).toEqual([MOST_EVENTS, 10]);
  });

  it('is signed over its time and its body', () => {
    expect(signature('a secret of the two', '{"a":1}', AT)).toEqual({
      'x-redstart-timestamp': '1768478400',
      'x-redstart-signature': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    });
    const [one, two] = ['{"a":1}', '{"a":2}'].map((body) => signature('a secret of the two', body, AT));
    expect(one).not.toEqual(two);
  });
});
