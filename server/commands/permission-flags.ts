import { ConfigError, configuredFilesOfProcess, evaluateProcess } from '../config/index.ts';
import { permissionFlags, permissionPaths } from '../sandbox/permission-flags.ts';

/** `redstart permission-flags`: what to put between `node` and the program, one flag a line. */
export function showPermissionFlags({ local = false }: { local?: boolean }): void {
  const { config, problems } = evaluateProcess({ local });
  if (!config) throw new ConfigError(problems);
  for (const flag of permissionFlags(permissionPaths(config, configuredFilesOfProcess()))) console.log(flag);
}
