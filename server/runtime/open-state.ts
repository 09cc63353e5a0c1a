import type { Logger } from 'pino';
import { RedstartError } from '../errors.ts';
import { SqliteStore } from '../state/sqlite-store.ts';
import { StoreError } from '../state/store-error.ts';

/**
 * A state that cannot be used does not stop the start: the appliance is then not ready and says why, and flows get
 * errors, which is what an operator can see and mend. One of a newer version does: it is a wrong image.
 */
export function openState(path: string, logger: Logger): SqliteStore {
  const state = new SqliteStore(path);
  try {
    state.open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'STORE_NEWER_SCHEMA') {
      throw new RedstartError({
        code: error.code,
        message: error.message,
        mend: 'Run the version that wrote it, or restore a backup that this version made.',
      });
    }
    logger.error({ code: error.code }, error.message);
  }
  return state;
}
