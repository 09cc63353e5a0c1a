import type { Logger } from 'pino';
import type { Audit, AuditEvent } from './audit-event.ts';
import type { LineSink, Tail } from './audit-file.ts';
import { type ChainPlace, formatLine, hashOf, NO_HASH } from './audit-line.ts';
import { FloodCap } from './flood-cap.ts';

export interface AuditTrail extends Audit {
  /** The last line. Kept elsewhere, it shows whether the end of the trail was cut off or written anew. */
  head(): { seq: number; hash: string };
  /** Writes what is pending and closes the file. What is recorded later still goes to the log. */
  close(): void;
}

export interface AuditTrailOptions {
  /** Null: no file is written. */
  sink: LineSink | null;
  /** Each line goes to the log stream too, or only. */
  toLog: boolean;
  logger: Logger;
  redact(text: string): string;
  now?(): number;
  floodCap?: FloodCap;
}

/** How often a file that could not be written is tried again when nothing happens meanwhile. */
const RETRY_MS = 5000;
const SUMMARY_MS = 10_000;

/**
 * The audit trail: numbers events, chains them, and hands them to the file and the log stream. An event that the file
 * does not take is told in the log, whole, and counted; when the file can be written again, it says how many are missing.
 */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  const { sink, logger, redact } = options;
  const now = options.now ?? Date.now;
  const cap = options.floodCap ?? new FloodCap();
  // Whatever LOG_LEVEL leaves out: these lines are the trail.
  const stream = options.toLog ? logger.child({}) : null;
  // Set, and not given to `child`: a child made with the level that its parent has would follow the parent's changes.
  if (stream) stream.level = 'info';
  let place: ChainPlace = { seq: 1, prev: NO_HASH };
  let gap: { count: number; since: number; reason: string } | null = null;
  let reopen = true;
  let closed = false;

  const timer = setInterval(
    () => {
      if (gap) writeGap();
      const left = cap.summary(now());
      if (left) put(left);
    },
    Math.min(RETRY_MS, SUMMARY_MS),
  );
  timer.unref();

  function record(event: AuditEvent): void {
    try {
      const left = cap.summary(now());
      if (left) put(left);
      if (cap.takes(event, now())) put(event);
    } catch (error) {
      logger.error({ err: error, lost: event.event }, 'an audit event was lost: this is a bug of Redstart');
    }
  }

  function put(event: AuditEvent): void {
    if (sink && closed) missed(event, 'the trail is closed');
    else if (gap && !writeGap()) missed(event, gap.reason);
    else write(event);
  }

  function write(event: AuditEvent): void {
    try {
      if (sink && reopen) continueFrom(sink.open());
      append(event);
    } catch (error) {
      missed(event, (error as Error).message);
    }
  }

  function append(event: AuditEvent): void {
    const line = formatLine(event, place, new Date(now()).toISOString(), redact);
    try {
      const removed = sink?.append(line, place.seq) ?? [];
      place = { seq: place.seq + 1, prev: hashOf(line) };
      stream?.info({ audit: JSON.parse(line) }, `audit ${event.event}`);
      if (removed.length > 0) append({ event: 'audit-removed', files: removed });
    } catch (error) {
      reopen = true;
      throw error;
    }
  }

  /** Where the file is ahead of what is remembered (it always is at the start), the chain goes on from the file. */
  function continueFrom(tail: Tail | null): void {
    reopen = false;
    if (tail && tail.seq >= place.seq - 1) place = { seq: tail.seq + 1, prev: tail.hash };
    tellHead('goes on from');
    if (tail?.fragment) append({ event: 'cut-off', bytes: tail.fragment.bytes, sha256: tail.fragment.hash });
  }

  /** Logs are often kept elsewhere: a head in them shows an end that was cut off, or a trail that was written anew. */
  function tellHead(what: string): void {
    const head = { seq: place.seq - 1, hash: place.prev };
    logger.info(head, `the audit trail ${what} number ${head.seq}, ${head.hash}`);
  }

  function missed(event: AuditEvent, reason: string): void {
    gap ??= { count: 0, since: now(), reason };
    gap.count++;
    if (gap.count === 1)
      logger.error(
        { reason },
        'the audit trail cannot be written: its events follow in this log until it can be again',
      );
    const line = formatLine(event, { seq: place.seq, prev: place.prev }, new Date(now()).toISOString(), redact);
    const { seq: _seq, prev: _prev, ...kept } = JSON.parse(line) as Record<string, unknown>;
    logger.error({ auditLost: kept }, `audit ${event.event}, not in the trail`);
  }

  function writeGap(): boolean {
    if (!gap || closed) return false;
    const { count, since, reason } = gap;
    try {
      if (sink && reopen) continueFrom(sink.open());
      append({ event: 'gap', lost: count, since: new Date(since).toISOString(), reason });
      gap = null;
      logger.info({ lost: count }, 'the audit trail is written again');
      return true;
    } catch {
      return false;
    }
  }

  return {
    record,
    head: () => ({ seq: place.seq - 1, hash: place.prev }),
    close() {
      if (closed) return;
      clearInterval(timer);
      const left = cap.summary(now(), true);
      if (left) put(left);
      if (gap) writeGap();
      closed = true;
      if (sink) tellHead('ends at');
      try {
        sink?.close();
      } catch (error) {
        logger.error({ err: error }, 'the audit trail could not be closed: its last lines may not be on disk');
      }
    },
  };
}
