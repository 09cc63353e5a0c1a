import { PAGE, type PlatformClient } from './client.ts';
import type { Run } from './schemas.ts';
import { type Subject, Watcher } from './watcher.ts';

export type RunEnd = 'succeeded' | 'failed';

const FAILED = new Set(['FAILED', 'CANCELLED', 'ABORTED']);
const LIVE = new Set(['SUBMITTED', 'RUNNING', 'PENDING']);

/** How a run ended, or undefined while it has not. UNKNOWN alone is no end: heartbeats were lost and may come back. */
export function endOf({ workflow }: Run): RunEnd | undefined {
  const status = workflow.status ?? '';
  if (status === 'SUCCEEDED') return 'succeeded';
  if (FAILED.has(status)) return 'failed';
  return !LIVE.has(status) && workflow.complete ? 'failed' : undefined;
}

/** The Platform lost sight of it. */
export const isUnknown = ({ workflow }: Run): boolean =>
  !LIVE.has(workflow.status ?? '') && endOf({ workflow }) === undefined;

const present = (object: object): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== undefined));

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

const watchers = new WeakMap<object, Map<string, Watcher<Run>>>();

/** The one watcher of a connection and workspace. */
export function runWatcherFor(client: PlatformClient): Watcher<Run> {
  const ofClient = watchers.get(client.http) ?? new Map<string, Watcher<Run>>();
  watchers.set(client.http, ofClient);
  const key = client.workspaceId ?? '';
  const watcher = ofClient.get(key) ?? new Watcher(client, runs);
  ofClient.set(key, watcher);
  return watcher;
}
