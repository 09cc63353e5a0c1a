/** Most important first. docs/logs.md says what each means. */
export const LOG_LEVEL_NAMES = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVEL_NAMES)[number];

/** The parts of the program that lines come from, each with what it tells: every line names one of these. */
export const COMPONENTS = {
  program: 'starting, stopping, faults that nobody caught',
  runtime: 'the life of the flows: started, stopped, not ready and why',
  'node-red': 'what nodes say, and Node-RED itself',
  flows: 'flow files: reading, refusing, what a check finds in them',
  git: 'flows from a git repository',
  connections: 'connections to Seqera Platform, their token files',
  http: 'the HTTP server, TLS, calls of the flows’ endpoints',
  auth: 'signing in, users, tokens',
  audit: 'the audit trail',
  secrets: 'the credential secret, secrets for nodes',
  sandbox: 'what flows may not do: flows held back, connections refused',
  state: 'the store of what must survive',
  cluster: 'several replicas: who leads, what is passed on',
  operations: 'the status page and its history',
  traces: 'sending traces',
  notifications: 'sending notifications',
} as const;
export type Component = keyof typeof COMPONENTS;

export interface LogLevels {
  /** Of every component that is not named. */
  readonly level: LogLevel;
  readonly components: Readonly<Partial<Record<Component, LogLevel>>>;
}

export const EXPECTED_LOG_LEVELS =
  `a level (${LOG_LEVEL_NAMES.join(', ')}), and after it component=level as often as wanted, with commas between; ` +
  `components: ${Object.keys(COMPONENTS).join(', ')}`;

const isLevel = (text: string): text is LogLevel => (LOG_LEVEL_NAMES as readonly string[]).includes(text);
const isComponent = (text: string): text is Component => Object.hasOwn(COMPONENTS, text);

/** `info,git=debug`. What has no level for the rest leaves it at `rest`. Else what is wrong, to complete "… ". */
export function parseLogLevels(text: string, rest: LogLevel = 'info'): LogLevels | { problem: string } {
  let level: LogLevel | null = null;
  const components: Partial<Record<Component, LogLevel>> = {};
  for (const part of text.split(',').map((one) => one.trim())) {
    const [name = '', value, ...more] = part.split('=').map((one) => one.trim());
    if (more.length > 0) return { problem: 'has an entry with more than one =' };
    if (value === undefined) {
      if (!isLevel(name)) return { problem: 'has an entry that is neither a level nor component=level' };
      if (level !== null) return { problem: 'has more than one level for all' };
      level = name;
    } else {
      if (!isComponent(name)) return { problem: 'names a component that is not there' };
      if (!isLevel(value)) return { problem: `gives ${name} a level that is not there` };
      if (components[name] !== undefined) return { problem: `names ${name} twice` };
      components[name] = value;
    }
  }
  return { level: level ?? rest, components };
}

export const levelOf = (levels: LogLevels, component: Component): LogLevel =>
  levels.components[component] ?? levels.level;

/** As it would be written in LOG_LEVEL. */
export const formatLogLevels = ({ level, components }: LogLevels): string =>
  [level, ...Object.entries(components).map(([name, value]) => `${name}=${value}`)].join(',');
