import { inspect } from 'node:util';
import type { Level, Logger } from 'pino';
import type { LogHandler, NodeRedLogMessage } from '../../settings/node-red-settings.ts';
import { type Audit, NO_AUDIT } from '../audit/audit-event.ts';
import { redact, withoutBegunSecret } from '../config/redact.ts';
import type { FlowIndex, NodePlace } from './flow-index.ts';

/** Whatever an error of a flow puts there. */
const LONGEST_FIELD = 100;
const LONGEST_TEXT = 2000;

const AUDIT = 98;
const METRIC = 99;

const LEVELS: Record<number, Level> = { 10: 'fatal', 20: 'error', 30: 'warn', 40: 'info', 50: 'debug', 60: 'trace' };

/** Audit events that change something or that somebody may have to answer for; reading is logged as debug. */
const NOTABLE =
  // Node-RED has no sessions of its own and says of each token that it does not know it.
  /^(?:auth\.(?!invalid-token)|permission\.|comms\.auth|flow\.(?:add|update|remove)|flows\.set|nodes\.|modules\.|plugins\.|settings\.update|context\.delete|library\.set|credentials\.)/;
/** The trail has these from where they happen, with more to them. */
const TOLD_ELSEWHERE = /^(?:auth\.|permission\.|comms\.|flow\.|flows\.)/;
const READING = /\.(?:get|getState|getConfig|list|icons|configs?|info)$|\.get$/;

/** Node-RED's log to pino: level by level, an error with its stack, and with node id, type and flow where there is one. */
export function createLogBridge(log: Logger, index: FlowIndex, trail: Audit = NO_AUDIT): LogHandler {
  return (message) => {
    if (message.level === METRIC) return;
    if (message.level === AUDIT) return audit(log, trail, message);
    // What the runtime says of itself at the start is told by the program in its own words.
    const level = message.id === undefined && message.level === 40 ? 'debug' : (LEVELS[message.level] ?? 'info');
    if (!log.isLevelEnabled(level)) return;
    const fields: Record<string, unknown> = message.id === undefined ? {} : { ...placeOf(message, index) };
    const text = textOf(message.msg, fields);
    // Rules that Node-RED draws around its warnings on a terminal.
    if (!/^[-*]*$/.test(text)) log[level](fields, text);
  };
}

function audit(
  log: Logger,
  trail: Audit,
  { level: _level, timestamp: _timestamp, event, user, ...rest }: NodeRedLogMessage,
): void {
  const name = String(event);
  const notable = NOTABLE.test(name) && !READING.test(name);
  const level = notable ? 'info' : 'debug';
  const username = typeof user === 'object' && user !== null && 'username' in user ? user.username : user;
  if (notable && (!TOLD_ELSEWHERE.test(name) || rest.type === 'reload')) {
    const { ip, path: _path, method: _method, ...details } = rest;
    // The address is Node-RED's reading of a header, which the HTTP server sets anew for each request.
    const address = typeof ip === 'string' ? { address: ip } : {};
    trail.record({
      ...details,
      ...(typeof username === 'string' && { user: username }),
      ...address,
      event: 'admin',
      action: name,
    });
  }
  log[level]({ audit: name, user: username, ...rest }, `audit ${name}`);
}

function placeOf(message: NodeRedLogMessage, index: FlowIndex): NodePlace {
  const place = index.place(message.id ?? '');
  return {
    ...place,
    ...(message.type && { nodeType: message.type }),
    ...(message.name && { nodeName: message.name }),
    ...(message.z && !place.flow && { flow: message.z }),
  };
}

/**
 * The text of a message that may be anything; puts an error into `fields`, where pino shows its stack, and beside it what
 * an error of the Seqera nodes says of itself: its code and the run.
 */
function textOf(value: unknown, fields: Record<string, unknown>): string {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'object' && value !== null) {
    for (const name of ['code', 'runId'] as const) {
      const about = (value as Record<string, unknown>)[name];
      if (typeof about === 'string' && about !== '') fields[name] = redact(about).slice(0, LONGEST_FIELD);
    }
  }
  if (value instanceof Error) {
    // Where an error was foreseen, its stack tells nobody anything.
    if (value.name !== 'SeqeraError' || fields.code === 'SEQERA_INTERNAL') fields.err = value;
    return value.message;
  }
  if (typeof value === 'object' && value !== null) {
    if ('message' in value && typeof value.message === 'string') {
      // Errors of function nodes come from another realm: no instance of this one's Error.
      if ('stack' in value)
        fields.err = { type: 'name' in value ? value.name : 'Error', message: value.message, stack: value.stack };
      return value.message;
    }
    return shown(value);
  }
  return String(value ?? '');
}

/** Long texts in it are cut. What is left of a secret that stood over the cut is no longer known as one. */
function shown(value: object): string {
  const text = inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: LONGEST_TEXT });
  const parts = text.split(/(?=['"`]\.{3} \d+ more character)/);
  return redact(parts.map((part, at) => (at === parts.length - 1 ? part : withoutBegunSecret(part))).join(''));
}
