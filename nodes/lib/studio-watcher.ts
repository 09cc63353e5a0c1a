import { PAGE } from './client.ts';
import { readStudio, studiosPage } from './client-studios.ts';
import type { Followed } from './run-monitor.ts';
import type { Studio } from './schemas.ts';
import { studioEnded, studioRuns, studioStatus } from './studio-status.ts';
import { present, type Subject, watcherOf } from './watcher.ts';

const studios: Subject<Studio> = {
  async list(client, offset) {
    const { items, total } = await studiosPage(client, { max: PAGE, offset });
    return { items, more: items.length > 0 && offset + items.length < total };
  },
  get: readStudio,
  idOf: ({ sessionId }) => sessionId,
  statusOf: studioStatus,
  ended: studioEnded,
  merge: (full, item) => ({ ...full, ...present(item) }) as Studio,
};

/** Studios as a monitor follows them. */
export const followedStudios: Followed<Studio> = {
  property: 'studioId',
  noun: 'studio',
  watcherFor: watcherOf(studios),
  read: readStudio,
  idOf: ({ sessionId }) => sessionId,
  nameOf: ({ name, sessionId }) => name ?? sessionId,
  statusOf: ({ statusInfo }) => statusInfo?.status ?? 'unknown',
  aboutOf: ({ statusInfo }) => (statusInfo?.message ? { reason: statusInfo.message } : {}),
  endOf: (studio) => (studioEnded(studio) ? (studioStatus(studio) === 'stopped' ? 'good' : 'bad') : undefined),
  isUnknown: () => false,
  isReady: studioRuns,
  outputOf: () => 2,
  endIsCheck: true,
};
