import { NODE_GROUPS, type NodePolicy, nodePolicy } from '../../settings/node-policy.ts';
import { hiddenFromFlows } from '../config/environment-kept.ts';
import type { Config } from '../config/index.ts';
import { CORE_TYPES, PACK_TYPES } from './known-types.ts';
import type { NodeType } from './node-type.ts';
import { packageTypes } from './package-types.ts';
import type { World } from './rule-context.ts';

/** The connection that is always there, or there is no connection at all. */
const DEFAULT_CONNECTION = 'seqera-default';

/** What flows run in, by a configuration; the parts of it that are needed, so that a wrong one can still be judged in part. */
export function createWorld(
  config: Pick<Config, 'nodesAllow'> & {
    data?: { dir: string };
    connections: readonly { id: string }[];
    httpAuth: Pick<Config['httpAuth'], 'mode'>;
  },
  variables: Iterable<string>,
): World {
  const policy = nodePolicy(config.nodesAllow, config.data?.dir);
  return {
    policy,
    types: knownTypes(policy),
    variables: new Set(variables),
    isHidden: (variable) => hiddenFromFlows([variable]).length > 0,
    connections: new Set([DEFAULT_CONNECTION, ...config.connections.map(({ id }) => id)]),
    openEndpoints: config.httpAuth.mode === 'none',
  };
}

function knownTypes(policy: NodePolicy): Map<string, NodeType> {
  const types = new Map([...Object.entries(CORE_TYPES), ...Object.entries(PACK_TYPES)]);
  for (const { types: grouped } of Object.values(NODE_GROUPS))
    for (const type of grouped) if (policy.groupOff(type) !== null) types.delete(type);
  for (const name of policy.packages) {
    // Whether these take messages is not known: a wire to them is never wrong.
    for (const type of packageTypes(name) ?? []) if (!types.has(type)) types.set(type, { inputs: 1 });
  }
  return types;
}
