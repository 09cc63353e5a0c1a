import type { Config } from './config.ts';
import { loadConfig } from './load-config.ts';
import { scrubEnvironment } from './scrub-environment.ts';

/** The Config of this process; afterwards its secrets are gone from `process.env`. */
export function loadProcessConfig(options: { local: boolean }): Config {
  const { env, stdout } = process;
  const config = loadConfig({ env, cwd: process.cwd(), local: options.local, terminal: stdout.isTTY === true });
  scrubEnvironment(env, config);
  return config;
}
