import type { Severity } from './finding.ts';

/** What a rule of `redstart check` looks for: docs/check.md is made of this. */
export interface Rule {
  /** Part of the reference. */
  readonly area: string;
  readonly severity: Severity;
  /** What is wrong, in a few words. */
  readonly what: string;
  /** What happens because of it. */
  readonly why: string;
  readonly mend: string;
  /** `.redstartrc` cannot lower it: flows do not start with it, whatever is agreed. */
  readonly fixed?: true;
}

const FILES = 'Files';
const NODES = 'Node types';
const STRUCTURE = 'Tabs, groups and subflows';
const WIRES = 'Wires and links';
const CONFIG = 'Configuration nodes';
const VALUES = 'Code and values';
const HTTP = 'HTTP endpoints';
const SECRETS = 'Secrets';
const ENVIRONMENT = 'Environment';

/** Every rule. An id is interface: it is never renamed, nor used again for something else. */
export const RULES = {
  'json-invalid': {
    area: FILES,
    severity: 'error',
    what: 'A flow file is no JSON.',
    why: 'The start stops: half of the flows is no state to run in.',
    mend: 'Correct the file at the place that is named.',
    fixed: true,
  },
  'merge-conflict': {
    area: FILES,
    severity: 'error',
    what: 'A flow file holds a conflict marker of a merge.',
    why: 'The merge was not finished, so the file is no JSON, and the start stops.',
    mend: 'Keep the lines of one side (or write what is meant), and remove the lines with the markers.',
    fixed: true,
  },
  'flows-missing': {
    area: FILES,
    severity: 'error',
    what: 'A JSON file in the flows folder holds no nodes.',
    why: 'Every flow file must be one, so that no flow is left out unnoticed: the start stops.',
    mend: 'Move it out of the folder, or export the flows again (Menu → Export → JSON).',
    fixed: true,
  },
  'file-unreadable': {
    area: FILES,
    severity: 'error',
    what: 'A flow file or the folder cannot be read.',
    why: 'The start stops.',
    mend: 'Give this user the right to read it.',
    fixed: true,
  },
  'folder-empty': {
    area: FILES,
    severity: 'warning',
    what: 'The folder holds no flow file.',
    why: 'Nothing will run; often the wrong folder is mounted or named.',
    mend: 'Put flow files into it, or name the folder that holds them.',
  },
  'duplicate-id': {
    area: FILES,
    severity: 'error',
    what: 'Two nodes have the same id, in one file or in two.',
    why: 'A wire to that id could mean either: the start stops.',
    mend: 'Keep one of the two. A flow that is to be copied is imported in the editor, which gives it new ids.',
    fixed: true,
  },

  'type-unknown': {
    area: NODES,
    severity: 'error',
    what: 'A node has a type that no installed and allowed package has.',
    why: 'Node-RED starts no flow at all while one type is missing.',
    mend: 'Add the package to the image and name it in REDSTART_NODES_ALLOW, or take the node out.',
  },
  'type-off': {
    area: NODES,
    severity: 'error',
    what: 'A node has a type that is off by default.',
    why: 'Node-RED starts no flow at all while one type is missing.',
    mend: 'Allow it with REDSTART_NODES_ALLOW, if whoever runs the appliance agrees, or take the node out.',
  },
  'file-outside': {
    area: NODES,
    severity: 'error',
    what: 'A file node names a file outside of the folder `files` of the data folder.',
    why: 'The flow is loaded disabled.',
    mend: 'Name a file in that folder, relative to it; or allow all files with REDSTART_NODES_ALLOW=file, if whoever runs the appliance agrees.',
  },
  'function-modules-off': {
    area: NODES,
    severity: 'error',
    what: 'A function node loads modules, which is off by default.',
    why: 'The node does not start.',
    mend: 'Do without the module, or allow it with REDSTART_NODES_ALLOW=function-modules and put it into the image.',
  },

  'flow-unknown': {
    area: STRUCTURE,
    severity: 'error',
    what: 'A node lies in a tab or subflow that does not exist.',
    why: 'It is shown nowhere and does not run.',
    mend: 'Bring the tab back, or remove its nodes.',
  },
  'group-unknown': {
    area: STRUCTURE,
    severity: 'warning',
    what: 'A node belongs to a group that does not exist.',
    why: 'The variables of that group are not there for it.',
    mend: 'Remove its property `g`, or bring the group back.',
  },
  'subflow-unknown': {
    area: STRUCTURE,
    severity: 'error',
    what: 'A node is an instance of a subflow that does not exist.',
    why: 'Node-RED starts no flow at all while one type is missing.',
    mend: 'Bring the subflow back, or remove the node.',
  },
  'subflow-recursive': {
    area: STRUCTURE,
    severity: 'error',
    what: 'A subflow contains itself, directly or through others.',
    why: 'It can never be unfolded: the flows do not start.',
    mend: 'Remove the instance that closes the circle.',
  },

  'wire-dangling': {
    area: WIRES,
    severity: 'error',
    what: 'A wire leads to a node that does not exist.',
    why: 'Messages on it are lost, and nobody is told.',
    mend: 'Bring the node back, or remove its id from `wires`.',
  },
  'wire-across-flows': {
    area: WIRES,
    severity: 'error',
    what: 'A wire leads to a node in another tab or subflow.',
    why: 'Node-RED ignores it, and the editor drops it at the next deploy.',
    mend: 'Join the two with link nodes.',
  },
  'wire-to-no-input': {
    area: WIRES,
    severity: 'warning',
    what: 'A wire leads to a node that takes no messages.',
    why: 'Messages on it are lost.',
    mend: 'Remove the wire.',
  },
  'link-dangling': {
    area: WIRES,
    severity: 'error',
    what: 'A link node names a link node that does not exist, or one of the wrong kind.',
    why: 'Messages are lost; a link call ends in an error.',
    mend: 'Choose the target again in its dialog.',
  },
  'link-unconnected': {
    area: WIRES,
    severity: 'warning',
    what: 'A link out or link call leads nowhere.',
    why: 'Messages end here; a link call ends in an error.',
    mend: 'Choose a target in its dialog, or remove it.',
  },
  'scope-dangling': {
    area: WIRES,
    severity: 'warning',
    what: 'A catch, status or complete node watches a node that does not exist.',
    why: 'It never hears of it: errors may go unseen.',
    mend: 'Choose the nodes again in its dialog.',
  },
  'loop-endless': {
    area: WIRES,
    severity: 'error',
    what: 'Wires lead in a circle through nodes that neither wait nor can stop a message.',
    why: 'The first message goes round for ever and takes all the computing time there is.',
    mend: 'Put a delay into the circle and a switch that leads out of it.',
  },
  'loop-without-delay': {
    area: WIRES,
    severity: 'warning',
    what: 'Wires lead in a circle in which nothing waits; a switch, a filter or a function may end it.',
    why: 'Until it ends it takes all the computing time there is; if it does not end, for ever.',
    mend: 'Put a delay into the circle; or, where it is sure to end soon, turn this rule off for the node.',
  },

  'config-missing': {
    area: CONFIG,
    severity: 'error',
    what: 'A node refers to a configuration node that does not exist.',
    why: 'The node cannot work.',
    mend: 'Choose one in its dialog, or bring the configuration node back.',
  },
  'config-wrong-type': {
    area: CONFIG,
    severity: 'error',
    what: 'A node refers to a configuration node of another kind.',
    why: 'The node cannot work.',
    mend: 'Choose one in its dialog.',
  },
  'config-required': {
    area: CONFIG,
    severity: 'error',
    what: 'A node needs a configuration node, and none is chosen.',
    why: 'The node cannot work.',
    mend: 'Choose one in its dialog.',
  },
  'connection-unknown': {
    area: CONFIG,
    severity: 'warning',
    what: 'A Seqera node names a connection that is neither in the flows nor in the environment.',
    why: 'It uses the default connection instead: perhaps another workspace than is meant.',
    mend: 'Set REDSTART_CONNECTION_<NAME>_TOKEN where it runs, or choose a connection in its dialog.',
  },

  'function-syntax': {
    area: VALUES,
    severity: 'error',
    what: 'The code of a function node does not parse.',
    why: 'The node does not start.',
    mend: 'Correct the code at the place that is named.',
  },
  'jsonata-syntax': {
    area: VALUES,
    severity: 'error',
    what: 'A JSONata expression does not parse.',
    why: 'The node fails at its start or at each message.',
    mend: 'Correct the expression; the dialog of the node has a tester for it.',
  },
  'json-value': {
    area: VALUES,
    severity: 'error',
    what: 'A property that is meant as JSON is not JSON.',
    why: 'The node fails at its start or at each message.',
    mend: 'Correct the value.',
  },
  'regex-invalid': {
    area: VALUES,
    severity: 'error',
    what: 'A regular expression does not parse.',
    why: 'The node fails at its start or at each message.',
    mend: 'Correct the expression.',
  },
  'cron-invalid': {
    area: VALUES,
    severity: 'error',
    what: 'The schedule of an inject node is none.',
    why: 'It never fires.',
    mend: 'Give five fields: minute, hour, day of month, month, day of week.',
  },
  'field-required': {
    area: VALUES,
    severity: 'error',
    what: 'A field of a Seqera node that must be filled in is empty.',
    why: 'The node does not start, or each message ends in an error.',
    mend: 'Fill it in.',
  },

  'endpoint-duplicate': {
    area: HTTP,
    severity: 'error',
    what: 'Two nodes answer the same method and path.',
    why: 'Only one of them is ever asked, and which one depends on the order of the start.',
    mend: 'Give one of them another path.',
  },
  'endpoint-shadowed': {
    area: HTTP,
    severity: 'warning',
    what: 'A path with a parameter also takes the requests of another path.',
    why: 'Which of the two is asked depends on the order of the start.',
    mend: 'Give one of them a path that the other does not match.',
  },
  'endpoint-open': {
    area: HTTP,
    severity: 'warning',
    what: 'Anybody who reaches the appliance may call this endpoint.',
    why: 'REDSTART_HTTP_AUTH is `none`.',
    mend: 'Set REDSTART_HTTP_AUTH=basic with REDSTART_HTTP_USER and REDSTART_HTTP_PASSWORD; or turn this rule off for the endpoints that are meant to be open.',
  },

  'secret-in-clear': {
    area: SECRETS,
    severity: 'error',
    what: 'A flow file holds what looks like a token, a key or a password.',
    why: 'Everybody who may read the repository has it, now and in its history.',
    mend: 'Revoke it. Keep the new one in the credentials of a node, in the environment, or in a secrets file.',
  },

  configuration: {
    area: ENVIRONMENT,
    severity: 'error',
    what: 'The environment holds a wrong value or an unknown variable.',
    why: 'The start stops.',
    mend: 'Correct the variable: `redstart config` shows where each value comes from.',
    fixed: true,
  },
  'env-unset': {
    area: ENVIRONMENT,
    severity: 'warning',
    what: 'A flow uses a variable that neither the flow, its groups and subflows, nor the environment sets.',
    why: 'Its value is empty when the flow runs.',
    mend: 'Set it where the appliance runs, or in the properties of the tab.',
  },
  'names-invalid': {
    area: ENVIRONMENT,
    severity: 'error',
    what: '`redstart.yaml` beside the flows is not what it should be.',
    why: 'The start stops where REDSTART_ENVIRONMENT is set.',
    mend: 'Correct the line that is named; docs/promotion.md has an example.',
    fixed: true,
  },
  'name-missing': {
    area: ENVIRONMENT,
    severity: 'error',
    what: 'A flow uses a name, such as `pipeline:qc`, that an environment of `redstart.yaml` does not have.',
    why: 'In that environment the start stops.',
    mend: 'Add the name to the environment.',
  },
  'env-hidden': {
    area: ENVIRONMENT,
    severity: 'warning',
    what: 'A flow uses a variable that flows do not get to see.',
    why: 'Its value is empty when the flow runs: of the environment, flows see what begins with FLOW_.',
    mend: 'Give it a name that begins with FLOW_; for a secret, use a connection or the credentials of a node.',
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof RULES;

export const RULE_IDS = Object.keys(RULES) as readonly RuleId[];

export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(RULES, text);
}
