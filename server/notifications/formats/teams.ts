import { cut, type Message, type Notice } from '../notice.ts';
import { figuresOf, isBad, isGood, timeText } from '../words.ts';

/** Largest message that Teams takes is 28 KB; other people's characters take up to four bytes, or six as an escape. */
export const TEAMS_BYTES = 28 * 1024;
const MOST_NOTICES = 10;
const TEXT = { alone: 1000, together: 250 };
const LINKS = 5;

/** A run of text is shown as it is: in a TextBlock or a fact, Markdown in an error would become links. */
const line = (text: string, style: object = {}) => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text, ...style }],
});

const styleOf = (notice: Notice): string => (isBad(notice) ? 'attention' : isGood(notice) ? 'good' : 'default');

function containerOf(notice: Notice, most: number): object {
  const { headline, text } = notice;
  const figures = figuresOf(notice).map(
    ({ name, value }) => `${name}: ${typeof value === 'number' ? timeText(value) : cut(value, 120)}`,
  );
  return {
    type: 'Container',
    style: styleOf(notice),
    separator: true,
    items: [
      line(cut(headline, 250), { weight: 'Bolder', size: 'Medium' }),
      ...(text === null ? [] : [line(cut(text, most), notice.event === 'recovery' ? {} : { fontType: 'Monospace' })]),
      line(figures.join('   '), { isSubtle: true, size: 'Small' }),
    ],
  };
}

/** For a workflow of Teams that posts what its webhook gets: an Adaptive Card, the only thing that it takes. */
export function teamsMessage({ title, appliance, link, notices }: Message): object {
  const shown = notices.slice(0, MOST_NOTICES);
  const more = notices.length - shown.length;
  const most = notices.length === 1 ? TEXT.alone : TEXT.together;
  const links = [
    ...(link === null ? [] : [{ title: 'Status page', url: link }]),
    ...shown.flatMap(({ link: url, label }) => (url === null ? [] : [{ title: cut(label, 40), url }])).slice(0, LINKS),
  ];
  const foot = `${more > 0 ? `and ${more} more. ` : ''}Redstart at ${appliance}`;
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          fallbackText: cut(title, 250),
          msteams: { width: 'Full' },
          body: [...shown.map((notice) => containerOf(notice, most)), line(foot, { isSubtle: true, size: 'Small' })],
          ...(links.length > 0 && { actions: links.map((each) => ({ type: 'Action.OpenUrl', ...each })) }),
        },
      },
    ],
  };
}
