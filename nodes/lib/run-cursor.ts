import type { Run } from './schemas.ts';

/** How many of the newest runs are remembered by id. What is older counts by its time of submission. */
const KEPT = 1000;

/** What is known of a list of runs, newest first. Plain data: it is stored. */
export interface RunCursor {
  /** What is listed: another search or workspace is another list. */
  scope: string;
  known: [id: string, submitted: number][];
  /** Whatever was submitted then or before is old news; null: everything is remembered by id. */
  floor: number | null;
}

export const submittedAt = ({ workflow }: Run): number => {
  const at = Date.parse(workflow.submit ?? workflow.dateCreated ?? '');
  return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
};

/** @param whole nothing was left behind the runs that were read */
export function baseline(scope: string, runs: readonly Run[], whole: boolean): RunCursor {
  const known = runs.map((run): [string, number] => [run.workflow.id, finite(submittedAt(run))]);
  const oldest = known.reduce((least, [, at]) => Math.min(least, at), Number.POSITIVE_INFINITY);
  return trimmed({ scope, known, floor: whole || known.length === 0 ? null : oldest });
}

/** Tells what is new from what is known. */
export function isKnown({ known, floor }: RunCursor): (run: Run) => boolean {
  const ids = new Set(known.map(([id]) => id));
  return (run) => ids.has(run.workflow.id) || (floor !== null && submittedAt(run) <= floor);
}

/** The cursor when these are known as well. */
export function withRuns({ scope, known, floor }: RunCursor, runs: readonly Run[]): RunCursor {
  const added = runs.map((run): [string, number] => [run.workflow.id, finite(submittedAt(run))]);
  return trimmed({ scope, known: [...added, ...known], floor });
}

/** A run without a time counts as of now, so that it is kept longest. */
const finite = (at: number): number => (Number.isFinite(at) ? at : Date.now());

function trimmed(cursor: RunCursor): RunCursor {
  const known = [...cursor.known].sort(([, a], [, b]) => b - a);
  const [forgotten] = known.splice(KEPT);
  if (!forgotten) return { ...cursor, known };
  return { ...cursor, known, floor: Math.max(cursor.floor ?? Number.NEGATIVE_INFINITY, forgotten[1]) };
}
