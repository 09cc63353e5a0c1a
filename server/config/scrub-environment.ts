import type { Config } from './config.ts';
import { isKept } from './environment-kept.ts';

/**
 * Leaves in `env` what flows may see (FLOW_…) and what Node.js needs, so secrets and the paths to secrets are gone; hands
 * on what `.env` has of these; tells flows by FLOW_SIMULATOR whether runs are real. It cannot reach what the system remembers of the start:
 * /proc/<pid>/environ shows the first environment to root and to the same user. Secrets in files leave no such trace.
 */
export function scrubEnvironment(env: NodeJS.ProcessEnv, config: Pick<Config, 'simulator' | 'dotenv'>): void {
  for (const name of Object.keys(env)) if (!isKept(name)) delete env[name];
  for (const [name, value] of Object.entries(config.dotenv)) if (isKept(name)) env[name] ??= value;
  env.FLOW_SIMULATOR = String(config.simulator);
}
