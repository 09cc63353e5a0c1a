import { configuredFilesOfProcess, evaluateProcess } from '../config/index.ts';
import { linkShipped } from '../runtime/compile-cache.ts';
import { permissionFlags, permissionPaths } from './permission-flags.ts';

/** As Node.js has it; its types do not know it yet. */
interface Replaceable {
  permission?: unknown;
  /** Puts another program in the place of this one: same process id, same environment, same open files. */
  execve?(file: string, args: readonly string[]): never;
}

/**
 * `serve --permission`: this very process again, under the permission model, with the flags that the configuration asks
 * for. Before the environment is cleared of secrets, which the second start reads too. Returns where there is nothing to
 * do, or where the configuration is wrong, which the start then tells.
 */
export function restartWithPermissions(local: boolean): void {
  const own = process as unknown as Replaceable;
  if (own.permission !== undefined || own.execve === undefined) return;
  const { config } = evaluateProcess({ local });
  if (!config) return;
  const flags = permissionFlags(permissionPaths(config, configuredFilesOfProcess()));
  // Under the permission model no link can be made.
  linkShipped(config.data.dir);
  own.execve(process.execPath, [process.execPath, ...process.execArgv, ...flags, ...process.argv.slice(1)]);
}
