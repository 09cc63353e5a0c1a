import type { Config } from '../config.ts';
import { fieldsOf } from '../field.ts';
import type { Reader } from '../reader.ts';
import { choice, list, logLevels, wholeNumber } from '../text-types.ts';

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
    does: 'Brings back nodes that are off because they reach the machine itself: exec, tcp, udp and their like. file opens all files to the file nodes, and not only those in the folder files of the data folder.',
    change: 'A flow cannot do without, and you trust everybody who can write flows.',
    beware: 'With exec or file, who can deploy a flow has what the process has: its files, its network, its secrets.',
  }),
  logLevel: logs('LOG_LEVEL', {
    type: logLevels,
    fallback: { level: 'info', components: {} },
    fallbackText: 'info',
    example: 'info,git=debug,node-red=warn',
    does: 'The least important messages that are still logged; by component, where one is named. It can be changed while the program runs: docs/logs.md.',
    change: 'debug or trace while looking for a fault, of the component that has it.',
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
  audit: logs('REDSTART_AUDIT', {
    type: choice(['file', 'log', 'both', 'off']),
    fallback: 'file',
    example: 'both',
    does: 'Where the audit trail goes: a file in the folder audit of the data folder, the log stream, both, or nowhere.',
    change:
      'both wherever logs are collected: a copy out of reach shows when the file was changed. log where the data folder is not kept.',
    beware:
      'In the log stream alone, each start begins a new chain. off leaves nobody to ask who did what; it is said at every start.',
  }),
  auditMegabytes: logs('REDSTART_AUDIT_FILE_MB', {
    type: wholeNumber(1, 1024, 'of megabytes'),
    fallback: 10,
    example: '50',
    does: 'The size at which a file of the audit trail is put aside and a new one begun.',
    change: 'Together with REDSTART_AUDIT_FILES, to keep the trail as long as you must.',
  }),
  auditFiles: logs('REDSTART_AUDIT_FILES', {
    type: wholeNumber(1, 10_000),
    fallback: 20,
    example: '100',
    does: 'How many files of the audit trail are kept besides the current one. The oldest goes first, and the trail says so.',
    change: 'You must keep the trail longer, or have less room.',
  }),
  metrics: logs('REDSTART_METRICS', {
    type: choice(['off', 'local', 'basic', 'open']),
    fallback: 'local',
    example: 'basic',
    does: 'Who may read /metrics: nobody, this machine alone, callers with the credentials of the flows’ endpoints (REDSTART_HTTP_USER, or a token for the path /metrics), or anyone.',
    change: 'basic where Prometheus runs on another machine. open where the network lets nobody else in.',
    beware: 'With open, whoever reaches the port reads names of flows, kinds of nodes and how much is launched.',
  }),
};

export function readOperation(
  reader: Reader,
  terminal: boolean,
  httpAuth: Config['httpAuth'],
): Pick<Config, 'nodesAllow' | 'log' | 'audit' | 'metrics'> {
  const format = terminal ? 'pretty' : 'json';
  return {
    nodesAllow: reader.get(operationFields.nodesAllow),
    log: {
      ...reader.get(operationFields.logLevel),
      format: reader.get(operationFields.logFormat, { value: format, text: format }),
    },
    audit: readAudit(reader),
    metrics: readMetrics(reader, httpAuth),
  };
}

function readMetrics(reader: Reader, httpAuth: Config['httpAuth']): Config['metrics'] {
  const mode = reader.get(operationFields.metrics);
  if (mode === 'basic' && (httpAuth.mode === 'closed' || httpAuth.mode === 'none')) {
    reader.problem(
      operationFields.metrics,
      'is basic, but the flows’ endpoints have no credentials that it could ask for',
      'REDSTART_HTTP_USER and a password beside it, or another value',
      'REDSTART_HTTP_USER=prometheus',
    );
  }
  return mode;
}

function readAudit(reader: Reader): Config['audit'] {
  const mode = reader.get(operationFields.audit);
  if (mode === 'off') reader.warn('REDSTART_AUDIT=off: nothing records who signed in, deployed or launched');
  return {
    mode,
    maxBytes: reader.get(operationFields.auditMegabytes) * 1024 * 1024,
    files: reader.get(operationFields.auditFiles),
  };
}
