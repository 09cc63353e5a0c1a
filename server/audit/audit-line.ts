import { hash } from 'node:crypto';
import type { AuditEvent } from './audit-event.ts';

/** The hash that the very first line carries. */
export const NO_HASH = '0'.repeat(64);

/** A line longer than this loses its details: one event must not fill the trail. */
export const MAX_LINE_BYTES = 32 * 1024;

export interface ChainPlace {
  /** Number of the line, from 1. */
  seq: number;
  /** SHA-256 of the line before, as hexadecimal text. */
  prev: string;
}

/** What every line has, besides the event's own details. */
export interface AuditLine extends AuditEvent, ChainPlace {
  time: string;
}

/** Of the line as bytes, without its line end: so that `sha256sum` can be used to check by hand. */
export const hashOf = (line: string | Buffer): string => hash('sha256', line);

/**
 * One line of JSON without line end. Every text in it but what, who and where from went through `redact` by itself: of the whole line, a secret that
 * is a number would leave broken JSON behind.
 */
export function formatLine(
  event: AuditEvent,
  place: ChainPlace,
  time: string,
  redact: (text: string) => string,
): string {
  const { event: name, user, address, ...details } = event;
  const known = {
    event: name,
    ...(user !== undefined && { user }),
    ...(address !== undefined && { address }),
  };
  // Whoever may type a password into a node could otherwise strip what they did, their name and their address from the
  // trail, by typing these. A name that was refused is whatever somebody typed, a password in the wrong field for instance.
  const asItIs = {
    event: name,
    ...(user !== undefined && name !== 'refused' && { user }),
    ...(address !== undefined && { address }),
  };
  const write = (body: object): string =>
    JSON.stringify({ seq: place.seq, time, ...JSON.parse(clean(body, redact)), ...cut(asItIs), prev: place.prev });
  try {
    const line = write({ ...known, ...without(details, ['seq', 'time', 'prev']) });
    if (Buffer.byteLength(line) <= MAX_LINE_BYTES) return line;
    return write({ ...cut(known), leftOut: 'the details, which are too long' });
  } catch {
    return write({ ...cut(known), leftOut: 'the details, which are not JSON' });
  }
}

function clean(body: object, redact: (text: string) => string): string {
  return JSON.stringify(body, (_key, value: unknown) => {
    if (typeof value === 'string') return redact(value.toWellFormed());
    if (typeof value === 'number' && redact(String(value)) !== String(value)) return redact(String(value));
    return value;
  });
}

function without(details: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !names.includes(name)));
}

function cut(known: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => [name, String(value).slice(0, 256).toWellFormed()]),
  );
}

/** The line as an object; null when it is none of an audit trail. */
export function parseLine(text: string): AuditLine | null {
  try {
    const value: unknown = JSON.parse(text);
    return isLine(value) ? value : null;
  } catch {
    return null;
  }
}

/** Of the log stream: the audit line that it carries as `audit`, as text again. */
export function fromLogLine(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('audit' in value)) return null;
    return isLine(value.audit) ? JSON.stringify(value.audit) : null;
  } catch {
    return null;
  }
}

function isLine(value: unknown): value is AuditLine {
  if (typeof value !== 'object' || value === null) return false;
  const { seq, time, event, prev } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(seq) &&
    typeof time === 'string' &&
    typeof event === 'string' &&
    typeof prev === 'string' &&
    /^[0-9a-f]{64}$/.test(prev)
  );
}
