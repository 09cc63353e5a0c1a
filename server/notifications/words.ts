import type { Due, Incident } from './incident-book.ts';
import type { Message, Notice, ProblemKind } from './notice.ts';

type Words = readonly [fails: string, still: string, over: string];

/** Of a program that does not start. */
export const NOT_STARTED = 'Redstart did not start';

/** What is said of a problem: that it is there, that it is still there, that it is over. `$` is the name. */
const WORDS: Record<ProblemKind, Words> = {
  errors: ['$ fails', '$ still fails', '$ works again'],
  'held-back': ['$ brought the program down and is held back', '$ is still held back', '$ is no longer held back'],
  'token-refused': ['The token of $ is refused', 'The token of $ is still refused', '$ works again'],
  unreachable: ['The Platform of $ cannot be reached', 'The Platform of $ still cannot be reached', '$ works again'],
  git: [
    'Flows from git are not up to date',
    'Flows from git are still not up to date',
    'Flows from git are up to date again',
  ],
  'not-ready': ['The appliance is not ready', 'The appliance is still not ready', 'The appliance is ready again'],
  'not-started': [NOT_STARTED, 'Redstart still does not start', 'Redstart starts again'],
  crashed: [
    'The appliance ended without being stopped, and was started again',
    'The appliance ended again without being stopped',
    'The appliance runs steadily again',
  ],
};

const NAMES: Partial<Record<Incident['kind'], string>> = { flow: 'Flow', node: 'Node', connection: 'connection' };
const PLACE = { failure: 0, reminder: 1, recovery: 2 } as const;

function headlineOf({ event, incident }: Due): string {
  const name = NAMES[incident.kind];
  const subject = name === undefined ? incident.label : `${name} "${incident.label}"`;
  const text = WORDS[incident.problem][PLACE[event]].replace('$', () => subject);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function noticeOf(due: Due, link: string | null): Notice {
  const { event, incident } = due;
  const { kind, id, label, problem, text, node, count, since, last, ended } = incident;
  const over = event === 'recovery';
  return {
    event,
    kind,
    id,
    label,
    problem,
    headline: headlineOf(due),
    text: over ? (ended?.why ?? null) : text,
    node: over ? null : node,
    count: count === null ? null : due.count,
    since,
    last,
    until: over ? (ended?.at ?? null) : null,
    link,
  };
}

/** Of the whole message: the line that a phone shows. */
export function titleOf(notices: readonly Notice[]): string {
  const [first] = notices;
  if (first !== undefined && notices.length === 1) return first.headline;
  const counts = [
    [notices.filter(({ event }) => event === 'failure' || event === 'reminder').length, 'failure', 'failures'],
    [notices.filter(({ event }) => event === 'recovery').length, 'recovery', 'recoveries'],
    [notices.filter(({ event }) => event === 'run').length, 'run', 'runs'],
  ] as const;
  return counts
    .flatMap(([count, one, more]) => (count === 0 ? [] : [`${count} ${count === 1 ? one : more}`]))
    .join(', ');
}

export interface Figure {
  name: string;
  /** A number is a time, in milliseconds of the epoch. */
  value: string | number;
}

/** What is said beside the text. */
export function figuresOf({ event, node, count, since, last, until, problem }: Notice): Figure[] {
  const figures: Figure[] = [];
  if (node !== null) figures.push({ name: event === 'run' ? 'Followed by' : 'Node', value: node });
  if (count !== null) figures.push({ name: problem === 'crashed' ? 'Times' : 'Errors', value: String(count) });
  figures.push({ name: event === 'run' ? 'At' : 'Since', value: since });
  if (event !== 'recovery' && last - since >= 1000) figures.push({ name: 'Last', value: last });
  if (until !== null) figures.push({ name: 'Lasted', value: duration(until - since) });
  return figures;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `2026-01-15 12:00:05 UTC`. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** The worst of what it tells, which gives the message its colour. */
export function toneOf({ notices }: Pick<Message, 'notices'>): 'bad' | 'good' | 'neutral' {
  if (notices.some(isBad)) return 'bad';
  return notices.some(isGood) ? 'good' : 'neutral';
}

export const isBad = ({ event, problem }: Notice): boolean =>
  event === 'failure' ||
  event === 'reminder' ||
  (event === 'run' && problem !== 'succeeded' && problem !== 'cancelled');

export const isGood = ({ event, problem }: Notice): boolean =>
  event === 'recovery' || (event === 'run' && problem === 'succeeded');
