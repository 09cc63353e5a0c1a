// The one reader of the environment. Everything else gets a Config.
export {
  type ApiTokenConfig,
  type AuthConfig,
  type Config,
  type ConnectionConfig,
  type GitConfig,
  type HttpAuthConfig,
  type HttpTokenConfig,
  type HttpUserConfig,
  type NotificationsConfig,
  type OidcConfig,
  type PasswordCheck,
  type ReplicasConfig,
  ROLES,
  type Role,
  type TracesConfig,
  type UserConfig,
} from './config.ts';
export { configuredFilesOfProcess } from './configured-files.ts';
export { type Evaluation, type LoadOptions, loadConfig } from './load-config.ts';
export type { Component, LogLevels } from './log-levels.ts';
export { likeACheck } from './password-check.ts';
export { MAX_PASSWORD_BYTES } from './password-rules.ts';
export { ConfigError, type Problem } from './problem.ts';
export { evaluateProcess, loadProcessConfig } from './process-config.ts';
export type { Setting } from './reader.ts';
export { redact, registerSecret } from './redact.ts';
export { scrubEnvironment } from './scrub-environment.ts';
export { Secret } from './secret.ts';
