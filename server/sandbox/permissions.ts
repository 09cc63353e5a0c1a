import type { Logger } from 'pino';

/** Node.js's permission model; absent when it was not started with `--permission`. `drop` is newer than its types. */
interface Permissions {
  has(scope: string): boolean;
  drop?(scope: string): void;
}

/** Needed for the watchdog's thread and its sight of this one, and by nothing that runs later. */
const ONLY_AT_START = ['worker', 'inspector'];

/**
 * Gives back what only the start needed. A thread can be started without the permission model, and a debugger sees every
 * secret of the process: whoever gets out of a function node must find neither.
 */
export function giveUpRights(
  logger: Logger,
  permissions: Permissions | undefined = (process as { permission?: Permissions }).permission,
): void {
  if (!permissions) return;
  for (const scope of ONLY_AT_START) permissions.drop?.(scope);
  const kept = ONLY_AT_START.filter((scope) => permissions.has(scope));
  if (kept.length > 0)
    logger.warn({ kept }, 'this version of Node.js cannot give up permissions: use the one that Redstart comes with');
  else logger.info('runs under the permission model of Node.js');
}
