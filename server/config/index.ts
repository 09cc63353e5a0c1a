// The one reader of the environment. Everything else gets a Config.
export type { AdminConfig, Config, ConnectionConfig, HttpAuthConfig, PasswordCheck } from './config.ts';
export { type Evaluation, type LoadOptions, loadConfig } from './load-config.ts';
export { ConfigError, type Problem } from './problem.ts';
export { evaluateProcess, loadProcessConfig } from './process-config.ts';
export type { Setting } from './reader.ts';
export { redact, registerSecret } from './redact.ts';
export { scrubEnvironment } from './scrub-environment.ts';
export { Secret } from './secret.ts';
