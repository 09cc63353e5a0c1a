import type { StopReason, StudioStatus, StudioView } from '../data-views.ts';
import type { ComputeEnv, Label, Workspace } from '../entities.ts';
import type { ParsedStudioRule } from '../scenario-data.ts';

/** From a time on it is in this state, until the next one. */
export interface Moment {
  at: number;
  status: StudioStatus;
  message: string;
  stopReason: StopReason | null;
}

/** One stretch of work, from a start to a stop: what it leaves is a checkpoint. */
export interface Session {
  checkpointId: number;
  name: string;
  startedAt: number;
  /** Whether a computer came of it: a build that failed leaves an empty checkpoint. */
  endsAt: number;
}

export interface Studio {
  id: string;
  name: string;
  description: string;
  workspace: Workspace;
  computeEnv: ComputeEnv;
  tool: string | null;
  remoteConfig: Record<string, unknown> | null;
  configuration: Record<string, unknown>;
  /** Ids of data links. */
  mounts: string[];
  labels: Label[];
  isPrivate: boolean;
  spot: boolean | null;
  parentCheckpoint: { studio: Studio; session: Session } | null;
  request: Record<string, unknown> | null;
  createdAt: number;
  startedAt: number | null;
  /** In order of time, at least one. */
  course: Moment[];
  sessions: Session[];
  /** Until then the mounted data links are loading. */
  mountedAt: number;
  rule: ParsedStudioRule;
}

export const OVER: readonly StudioStatus[] = ['stopped', 'errored', 'buildFailed'];

const DEFAULT_MESSAGES: Record<StudioStatus, string> = {
  starting: 'Waiting for the compute environment',
  building: 'Building the container',
  running: '',
  stopping: 'Saving a checkpoint',
  stopped: '',
  errored: 'The studio stopped unexpectedly',
  buildFailed: 'The container could not be built',
};

export const moment = (
  at: number,
  status: StudioStatus,
  message = DEFAULT_MESSAGES[status],
  stopReason: StopReason | null = null,
): Moment => ({ at, status, message, stopReason });

export function momentAt({ course }: Studio, now: number): Moment {
  return course.findLast(({ at }) => at <= now) ?? (course[0] as Moment);
}

export const statusAt = (studio: Studio, now: number): StudioStatus => momentAt(studio, now).status;

/** What was to come from a time on does not, and these do. */
function follow(studio: Studio, from: number, moments: readonly Moment[]): void {
  studio.course = [...studio.course.filter(({ at }) => at < from), ...moments];
}

/** 0 hours: no limit. */
export function lifespanHours({ configuration }: Studio): number {
  return typeof configuration.lifespanHours === 'number' ? configuration.lifespanHours : 0;
}

const HOUR = 3_600_000;

/** A start: through building, where something has to be built, to running, and to what the rule has it end in. */
export function start(studio: Studio, now: number, checkpointId: number): void {
  const { rule } = studio;
  const moments = [moment(now, 'starting')];
  let at = now + rule.startingFor;
  if (rule.buildingFor !== undefined ? rule.buildingFor > 0 : needsBuild(studio) || rule.end === 'buildFailed') {
    moments.push(moment(at, 'building'));
    at += rule.buildingFor ?? BUILD_TAKES;
  }
  if (rule.end === 'buildFailed') moments.push(moment(at, 'buildFailed', rule.message));
  else if (rule.end === 'errored' && rule.runningFor === undefined) moments.push(moment(at, 'errored', rule.message));
  else {
    moments.push(moment(at, 'running'));
    const lifespan = lifespanHours(studio) * HOUR || Number.POSITIVE_INFINITY;
    const runs = rule.end === 'running' ? Number.POSITIVE_INFINITY : (rule.runningFor ?? Number.POSITIVE_INFINITY);
    moments.push(...ending(studio, at, runs, lifespan));
  }
  studio.startedAt = now;
  studio.mountedAt = studio.mounts.length > 0 ? now + rule.mountingFor : now;
  studio.sessions.push({
    checkpointId,
    name: `${studio.name}_${studio.sessions.length + 1}`,
    startedAt: now,
    endsAt: moments.find(({ status }) => OVER.includes(status))?.at ?? Number.POSITIVE_INFINITY,
  });
  follow(studio, now, moments);
}

const BUILD_TAKES = 5000;

function needsBuild({ configuration, remoteConfig }: Studio): boolean {
  return Boolean(configuration.condaEnvironment) || remoteConfig !== null;
}

function ending(studio: Studio, runningAt: number, runs: number, lifespan: number): Moment[] {
  const { rule } = studio;
  const at = runningAt + Math.min(runs, lifespan);
  if (!Number.isFinite(at)) return [];
  if (lifespan <= runs) return stops(studio, at, undefined, 'LIFESPAN_EXPIRED');
  return rule.end === 'errored'
    ? [moment(at, 'errored', rule.message, rule.stopReason ?? null)]
    : stops(studio, at, rule.message, rule.stopReason ?? null);
}

const stops = ({ rule }: Studio, at: number, message: string | undefined, reason: StopReason | null): Moment[] => [
  moment(at, 'stopping', undefined, reason),
  moment(at + rule.stoppingFor, 'stopped', message, reason),
];

export function stop(studio: Studio, now: number): void {
  follow(studio, now, stops(studio, now, undefined, null));
  endSession(studio, now + studio.rule.stoppingFor);
}

function endSession({ sessions }: Studio, at: number): void {
  const session = sessions.at(-1);
  if (session) session.endsAt = Math.min(session.endsAt, at);
}

/** Counted anew from now. */
export function extendLifespan(studio: Studio, now: number): void {
  const hours = lifespanHours(studio);
  if (hours === 0) return;
  const rest = studio.course.filter(({ at, stopReason }) => at <= now || stopReason !== 'LIFESPAN_EXPIRED');
  const expires = now + hours * HOUR;
  const over = rest.find(({ at, status }) => at > now && OVER.includes(status));
  studio.course =
    over && over.at <= expires ? rest : [...rest, ...stops(studio, expires, undefined, 'LIFESPAN_EXPIRED')];
  const session = studio.sessions.at(-1);
  if (session) session.endsAt = studio.course.findLast(({ status }) => OVER.includes(status))?.at ?? session.endsAt;
}

export function setStatus(
  studio: Studio,
  at: number,
  status: StudioStatus,
  message?: string,
  reason?: StopReason,
): void {
  follow(studio, at, [moment(at, status, message, reason ?? null)]);
  if (OVER.includes(status)) endSession(studio, at);
}

export function studioView(studio: Studio, now: number): StudioView {
  const { status, message, stopReason } = momentAt(studio, now);
  return {
    id: studio.id,
    name: studio.name,
    workspaceId: studio.workspace.id,
    status,
    message,
    stopReason,
    computeEnvId: studio.computeEnv.id,
    tool: studio.tool,
    configuration: studio.configuration,
    isPrivate: studio.isPrivate,
    spot: studio.spot,
    request: studio.request,
  };
}
