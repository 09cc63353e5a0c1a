import type { Logger } from 'pino';
import type { NotReady } from '../http/index.ts';

export interface FaultLog {
  /** Tells the fault when it is new, and its end; nothing while it lasts, however often it is asked for. */
  note(code: NotReady, detail: string | null): void;
}

/** `/readyz` tells anyone only the kind of a fault; here it is in full. */
export function createFaultLog(logger: Logger): FaultLog {
  const known = new Map<NotReady, string>();
  return {
    note(code, detail) {
      const before = known.get(code);
      if (detail === null) {
        if (known.delete(code)) logger.info({ code }, `over: ${before}`);
        return;
      }
      // A fault that says how long it lasts is not a new one each second.
      if (before?.replace(/\d+/g, '#') === detail.replace(/\d+/g, '#')) return;
      known.set(code, detail);
      logger.error({ code }, detail);
    },
  };
}
