import type { Config } from './config.ts';
import { isSecretName } from './schema.ts';

/**
 * Takes every secret out of `env`, and the paths to secrets, so that no flow finds them; hands `.env` on to flows; tells
 * them by FLOW_SIMULATOR whether runs are real. It cannot reach what the system remembers of the start:
 * /proc/<pid>/environ shows the first environment to root and to the same user. Secrets in files leave no such trace.
 */
export function scrubEnvironment(env: NodeJS.ProcessEnv, config: Pick<Config, 'simulator' | 'dotenv'>): void {
  for (const name of Object.keys(env)) if (isSecretName(name)) delete env[name];
  for (const [name, value] of Object.entries(config.dotenv)) env[name] ??= value;
  env.FLOW_SIMULATOR = String(config.simulator);
}
