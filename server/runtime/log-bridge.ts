import { inspect } from 'node:util';
import type { Level, Logger } from 'pino';
import type { LogHandler, NodeRedLogMessage } from '../../settings/node-red-settings.ts';
import type { FlowIndex, NodePlace } from './flow-index.ts';

const AUDIT = 98;
const METRIC = 99;

const LEVELS: Record<number, Level> = { 10: 'fatal', 20: 'error', 30: 'warn', 40: 'info', 50: 'debug', 60: 'trace' };

/** Audit events that change something or that somebody may have to answer for; reading is logged as debug. */
const NOTABLE =
  // Node-RED has no sessions of its own and says of each token that it does not know it.
  /^(?:auth\.(?!invalid-token)|permission\.|comms\.auth|flow\.(?:add|update|remove)|flows\.set|nodes\.|modules\.|plugins\.|settings\.update|context\.delete|library\.set|credentials\.)/;
const READING = /\.(?:get|getState|getConfig|list|icons|configs?|info)$|\.get$/;

/** Node-RED's log to pino: level by level, an error with its stack, and with node id, type and flow where there is one. */
export function createLogBridge(logger: Logger, index: FlowIndex): LogHandler {
  const log = logger.child({ component: 'node-red' });
  return (message) => {
    if (message.level === METRIC) return;
    if (message.level === AUDIT) return audit(log, message);
    // What the runtime says of itself at the start is told by the program in its own words.
    const level = message.id === undefined && message.level === 40 ? 'debug' : (LEVELS[message.level] ?? 'info');
    if (!log.isLevelEnabled(level)) return;
    const fields: Record<string, unknown> = message.id === undefined ? {} : { ...placeOf(message, index) };
    const text = textOf(message.msg, fields);
    // Rules that Node-RED draws around its warnings on a terminal.
    if (!/^[-*]*$/.test(text)) log[level](fields, text);
  };
}

function audit(log: Logger, { level: _level, timestamp: _timestamp, event, user, ...rest }: NodeRedLogMessage): void {
  const name = String(event);
  const level = NOTABLE.test(name) && !READING.test(name) ? 'info' : 'debug';
  const username = typeof user === 'object' && user !== null && 'username' in user ? user.username : user;
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

/** The text of a message that may be anything; puts an error into `fields`, where pino shows its stack. */
function textOf(value: unknown, fields: Record<string, unknown>): string {
  if (typeof value === 'string') return value.trim();
  if (value instanceof Error) {
    fields.err = value;
    return value.message;
  }
  if (typeof value === 'object' && value !== null) {
    if ('message' in value && typeof value.message === 'string') {
      // Errors of function nodes come from another realm: no instance of this one's Error.
      if ('stack' in value)
        fields.err = { type: 'name' in value ? value.name : 'Error', message: value.message, stack: value.stack };
      return value.message;
    }
    return inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 2000 });
  }
  return String(value ?? '');
}
