export type SubjectKind = 'flow' | 'node' | 'connection' | 'git' | 'appliance';

export type ProblemKind =
  | 'errors'
  | 'held-back'
  | 'token-refused'
  | 'unreachable'
  | 'git'
  | 'not-ready'
  | 'not-started'
  | 'crashed';

export type RunOutcome = 'succeeded' | 'failed' | 'cancelled' | 'lost' | 'launch failed' | 'launch unknown';

/** One thing that is told. Texts are free of known secrets, and bounded. */
export interface Notice {
  event: 'failure' | 'reminder' | 'recovery' | 'run';
  kind: SubjectKind | 'run';
  /** Of the flow, node, connection or run. */
  id: string;
  label: string;
  problem: ProblemKind | RunOutcome;
  /** In one line. */
  headline: string;
  /** The last error, or the reason; of a recovery, by what it shows. */
  text: string | null;
  /** Name of the node that it is about. */
  node: string | null;
  /** Errors since the failure began; null where nothing is counted. */
  count: number | null;
  /** When it began; of a run, when it ended. */
  since: number;
  /** When it failed last. */
  last: number;
  /** When it was over. */
  until: number | null;
  link: string | null;
}

/** What is sent in one go. */
export interface Message {
  id: string;
  at: number;
  title: string;
  /** Which of several appliances tells. */
  appliance: string;
  /** The status page; null when nobody knows its address. */
  link: string | null;
  notices: readonly Notice[];
}

/** Longest texts, in characters. */
export const LONGEST = { label: 120, text: 1000, link: 1000 } as const;

/** Cut to a length, with a mark; never in the middle of a character. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Fit for one line of a message: no control characters, and none that turn the direction of what follows. */
export const oneLine = (text: string, most: number): string =>
  cut(
    text
      .toWellFormed()
      .replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu, ' ')
      .trim(),
    most,
  );

/** The same with its lines. */
export const lines = (text: string, most: number): string =>
  cut(
    text
      .toWellFormed()
      .replace(/\r\n?/g, '\n')
      .replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, '')
      .trim(),
    most,
  );
