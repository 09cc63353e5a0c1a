import { createHmac } from 'node:crypto';
import type { Message } from '../notice.ts';

export const MOST_EVENTS = 50;

const iso = (ms: number): string => new Date(ms).toISOString();

/** For programs. Names and meanings are an interface: docs/notifications.md lists them. */
export function genericMessage({ id, at, title, appliance, link, notices }: Message): object {
  return {
    source: 'redstart',
    id,
    at: iso(at),
    appliance,
    title,
    link,
    events: notices.slice(0, MOST_EVENTS).map((notice) => ({
      event: notice.event,
      kind: notice.kind,
      id: notice.id,
      label: notice.label,
      problem: notice.problem,
      headline: notice.headline,
      text: notice.text,
      node: notice.node,
      count: notice.count,
      since: iso(notice.since),
      last: iso(notice.last),
      until: notice.until === null ? null : iso(notice.until),
      link: notice.link,
    })),
    more: Math.max(0, notices.length - MOST_EVENTS),
  };
}

/** As a webhook in node verifies it: over the time stamp, a dot, and the body. */
export function signature(secret: string, body: string, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const hmac = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'x-redstart-timestamp': timestamp, 'x-redstart-signature': `sha256=${hmac}` };
}
