import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { type Component, type Config, type LogLevels, redact } from '../config/index.ts';
import { levelOf } from '../config/log-levels.ts';
import { nodeTrace } from './node-trace.ts';
import { keptOf, Repeats, repeatKey } from './repeats.ts';

const require = createRequire(import.meta.url);

/** The log of the program. There is no way to it but through a component, so that every line has one. */
export interface Logs {
  /** The same each time. Its level follows `setLevels`; that of its own children stays as they were made. */
  of(component: Component): Logger;
  /** What is in force. */
  readonly levels: LogLevels;
  setLevels(levels: LogLevels): void;
  /** Writes what is known of repeated errors. Before the end; what comes after it is written all the same. */
  flush(): void;
}

/** Of pino's levels. Nobody is told a fatal one twice, as the program ends. */
const ERROR = 50;

/** Every line passes `redact` as text, after it was put together: nothing gets past. */
export function createLogs(
  config: Pick<Config, 'log'>,
  destination?: DestinationStream,
  { now = Date.now }: { now?: () => number } = {},
): Logs {
  let levels: LogLevels = config.log;
  const components = new Map<Component, Logger>();
  const names = new WeakMap<object, Component>();
  let telling = false;

  const repeats = new Repeats({
    now,
    summary(key, { fields, msg }, repeated) {
      const component = key.slice(0, key.indexOf('\n')) as Component;
      telling = true;
      try {
        of(component).error({ ...fields, repeated }, `${msg} (${repeated.count} more since ${repeated.first})`);
      } finally {
        telling = false;
      }
    },
  });

  const options: LoggerOptions = {
    // Neither process id nor host name: a container has one process, and its platform adds its name.
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: (line) => (telling ? {} : aboutMessage(line)),
    hooks: {
      streamWrite: redact,
      logMethod(args, method, level) {
        const component = level === ERROR && !telling ? names.get(this) : undefined;
        // What the audit trail cannot write is here or nowhere.
        if (component !== undefined && component !== 'audit') {
          const { fields, msg } = partsOf(args);
          if (!repeats.take(repeatKey(component, fields, msg), () => keptOf(fields, msg))) return;
        }
        method.apply(this, args);
      },
    },
  };
  const root = pino(
    options,
    destination ?? (config.log.format === 'pretty' ? prettyStream() : pino.destination({ fd: 1, sync: true })),
  );

  function of(component: Component): Logger {
    const known = components.get(component);
    if (known) return known;
    const logger = root.child({ component }, { level: levelOf(levels, component) });
    components.set(component, logger);
    names.set(logger, component);
    return logger;
  }

  return {
    of,
    get levels() {
      return levels;
    },
    setLevels(next) {
      levels = next;
      for (const [component, logger] of components) logger.level = levelOf(next, component);
    },
    flush: () => repeats.flush(),
  };
}

/** Which trace a line belongs to, where messages are followed, and which run: of what the node itself says, and not of others. */
function aboutMessage(line: object): Record<string, unknown> {
  const passage = nodeTrace.passage();
  if (passage === undefined) return {};
  const { node, run, inLog } = passage;
  return run !== undefined && 'node' in line && line.node === node ? { ...inLog, runId: run } : { ...inLog };
}

/** Of a call of a logger: `(fields, text)`, `(error, text)` or `(text)`. */
function partsOf([first, second]: readonly unknown[]): { fields: Record<string, unknown>; msg: string } {
  if (typeof first === 'string') return { fields: {}, msg: first };
  const fields = first instanceof Error ? { err: first } : ((first ?? {}) as Record<string, unknown>);
  const { err } = fields;
  // The same words are said of errors that are not the same.
  const why = typeof err === 'object' && err !== null && 'message' in err ? String(err.message) : '';
  const msg = typeof second === 'string' ? second : '';
  return { fields, msg: why === '' || msg.includes(why) ? msg || why : `${msg}: ${why}` };
}

// Loaded only when wanted: it costs 30 ms, and no server needs it.
function prettyStream(): DestinationStream {
  const pretty = require('pino-pretty') as (options: object) => DestinationStream;
  return pretty({
    sync: true,
    colorize: process.stdout.isTTY === true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'component',
    singleLine: true,
  });
}
