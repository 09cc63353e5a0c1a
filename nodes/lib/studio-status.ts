import type { Studio } from './schemas.ts';

/** `build-failed`, `buildFailed` and `BUILD_FAILED` are one. */
export const studioStatus = ({ statusInfo }: Studio): string =>
  (statusInfo?.status ?? 'unknown').toLowerCase().replace(/[^a-z]/g, '');

const ENDED = new Set(['stopped', 'errored', 'buildfailed']);

export const studioEnded = (studio: Studio): boolean => ENDED.has(studioStatus(studio));
export const studioRuns = (studio: Studio): boolean => studioStatus(studio) === 'running';
/** It runs, or is about to. */
export const studioStarts = (studio: Studio): boolean =>
  ['starting', 'building', 'running'].includes(studioStatus(studio));
/** It has ended, or is about to. */
export const studioStops = (studio: Studio): boolean => studioEnded(studio) || studioStatus(studio) === 'stopping';
