import { existsSync } from 'node:fs';

/** Whether there is such a file, as far as this process may know: under Node's permission model the question itself may be refused. */
export function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}
