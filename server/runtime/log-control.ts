import { rmSync } from 'node:fs';
import express, { type Request, type RequestHandler, type Response } from 'express';
import type { Audit } from '../audit/audit-event.ts';
import { addressOf } from '../auth/client-address.ts';
import { identityOf } from '../auth/index.ts';
import { COMPONENTS, formatLogLevels, type LogLevels, parseLogLevels } from '../config/log-levels.ts';
import { watchFile } from '../config/watch-file.ts';
import type { Logs } from './logs.ts';

export interface LogControlOptions {
  readonly logs: Logs;
  /** What LOG_LEVEL says. */
  readonly configured: LogLevels;
  /** Where `redstart log-level` leaves what it wants. */
  readonly requestFile: string;
  readonly audit: Audit;
  readonly everyMs?: number;
}

export interface LogLevelState {
  /** In force, as it would be written in LOG_LEVEL. */
  levels: string;
  /** What LOG_LEVEL says, which the next start begins with. */
  configured: string;
  /** Null: as configured. */
  changed: { at: string; by: string } | null;
}

export interface LogControl {
  /** `/log-levels` of the admin API: GET, PUT, DELETE. The gate has asked for the role before. */
  readonly route: RequestHandler;
  state(): LogLevelState;
  /** Looks for a request now; what tests call instead of waiting. */
  check(): Promise<void>;
  close(): void;
}

/** What `redstart log-level` writes. */
export interface LogLevelRequest {
  /** Null: as configured. */
  levels: string | null;
  at: string;
}

const MAX_BYTES = 4096;
const parser = express.json({ limit: MAX_BYTES });

/**
 * Changes log levels while the program runs: by an administrator, or by who has a shell where it runs. Neither is kept:
 * the next start has what is configured, so that nobody's `trace` goes on for years.
 */
export function createLogControl({ logs, configured, requestFile, audit, everyMs }: LogControlOptions): LogControl {
  // Whatever the levels leave out: who looks at a log that changed its voice finds out why.
  const told = logs.of('program').child({});
  // Set, and not given to `child`: a child made with the level that its parent has would follow the parent's changes.
  told.level = 'info';
  let changed: LogLevelState['changed'] = null;

  const change = (levels: LogLevels | null, who: { user?: string; address?: string; by?: string }): void => {
    const [before, now] = [formatLogLevels(logs.levels), formatLogLevels(levels ?? configured)];
    const by = who.user ?? who.by ?? 'unknown';
    logs.setLevels(levels ?? configured);
    changed = levels === null ? null : { at: new Date().toISOString(), by };
    const until = levels === null ? 'as configured' : 'until the next start';
    told.info({ event: 'log.levels', levels: now, before, ...who }, `${by} set the log level to ${now}, ${until}`);
    audit.record({ event: 'log-level', ...who, levels: now, before });
  };

  const state = (): LogLevelState => ({
    levels: formatLogLevels(logs.levels),
    configured: formatLogLevels(configured),
    changed,
  });

  const put = (req: Request, res: Response): void => {
    const body: unknown = req.body;
    const text = typeof body === 'object' && body !== null && 'levels' in body ? body.levels : undefined;
    const levels =
      typeof text === 'string' ? parseLogLevels(text, configured.level) : { problem: 'is missing or no text' };
    if ('problem' in levels) {
      res.status(400).json({ code: 'invalid_levels', message: `levels ${levels.problem}` });
      return;
    }
    change(levels, { user: identityOf(req)?.user ?? 'unknown', address: addressOf(req) });
    res.json(state());
  };

  const route: RequestHandler = (req, res, next) => {
    if (!/^\/log-levels\/?$/i.test(req.path)) {
      next();
      return;
    }
    res.setHeader('Cache-Control', 'no-store');
    if (req.method === 'PUT')
      parser(req, res, (error?: unknown) => (error === undefined ? put(req, res) : next(error)));
    else if (req.method === 'DELETE') {
      change(null, { user: identityOf(req)?.user ?? 'unknown', address: addressOf(req) });
      res.json(state());
    } else if (req.method === 'GET' || req.method === 'HEAD') res.json({ ...state(), components: COMPONENTS });
    else res.status(405).set('Allow', 'GET, HEAD, PUT, DELETE').end();
  };

  const remove = (): void => rmSync(requestFile, { force: true, recursive: true });
  const failed = (reason: string): void => {
    // Also what is too long to be read, or no file: else nobody could leave another.
    let mend = 'It was removed; give it again with `redstart log-level`, as the user that the program runs as.';
    try {
      remove();
    } catch {
      mend = 'It cannot be removed either: remove it by hand. Until then no other request is taken.';
    }
    told.warn({ file: requestFile, reason }, `a request for other log levels cannot be used: ${reason}. ${mend}`);
  };
  // A request that nobody took is not for this start. One that cannot be removed is told of when it is looked at.
  try {
    remove();
  } catch {}
  const watched = watchFile({
    file: requestFile,
    maxBytes: MAX_BYTES,
    comesAndGoes: true,
    ...(everyMs !== undefined && { everyMs }),
    changed(text) {
      // Taken, be it right or wrong: whoever left it waits for it to be gone.
      remove();
      const levels = readRequest(text, configured.level);
      if (levels !== null && 'problem' in levels) throw new Error(levels.problem);
      change(levels, { by: 'redstart log-level' });
    },
    failed,
  });

  return { route, state, check: () => watched.check(), close: () => watched.close() };
}

function readRequest(text: string, rest: LogLevels['level']): LogLevels | { problem: string } | null {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch {
    return { problem: 'it is no JSON' };
  }
  const levels = typeof request === 'object' && request !== null && 'levels' in request ? request.levels : undefined;
  if (levels === null) return null;
  return typeof levels === 'string' ? parseLogLevels(levels, rest) : { problem: 'it has no levels' };
}
