import type { Audit, AuditEvent } from '../audit-event.ts';

/** Keeps what was recorded, for a test to look at. */
export function fakeAudit(): Audit & { readonly events: AuditEvent[] } {
  const events: AuditEvent[] = [];
  return { events, record: (event) => void events.push(event) };
}
