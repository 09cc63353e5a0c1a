export interface BackoffOptions {
  /** Tries in all, the first included. */
  attempts: number;
  baseMs: number;
  capMs: number;
  /** Never sooner, whatever `Retry-After` says: the Platform floors it to whole seconds, so it is usually 0. */
  minimumMs: number;
  /** A `Retry-After` above this is not waited for. */
  longestRetryAfterMs: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = {
  attempts: 7,
  baseMs: 350,
  capMs: 20_000,
  minimumMs: 250,
  longestRetryAfterMs: 120_000,
};

/** Doubles from try to try; the jitter takes up to half of it, so that those who failed together do not return together. */
export function backoffMs(options: BackoffOptions, attempt: number, random: () => number, retryAfterMs = 0): number {
  const full = Math.min(options.capMs, options.baseMs * 2 ** Math.max(0, attempt - 1));
  const jittered = full * (0.5 + random() / 2);
  const atLeast = retryAfterMs > 0 ? retryAfterMs + random() * options.baseMs : 0;
  return Math.max(options.minimumMs, jittered, atLeast);
}

/** Seconds or an HTTP date, as milliseconds from now; undefined when it says neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
