import type { Config } from './config.ts';
import { readDotEnv } from './dotenv.ts';
import { hiddenFromFlows } from './environment-kept.ts';
import { type Evaluation, evaluate, type LoadOptions, loadConfig } from './load-config.ts';

import { scrubEnvironment } from './scrub-environment.ts';

/** The Config of this process; afterwards its secrets are gone from `process.env`. */
export function loadProcessConfig(options: { local: boolean }): Config {
  const config = loadConfig(here(options));
  scrubEnvironment(process.env, config);
  return config;
}

/** What this process' environment amounts to, right or wrong. */
export function evaluateProcess(options: { local: boolean }): Evaluation {
  return evaluate(here(options));
}

/** Names of the variables that flows would find: of the environment and `.env`, with those that are set for them. */
export function variablesForFlows(): string[] {
  const names = [...Object.keys(process.env), ...Object.keys(readDotEnv(process.cwd()).values)];
  const hidden = new Set(hiddenFromFlows(names));
  return [...names.filter((name) => !hidden.has(name)), 'FLOW_SIMULATOR'];
}

function here({ local }: { local: boolean }): LoadOptions {
  return { env: process.env, cwd: process.cwd(), local, terminal: process.stdout.isTTY === true };
}
