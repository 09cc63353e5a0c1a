import type { Config } from './config.ts';
import { ConfigError } from './problem.ts';

export interface LoadOptions {
  env: NodeJS.ProcessEnv;
  /** Where `.env` is looked for and what relative paths start from. */
  cwd: string;
  /** `serve --local`: a one-time password where no sign-in is configured, the simulator where there is no token. */
  local?: boolean;
  /** Standard output is a terminal: decides the default of LOG_FORMAT. */
  terminal?: boolean;
}

/** Reads the environment. Throws a ConfigError with every problem at once; what it returns is frozen to its depth. */
export function loadConfig(_options: LoadOptions): Config {
  throw new ConfigError([]);
}
