import type { NodePolicy } from '../../settings/node-policy.ts';
import type { NamesFile } from '../promotion/names-file.ts';
import type { Severity, Spot } from './finding.ts';
import type { NodeGraph } from './flow-graph.ts';
import type { PlacedNode } from './flow-source.ts';
import type { JsonPath } from './json-place.ts';
import type { NodeType } from './node-type.ts';
import type { RuleId } from './rule-catalogue.ts';

/** What the flows are to run in. */
export interface World {
  policy: NodePolicy;
  /** Types of core nodes, the Seqera nodes and the packages that are allowed. */
  types: ReadonlyMap<string, NodeType>;
  /** Names of the variables that flows find in the environment. */
  variables: ReadonlySet<string>;
  /** A variable that is taken out of the environment before flows start. */
  isHidden(variable: string): boolean;
  /** Ids of the connections of the environment. */
  connections: ReadonlySet<string>;
  /** Endpoints of flows take requests from anybody. */
  openEndpoints: boolean;
}

export interface Report {
  /** Where in the node; the node itself without. */
  path?: JsonPath;
  within?: Spot;
  severity?: Severity;
  /** Instead of what the catalogue says. */
  mend?: string;
}

export interface RuleContext {
  graph: NodeGraph;
  world: World;
  /** `redstart.yaml`, where there is one. */
  names: NamesFile | null;
  report(rule: RuleId, at: PlacedNode, message: string, options?: Report): void;
}

/** Looks at all nodes and reports what it finds. */
export type RuleCheck = (context: RuleContext) => void;

/** `"name" (type)`, or the type and id of a node without a name. */
export function named({ node }: PlacedNode): string {
  const name = node.label ?? node.name;
  return typeof name === 'string' && name.trim() !== '' ? `"${name}" (${node.type})` : `${node.type} ${node.id}`;
}
