import type { Config } from './config.ts';
import { readDotEnv } from './dotenv.ts';
import { hiddenFromFlows } from './environment-kept.ts';
import { ConfigError, type Problem } from './problem.ts';
import { Reader, type Setting } from './reader.ts';
import { isSecretName, placeOf, secretVariables } from './schema.ts';
import { Secret } from './secret.ts';
import { Sources } from './sources.ts';
import { readEgress } from './subjects/egress.ts';
import { readFolders } from './subjects/folders.ts';
import { readGit } from './subjects/git.ts';
import { readHttpAuth } from './subjects/http-auth.ts';
import { readNetwork } from './subjects/network.ts';
import { readNotifications } from './subjects/notifications.ts';
import { readOperation } from './subjects/operation.ts';
import { readPlatform } from './subjects/platform.ts';
import { readReplicas } from './subjects/replicas.ts';
import { readServer } from './subjects/server.ts';
import { readSignIn } from './subjects/sign-in.ts';
import { readTls } from './subjects/tls.ts';
import { readTraces } from './subjects/traces.ts';
import { unknownNames } from './unknown-names.ts';

export interface LoadOptions {
  env: NodeJS.ProcessEnv;
  /** Where `.env` is looked for and what relative paths start from. */
  cwd: string;
  /** `serve --local`: a one-time password where no sign-in is configured, the simulator where there is no token. */
  local?: boolean;
  /** Standard output is a terminal: decides the default of LOG_FORMAT. */
  terminal?: boolean;
}

/** What the environment amounts to, right or wrong: what `redstart config` shows. */
export interface Evaluation {
  /** null when there is any problem. */
  readonly config: Config | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly settings: readonly Setting[];
}

/** Reads the environment. Throws a ConfigError with every problem at once; what it returns is frozen to its depth. */
export function loadConfig(options: LoadOptions): Config {
  const { config, problems } = evaluate(options);
  if (!config) throw new ConfigError(problems);
  return config;
}

export function evaluate({ env, cwd, local = false, terminal = false }: LoadOptions): Evaluation {
  const dotenv = readDotEnv(cwd);
  const sources = new Sources(env, dotenv, cwd);
  const names = sources.names();
  const reader = new Reader(sources, cwd);
  reader.problems.push(...dotenv.problems);
  reader.warnings.push(...dotenv.warnings);
  const exposed = Object.keys(dotenv.values).find((name) => isSecretName(name) && dotenv.values[name]);
  if (dotenv.open && exposed) {
    reader.warn(
      `${dotenv.file} holds a secret (${exposed}) and can be read by other users of this machine: chmod 600 ${dotenv.file}`,
    );
  }

  const platform = readPlatform(reader, names, local);
  const server = readServer(reader);
  const tls = readTls(reader, server.host);
  const signIn = readSignIn(reader, local);
  const httpAuth = readHttpAuth(reader, server.host, tls.clientAuth !== null && tls.clientAuth !== 'editor');
  const folders = readFolders(reader);
  const git = readGit(reader, folders, env.PATH);
  const replicas = readReplicas(reader, folders.flows, tls);
  const operation = readOperation(reader, terminal, httpAuth);
  const notifications = readNotifications(reader);
  const traces = readTraces(reader, names);
  const flowLimits = readEgress(reader);
  const proxy = readNetwork(reader, sources.get('NODE_TLS_REJECT_UNAUTHORIZED')?.text);
  reader.problems.push(...unknownNames(sources));

  const { problems, warnings } = reader;
  const settings = reader.settings().sort((a, b) => placeOf(a.variable) - placeOf(b.variable));
  if (problems.length > 0) return { config: null, problems, warnings, settings };
  const handedOn = Object.entries(dotenv.values).filter(
    ([name, value]) => !isSecretName(name) && env[name] === undefined && value !== undefined,
  );
  const config: Config = {
    local,
    ...platform,
    server,
    tls,
    ...signIn,
    httpAuth,
    ...folders,
    secrets: { ...folders.secrets, own: [...reader.secretFiles, ...filesNamed(reader, settings)] },
    ...git,
    ...replicas,
    ...operation,
    ...traces,
    ...notifications,
    ...flowLimits,
    proxy,
    warnings,
    dotenv: Object.fromEntries(handedOn),
    effective: Object.fromEntries(settings.map(({ variable, value }) => [variable, value])),
    secretVariables: secretVariables(names),
    hiddenVariables: hiddenFromFlows([...Object.keys(env), ...names, ...secretVariables(names)]),
  };
  return { config: deepFreeze(config), problems, warnings, settings };
}

/** Users, tokens, keys: files that are no secret as a whole, and yet not for flows. */
const filesNamed = (reader: Reader, settings: readonly Setting[]): string[] =>
  settings
    .filter(({ variable, source }) => variable.endsWith('_FILE') && source !== 'default')
    .map(({ value }) => reader.absolute(value));

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (!(value instanceof Secret)) for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
