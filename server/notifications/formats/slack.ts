import type { Message, Notice } from '../notice.ts';
import { type Figure, figuresOf, isBad, isGood, timeText } from '../words.ts';

/** https://docs.slack.dev/reference/block-kit/blocks: a section's text; blocks of a message. */
export const SLACK_SECTION = 3000;
export const SLACK_BLOCKS = 50;
const MOST_NOTICES = 10;
/** Of all blocks together Slack takes about 13,000 characters: of several notices each has less. */
const TEXT = { alone: 2700, together: 500 };

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Slack reads `<…>` as a link, a mention of a person, or of everybody: https://docs.slack.dev/messaging/formatting-message-text. */
export const escapeSlack = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? '');

/** The same, cut to a length that counts what the escapes take, and no entity in two. */
function escapedTo(text: string, most: number): string {
  let out = '';
  for (const character of text) {
    const next = ENTITIES[character] ?? character;
    if (out.length + next.length > most - 1) return `${out}…`;
    out += next;
  }
  return out;
}

/** A name within a line: a backtick would begin code there. */
const named = (text: string, most: number): string => escapedTo(text.replaceAll('`', "'"), most);

// Verbatim: addresses and channel names in what others wrote become no links.
const markup = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

/** In the reader's own time zone. */
const shownAs = ({ value }: Figure): string =>
  typeof value === 'number'
    ? `<!date^${Math.floor(value / 1000)}^{date_short_pretty} {time_secs}|${timeText(value)}>`
    : named(value, 200);

function linkTo(url: string, words: string): string {
  return `<${escapeSlack(url).replace(/\|/g, '%7C')}|${words}>`;
}

const mark = (notice: Notice): string =>
  isBad(notice) ? ':red_circle:' : isGood(notice) ? ':large_green_circle:' : ':white_circle:';

function blocksOf(notice: Notice, most: number): object[] {
  const { headline, text, event, link } = notice;
  // A code block: what is in there is shown as it is. A fence in it would end it.
  const fenced = text === null ? '' : escapedTo(text.replaceAll('```', "'''"), most);
  const body = text === null ? '' : event === 'recovery' ? `\n${named(text, most)}` : `\n\`\`\`${fenced}\`\`\``;
  const figures = figuresOf(notice).map((figure) => markup(`${figure.name}: ${shownAs(figure)}`));
  const where = link === null ? [] : [markup(linkTo(link, 'Open'))];
  return [
    { type: 'section', text: markup(`${mark(notice)} *${named(headline, 250)}*${body}`) },
    { type: 'context', elements: [...figures, ...where] },
  ];
}

/** For an incoming webhook of Slack. */
export function slackMessage({ title, appliance, link, notices }: Message): object {
  const shown = notices.slice(0, MOST_NOTICES);
  const more = notices.length - shown.length;
  const most = notices.length === 1 ? TEXT.alone : TEXT.together;
  const foot = [
    ...(more > 0 ? [`and ${more} more`] : []),
    `Redstart at ${named(appliance, 200)}`,
    ...(link === null ? [] : [linkTo(link, 'Status page')]),
  ];
  return {
    // What a notification of the system shows.
    text: named(`${title} (${appliance})`, 500),
    blocks: [...shown.flatMap((notice) => blocksOf(notice, most)), { type: 'context', elements: foot.map(markup) }],
    unfurl_links: false,
    unfurl_media: false,
  };
}
