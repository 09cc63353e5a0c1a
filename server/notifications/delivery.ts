import { redact } from '../config/redact.ts';
import { lines } from './notice.ts';

export type Delivered =
  | { outcome: 'delivered' }
  /** This message will never be taken; others may. */
  | { outcome: 'refused'; reason: string }
  /** To be tried again, not before the time that the receiver asked for. */
  | { outcome: 'failed'; reason: string; waitMs: number | null };

export interface DeliveryOptions {
  url(): string;
  fetch: typeof fetch;
  now(): number;
}

const PATIENCE_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;
const ANSWER_BYTES = 2048;

/** Statuses that are about the message and not about the address or the receiver's state. */
const OF_THE_MESSAGE = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431]);

/** One try to hand a message over. Never throws; what it says has neither the address nor a secret in it. */
export async function deliver(
  { url, fetch, now }: DeliveryOptions,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Delivered> {
  let answer: Response;
  let said: string;
  try {
    answer = await fetch(url(), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      // The address is a secret of that host alone.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    said = await beginningOf(answer);
  } catch (error) {
    return { outcome: 'failed', reason: reasonOf(error), waitMs: null };
  }
  if (answer.ok) return { outcome: 'delivered' };
  const words = lines(redact(said), 200).replaceAll('\n', ' ');
  const reason = `the receiver answers ${answer.status}${words === '' ? '' : `: ${words}`}`;
  if (OF_THE_MESSAGE.has(answer.status)) return { outcome: 'refused', reason };
  return { outcome: 'failed', reason, waitMs: retryAfter(answer.headers.get('retry-after'), now()) };
}

/** Seconds, or a date. */
export function retryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const wait = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(wait) ? null : Math.min(LONGEST_WAIT_MS, Math.max(0, wait));
}

/** What it says of an error is short; anything longer is not read. */
async function beginningOf(answer: Response): Promise<string> {
  if (answer.body === null) return '';
  const reader = answer.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  while (size < ANSWER_BYTES) {
    const { value, done } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  // Not awaited: nobody needs to know that it was given up.
  reader.cancel().catch(() => {});
  return Buffer.concat(parts).toString('utf8', 0, ANSWER_BYTES);
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === 'TimeoutError') return `no answer within ${PATIENCE_MS / 1000} s`;
  return redact(String(cause?.code ?? cause?.message ?? message)).slice(0, 200);
}
