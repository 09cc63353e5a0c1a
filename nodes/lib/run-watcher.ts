import { PAGE } from './client.ts';
import type { Followed } from './run-monitor.ts';
import type { Run } from './schemas.ts';
import { present, type Subject, watcherOf } from './watcher.ts';

const FAILED = new Set(['FAILED', 'CANCELLED', 'ABORTED']);
const LIVE = new Set(['SUBMITTED', 'RUNNING', 'PENDING']);

/** How a run ended, or undefined while it has not. UNKNOWN alone is no end: heartbeats were lost and may come back. */
export function endOf({ workflow }: Run): 'good' | 'bad' | undefined {
  const status = workflow.status ?? '';
  if (status === 'SUCCEEDED') return 'good';
  if (FAILED.has(status)) return 'bad';
  return !LIVE.has(status) && workflow.complete ? 'bad' : undefined;
}

/** The Platform lost sight of it. */
export const isUnknown = ({ workflow }: Run): boolean =>
  !LIVE.has(workflow.status ?? '') && endOf({ workflow }) === undefined;

const runs: Subject<Run> = {
  async list(client, offset, lean) {
    const { workflows, hasMore, totalSize } = await client.runs({ max: PAGE, offset, minimal: lean });
    const items = workflows ?? [];
    const more = hasMore ?? (totalSize ? offset + items.length < totalSize : items.length === PAGE);
    return { items, more: more && items.length > 0 };
  },
  get: (client, id) => client.run(id),
  idOf: ({ workflow }) => workflow.id,
  statusOf: ({ workflow }) => workflow.status ?? '',
  ended: (run) => endOf(run) !== undefined,
  merge: (full, item) =>
    ({
      ...full,
      ...present(item),
      workflow: { ...full.workflow, ...present(item.workflow) },
    }) as Run,
};

/** It is a line of a list; the rest is on the run's own page. */
const LONGEST_REASON = 500;

const watcherFor = watcherOf(runs);

/** Runs as a monitor follows them. */
export const followedRuns: Followed<Run> = {
  property: 'workflowId',
  noun: 'run',
  watcherFor,
  read: (client, id) => client.run(id),
  idOf: ({ workflow }) => workflow.id,
  nameOf: ({ workflow }) => workflow.runName ?? workflow.id,
  statusOf: ({ workflow }) => (workflow.status ?? 'unknown').toLowerCase(),
  aboutOf: ({ workflow: { projectName, errorMessage } }) => ({
    ...(typeof projectName === 'string' && { pipeline: projectName }),
    ...(typeof errorMessage === 'string' && { reason: errorMessage.slice(0, LONGEST_REASON) }),
  }),
  endOf,
  isUnknown,
  isReady: () => false,
  outputOf: (end) => (end === 'good' ? 1 : 2),
  endIsCheck: false,
};
