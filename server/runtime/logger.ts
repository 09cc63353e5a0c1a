import { createRequire } from 'node:module';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { type Config, redact } from '../config/index.ts';

const require = createRequire(import.meta.url);

/** The one logger of the program. Every line passes `redact` as text, after it was put together: nothing gets past. */
export function createLogger(config: Pick<Config, 'log'>, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level: config.log.level,
    // Neither process id nor host name: a container has one process, and its platform adds its name.
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  return pino(
    options,
    destination ?? (config.log.format === 'pretty' ? prettyStream() : pino.destination({ fd: 1, sync: true })),
  );
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
