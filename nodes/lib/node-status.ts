import type { SeqeraError } from './errors.ts';
import type { RedNode } from './red.ts';

export type StatusKind = 'working' | 'ok' | 'retrying' | 'failed';

const LOOK = {
  working: { fill: 'blue', shape: 'ring' },
  ok: { fill: 'green', shape: 'dot' },
  retrying: { fill: 'yellow', shape: 'ring' },
  failed: { fill: 'red', shape: 'dot' },
} as const;

const LONGEST = 48;

/** Shows a short text and the time of day. */
export function showStatus(node: RedNode, kind: StatusKind, text: string, now: number): void {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  node.status({ ...LOOK[kind], text: `${short} · ${new Date(now).toTimeString().slice(0, 8)}` });
}

/** `SEQERA_RATE_LIMITED` as `rate limited`. */
export const shortError = ({ code, status }: SeqeraError): string =>
  code.slice('SEQERA_'.length).toLowerCase().replaceAll('_', ' ') + (status === undefined ? '' : ` (${status})`);
