import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { choice, list } from '../text-types.ts';

const flows = fieldsOf('What flows may do');
const logs = fieldsOf('Logs and metrics');

export const operationFields = {
  nodesAllow: flows('REDSTART_NODES_ALLOW', {
    type: list(
      'a comma list of node types, such as exec, file',
      /^@?[a-z0-9][a-z0-9 ._/-]*$/,
      'has an entry that is no node type',
    ),
    fallback: [],
    fallbackText: 'none',
    example: 'exec,file',
    does: 'Brings back nodes that are off because they reach the machine itself: exec, file, tcp, udp and their like.',
    change: 'A flow cannot do without, and you trust everybody who can write flows.',
    beware: 'With exec or file, who can deploy a flow has what the process has: its files, its network, its secrets.',
  }),
  logLevel: logs('LOG_LEVEL', {
    type: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace']),
    fallback: 'info',
    example: 'debug',
    does: 'The least important messages that are still logged.',
    change: 'debug or trace while looking for a fault.',
    beware: 'Secrets of this environment are stripped at every level; data of your flows is not.',
  }),
  logFormat: logs('LOG_FORMAT', {
    type: choice(['json', 'pretty']),
    fallback: 'json',
    fallbackText: '`json` (`pretty` on a terminal)',
    example: 'json',
    does: 'One JSON object a line, for machines, or coloured text for people.',
    change: 'The guess is wrong for where your logs go.',
  }),
  metrics: logs('REDSTART_METRICS', {
    type: choice(['local'], ['off', 'basic', 'open']),
    fallback: 'local',
    example: 'local',
    does: 'Who may read /metrics: local is this machine alone. Other values are not available yet.',
    change: 'Not yet.',
  }),
};

export function readOperation(reader: Reader, terminal: boolean): Pick<Config, 'nodesAllow' | 'log' | 'metrics'> {
  const format = terminal ? 'pretty' : 'json';
  return {
    nodesAllow: reader.get(operationFields.nodesAllow),
    log: {
      level: reader.get(operationFields.logLevel),
      format: reader.get(operationFields.logFormat, { value: format, text: format }),
    },
    metrics: reader.get(operationFields.metrics),
  };
}
