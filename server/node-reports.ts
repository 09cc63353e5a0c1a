/**
 * What nodes tell of their work, on this side: nodes/lib/observer.ts says what each field means. Written again because the
 * nodes are a package of their own; node-reports.test.ts holds the two to each other when types are checked.
 */
export interface CallReport {
  platform: string;
  method: string;
  endpoint: string;
  status: number | undefined;
  error: string | undefined;
  attempt: number;
  durationMs: number;
  waitedMs: number;
  run?: string;
}

export interface WatchReport {
  kind: string;
  id: string;
  workspaceId: string | null;
  state: 'watching' | 'ended' | 'left';
  name?: string;
  pipeline?: string;
  status?: string;
  end?: 'good' | 'bad';
  error?: string;
  reason?: string;
  page?: string;
  since: number;
  messageId?: string;
}

export interface PollReport {
  at: number;
  next: number;
  found: number | undefined;
  error?: string;
}

/** Of nodes/lib/platform-write.ts, what is looked at; the rest goes into the audit trail as it is. The message does not: its id means nothing later. */
export interface WriteReport {
  action: string;
  outcome: string;
  messageId?: string;
  [detail: string]: unknown;
}

export interface NodeObserver {
  onWrite(node: string, write: WriteReport): void;
  onCall(call: CallReport): void;
  onWatch(node: string, watch: WatchReport): void;
  onPoll(node: string, poll: PollReport): void;
}
