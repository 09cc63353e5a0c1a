import type { ComputeEnv, Label, LaunchConfig, Pipeline, Workspace } from './entities.ts';
import type { ParsedRunRule } from './scenario.ts';

export type RunStatus = 'SUBMITTED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'UNKNOWN';
export type RunEnd = 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'UNKNOWN';

/**
 * A run is its course, laid down when it is launched: everything that is asked about it is computed from the time of asking.
 * So ten thousand runs cost no timer, and a jump in time needs no catching up.
 */
export interface Run {
  readonly id: string;
  readonly workspace: Workspace;
  readonly launchId: string;
  readonly sessionId: string;
  readonly runName: string;
  readonly token: string | null;
  readonly pipeline: Pipeline | null;
  readonly computeEnv: ComputeEnv;
  readonly launch: LaunchConfig;
  /** The `launch` object as it was posted. */
  readonly request: Record<string, unknown>;
  readonly params: Record<string, unknown>;
  labels: readonly Label[];
  readonly workDir: string;
  readonly commitId: string;
  readonly resume: boolean;
  readonly operationId: string;
  readonly tasks: number;
  readonly submitAt: number;
  readonly unknownFrom: number;
  readonly unknownUntil: number;
  /** Infinity: Nextflow never starts. */
  startAt: number;
  /** Infinity: never ends. */
  endAt: number;
  end: RunEnd;
  /** When `complete` is set: at the end, for UNKNOWN later or never. */
  completeAt: number;
  errorMessage: string | null;
  errorReport: string | null;
  exitStatus: number;
}

export type Course = Pick<
  Run,
  | 'tasks'
  | 'submitAt'
  | 'unknownFrom'
  | 'unknownUntil'
  | 'startAt'
  | 'endAt'
  | 'end'
  | 'completeAt'
  | 'errorMessage'
  | 'errorReport'
  | 'exitStatus'
>;

const FAILED_TASK = 'Process `ALIGN (sample_1)` terminated with an error exit status (1)';

export function courseOf(rule: ParsedRunRule, submitAt: number): Course {
  const startAt = submitAt + rule.submittedFor;
  const starts = !rule.neverStarts;
  const endAt = rule.end === 'NEVER' ? Number.POSITIVE_INFINITY : startAt + (starts ? rule.runningFor : 0);
  const end = !starts && rule.end !== 'CANCELLED' ? 'FAILED' : rule.end === 'NEVER' ? 'SUCCEEDED' : rule.end;
  const message = starts ? FAILED_TASK : 'The compute environment refused the job';
  return {
    tasks: rule.tasks,
    submitAt,
    startAt: starts ? startAt : Number.POSITIVE_INFINITY,
    unknownFrom: rule.unknown ? startAt + rule.unknown.after : Number.POSITIVE_INFINITY,
    unknownUntil: rule.unknown ? startAt + rule.unknown.after + rule.unknown.for : Number.POSITIVE_INFINITY,
    endAt,
    end,
    completeAt: end === 'UNKNOWN' ? endAt + rule.completeAfter : endAt,
    errorMessage: end === 'FAILED' ? (rule.errorMessage ?? message) : null,
    errorReport:
      end === 'FAILED' ? (rule.errorReport ?? `Error executing process\n\nCaused by:\n  ${message}\n`) : null,
    exitStatus: rule.exitStatus ?? (end === 'FAILED' ? 1 : 0),
  };
}

export function statusAt(run: Run, now: number): RunStatus {
  if (now >= run.endAt) return run.end;
  if (now < run.startAt) return 'SUBMITTED';
  return now >= run.unknownFrom && now < run.unknownUntil ? 'UNKNOWN' : 'RUNNING';
}

export const hasStarted = (run: Run, now: number) => now >= run.startAt;
export const isComplete = (run: Run, now: number) => now >= run.completeAt;
/** An UNKNOWN run holds its session until it is complete. */
export const isLive = (run: Run, now: number) => now < run.completeAt;

/** Changes the course of a live run; a finished one stays as it is. */
export function endRun(run: Run, at: number, end: RunEnd, error: { message?: string; report?: string } = {}): void {
  if (at >= run.completeAt) return;
  run.endAt = at;
  run.end = end;
  run.completeAt = end === 'UNKNOWN' ? Number.POSITIVE_INFINITY : at;
  if (run.startAt > at) run.startAt = Number.POSITIVE_INFINITY;
  run.errorMessage = end === 'FAILED' ? (error.message ?? FAILED_TASK) : null;
  run.errorReport =
    end === 'FAILED' ? (error.report ?? `Error executing process\n\nCaused by:\n  ${FAILED_TASK}\n`) : null;
  run.exitStatus = end === 'FAILED' ? 1 : 0;
}
