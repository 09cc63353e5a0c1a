/** How the last try to write went. */
export interface StoreProbe {
  /** Null while it writes, else why not. Asking starts the next try when the last one is old; the answer is the last one's. */
  fault(): string | null;
  /** Tries now. */
  check(): Promise<string | null>;
}

/**
 * Whether the store writes, for the readiness probe. Never in the foreground: on a hung network disk a write does not
 * return, and neither would the answer. A try that has not come back in time counts as a fault.
 */
export function createStoreProbe(options: {
  write(): Promise<void>;
  now?: () => number;
  everyMs?: number;
  lateMs?: number;
}): StoreProbe {
  const { write, now = Date.now, everyMs = 2000, lateMs = 5000 } = options;
  let fault: string | null = 'nothing was written yet';
  let startedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<string | null> | null = null;

  const check = (): Promise<string | null> => {
    if (running) return running;
    startedAt = now();
    running = write()
      .then(
        () => null,
        (error: NodeJS.ErrnoException) =>
          error.code === 'ENOSPC' ? 'the disk is full' : error.code === 'EROFS' ? 'mounted read-only' : error.message,
      )
      .then((result) => {
        fault = result;
        running = null;
        return result;
      });
    return running;
  };

  return {
    check,
    fault() {
      if (running && now() - startedAt > lateMs)
        return `a write has not returned for ${Math.round((now() - startedAt) / 1000)} s`;
      if (now() - startedAt >= everyMs) void check();
      return fault;
    },
  };
}
