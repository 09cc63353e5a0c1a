import type { Config } from './config.ts';

/** Takes every secret out of `env`, hands `.env` on to flows, and tells them by FLOW_SIMULATOR whether runs are real. */
export function scrubEnvironment(env: NodeJS.ProcessEnv, config: Pick<Config, 'simulator' | 'dotenv'>): void {
  for (const [name, value] of Object.entries(config.dotenv)) env[name] ??= value;
  env.FLOW_SIMULATOR = String(config.simulator);
}
