import { resolve } from 'node:path';
import process from 'node:process';

/** Where `redstart serve` will keep its data, as far as the environment itself says so: before anything is loaded. */
export const earlyDataDir = (): string => resolve(process.env.REDSTART_DATA_DIR || 'data');
