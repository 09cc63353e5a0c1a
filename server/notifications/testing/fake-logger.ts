import { type Logger, pino } from 'pino';

export interface Line {
  level: string;
  msg: string;
  [field: string]: unknown;
}

/** A logger whose lines the test reads. */
export function fakeLogger(): { lines: Line[]; logger: Logger } {
  const lines: Line[] = [];
  const logger = pino(
    { base: null, timestamp: false, formatters: { level: (level) => ({ level }) } },
    { write: (line: string) => lines.push(JSON.parse(line) as Line) },
  );
  return { lines, logger };
}
