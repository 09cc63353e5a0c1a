import type { WaitingRecord } from './waiting-messages.ts';

/** A watch as it is stored beside its message. */
export interface WatchRecord extends WaitingRecord {
  /** Of the run or studio. */
  id: string;
  workspaceId: string | null;
  /** Since when the Platform has lost sight of the run. */
  unknownSince?: number;
  /** That it is ready: being told (found so after a start, it may have been told before), or told. */
  ready?: 'telling' | 'told';
  /** Its end is being sent. Found so after a start, the end may have been sent before. */
  ending: boolean;
}

export const WATCH_PREFIX = 'watch-';
