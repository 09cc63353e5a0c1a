import type { Patch } from '../live.ts';
import type { EndedRun, FollowedRun, StatusReport } from '../status-schema.ts';
import { word } from './language.ts';

export interface State {
  report: StatusReport;
  /** By key, newest first. */
  runs: ReadonlyMap<string, FollowedRun>;
}

const DAY_MS = 86_400_000;
/** As many as /status.json lists. */
const MOST_ENDED = 500;

const byKey = (runs: readonly FollowedRun[]): Map<string, FollowedRun> => new Map(runs.map((run) => [run.key, run]));

export const stateOf = (report: StatusReport): State => ({ report, runs: byKey(report.runs) });

export function patched({ report, runs }: State, { sections, changed, gone, ended }: Patch): State {
  const next = { ...report, ...sections };
  if (ended.length > 0) {
    const oldest = new Date(Date.parse(next.at) - DAY_MS).toISOString();
    next.ended = [...ended, ...next.ended].filter(({ endedAt }) => endedAt >= oldest).slice(0, MOST_ENDED);
  }
  if (changed.length === 0 && gone.length === 0) return { report: next, runs };
  const all = new Map(runs);
  for (const key of gone) all.delete(key);
  const fresh = changed.filter(({ key }) => !all.has(key));
  for (const run of changed) if (all.has(run.key)) all.set(run.key, run);
  return { report: next, runs: fresh.length === 0 ? all : byKey([...fresh, ...all.values()]) };
}

export type Row = FollowedRun | EndedRun;

export interface Filter {
  text: string;
  /** Followed now, ended in the last 24 hours, or both. */
  show: 'following' | 'ended' | 'all';
  status: string;
  flow: string;
}

export const NO_FILTER: Filter = { text: '', show: 'following', status: '', flow: '' };

export const isEnded = (row: Row): row is EndedRun => 'endedAt' in row;

export const statusOf = (row: Row): string => (isEnded(row) ? row.outcome : (row.status ?? 'unasked'));

/** Every word has to be somewhere in it. */
export function rowsOf({ report, runs }: State, filter: Filter): Row[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const all: Row[] = [
    ...(filter.show === 'ended' ? [] : runs.values()),
    ...(filter.show === 'following' ? [] : report.ended),
  ];
  return all.filter((row) => {
    if (filter.status !== '' && statusOf(row) !== filter.status) return false;
    if (filter.flow !== '' && row.flow !== filter.flow) return false;
    if (words.length === 0) return true;
    const text = [
      row.name,
      row.id,
      row.pipeline,
      row.flowLabel,
      row.nodeLabel,
      row.workspaceId,
      statusOf(row),
      word(statusOf(row)),
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
