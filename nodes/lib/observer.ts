import type { PlatformWrite } from './platform-write.ts';
import type { RedApi } from './red.ts';

/** One try of a call to the Platform. Free of tokens, query and bodies. */
export interface CallReport {
  /** Host of the Platform. */
  platform: string;
  method: string;
  /** Placeholders stand for what names one thing: there are few of these. */
  endpoint: string;
  /** Undefined when there was no answer. */
  status: number | undefined;
  /** Code of the error, if it failed. */
  error: string | undefined;
  /** 1 for the first. */
  attempt: number;
  /** From sending to the answer. */
  durationMs: number;
  /** For the budget of calls a second. */
  waitedMs: number;
  /** Id of the run that it was about; absent where it was about several, or none. */
  run?: string;
}

/** What is being followed, or was until now. */
export interface WatchReport {
  kind: string;
  id: string;
  workspaceId: string | null;
  state: 'watching' | 'ended' | 'left';
  /** As the Platform calls it; undefined until it was looked at. */
  name?: string;
  /** What runs there. */
  pipeline?: string;
  status?: string;
  /** How it ended. */
  end?: 'good' | 'bad';
  /** What the Platform says of a bad end. */
  reason?: string;
  error?: string;
  /** Where a person sees it. */
  page?: string;
  /** When the watch began, in milliseconds of the epoch. */
  since: number;
  /** `_msgid` of the message that waits for it. */
  messageId?: string;
}

export interface PollReport {
  at: number;
  next: number;
  /** New things; undefined when the poll failed. */
  found: number | undefined;
  error?: string;
}

/**
 * What the appliance is told of the nodes' work, for its audit trail, metrics and operations page. On Node-RED's
 * settings, beside the connections; nobody listens in a stock Node-RED.
 */
export interface Observer {
  onWrite?(node: string, write: PlatformWrite): void;
  onCall?(call: CallReport): void;
  onWatch?(node: string, watch: WatchReport): void;
  onPoll?(node: string, poll: PollReport): void;
}

/** Tells, whatever the listener does: work must not fail because somebody could not write it down. */
export function tell<Kind extends keyof Observer>(
  RED: RedApi,
  kind: Kind,
  ...about: Parameters<NonNullable<Observer[Kind]>>
): void {
  const observer = (RED.settings as { seqera?: Observer }).seqera;
  try {
    (observer?.[kind] as ((...args: typeof about) => void) | undefined)?.(...about);
  } catch {
    // Its own affair.
  }
}

/** The message that a report is about. A flow may have put anything there; polls have none. */
export function messageOf({ _msgid }: { _msgid?: unknown }): { messageId?: string } {
  return typeof _msgid === 'string' && _msgid !== '' ? { messageId: _msgid } : {};
}

/** Words that are part of a path; whatever else stands there names one thing. */
const WORDS =
  /^(?:workflow|launch|cancel|launchpad|tasks?|metrics|progress|log|download|pipelines|schema|compute-envs|data-links|browse(?:-tree)?|generate-download-url|upload|datasets|versions?|v|n|header|studios|templates|start|stop|checkpoints|lifespan|actions|labels|orgs|workspaces|participants|user|user-info|service-info|random-name|credentials|secrets|tokens|runs|teams|members|platforms|regions|trace|create|begin|complete|heartbeat|ga4gh|wes|v1|queues|validate|latest)$/;
const MOST_SEGMENTS = 5;

/** `/workflow/5x9/cancel` → `/workflow/{id}/cancel`. */
export function endpointOf(path: string): string {
  const [plain = ''] = path.split('?');
  const segments = plain.split('/').slice(1, MOST_SEGMENTS + 1);
  return `/${segments.map((segment) => (WORDS.test(segment) ? segment : '{id}')).join('/')}`;
}

/** `/workflow/5x9/cancel` → `5x9`. */
export function runOf(path: string): string | undefined {
  const [plain = ''] = path.split('?');
  const [, first, id] = plain.split('/', 3);
  return first === 'workflow' && id && !WORDS.test(id) ? id : undefined;
}
