import type { FlowNode } from '../../flows/flow-node.ts';
import { NAME_KINDS } from '../../promotion/names-file.ts';
import { type NodeGraph, subflowOf } from '../flow-graph.ts';
import type { PlacedNode } from '../flow-source.ts';
import type { JsonPath } from '../json-place.ts';
import { spotIn, textsIn, wholeVariable } from '../node-values.ts';
import type { RuleCheck } from '../rule-context.ts';

/** What Node-RED itself answers. */
const BUILT_IN = /^NR_(?:NODE|GROUP|FLOW|SUBFLOW)_(?:ID|NAME|PATH)$/;

/** Names of `redstart.yaml`, which have a rule of their own. */
const NAMES = new RegExp(`^(?:${Object.values(NAME_KINDS).join('|')}):`);

interface Use {
  name: string;
  path: JsonPath;
  offset: number;
}

export const checkVariables: RuleCheck = ({ graph, world, report }) => {
  const scopes = new Scopes(graph);
  for (const placed of graph.nodes) {
    const { node } = placed;
    if (graph.isOff(node)) continue;
    const told = new Set<string>();
    for (const { name, path, offset } of usesIn(placed, world.types.get(node.type))) {
      if (
        told.has(name) ||
        NAMES.test(name) ||
        BUILT_IN.test(name) ||
        world.variables.has(name) ||
        scopes.has(node, name)
      )
        continue;
      told.add(name);
      const text = path.reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], node);
      const within = spotIn(String(text), offset);
      if (world.isHidden(name))
        report('env-hidden', placed, `It uses ${name}, which flows do not get to see.`, { path, within });
      else report('env-unset', placed, `It uses ${name}, which is set nowhere.`, { path, within });
    }
  }
};

function usesIn({ node }: PlacedNode, type: Parameters<typeof textsIn>[1]): Use[] {
  const uses: Use[] = [];
  for (const value of textsIn(node, type)) {
    const { text, path } = value;
    if (!text) continue;
    const add = (name: string, offset: number): void => {
      // `$parent.` asks the flow around; what is set there is what is looked for.
      uses.push({ name: name.replace(/^(?:\$parent\.)+/, ''), path, offset });
    };
    const whole = wholeVariable(text);
    if (whole !== null) add(whole, 2);
    else if (value.type === 'env') {
      if (!text.includes('${')) add(text, 0);
      else for (const match of text.matchAll(/\$\{([^}]+)\}/g)) add(match[1] ?? '', match.index);
    } else if (value.type === 'jsonata') {
      for (const match of text.matchAll(/\$env\(\s*(["'])(.+?)\1\s*\)/g)) add(match[2] ?? '', match.index);
    } else if (node.type === 'function' && path.length === 1) {
      // With a value for when it is not set, it need not be.
      for (const match of text.matchAll(/\benv\.get\(\s*(["'`])([^"'`$]+)\1\s*\)(?!\s*(?:\|\||\?\?|[!=]==?|\?[^.]))/g))
        if (!isComment(text, match.index)) add(match[2] ?? '', match.index);
    } else if (node.type === 'template' && path[0] === 'template' && node.syntax !== 'plain') {
      for (const match of text.matchAll(/\{\{\{?&?\s*env\.([\w.-]+)\s*\}?\}\}/g)) add(match[1] ?? '', match.index);
    }
  }
  return uses;
}

function isComment(code: string, offset: number): boolean {
  return /(?:^|[^:'"`])\/\//.test(code.slice(code.lastIndexOf('\n', offset) + 1, offset));
}

/** Which variables the groups, tabs and subflows around a node set. */
class Scopes {
  readonly #graph: NodeGraph;
  readonly #names = new Map<FlowNode, ReadonlySet<string>>();
  readonly #everywhere: FlowNode[];

  constructor(graph: NodeGraph) {
    this.#graph = graph;
    this.#everywhere = graph.ofType('global-config').map(({ node }) => node);
  }

  has(node: FlowNode, name: string): boolean {
    return this.#within(node, name, new Set()) || this.#everywhere.some((one) => this.#sets(one, name));
  }

  #within(node: FlowNode, name: string, seen: Set<FlowNode>): boolean {
    if (seen.has(node)) return false;
    seen.add(node);
    if (this.#sets(node, name)) return true;
    const outer = [this.#graph.find(node.g), this.#graph.flowOf(node)];
    // A subflow is set up by each of its instances, and sees what they see. One that sets it is enough to be meant.
    if (node.type === 'subflow') outer.push(...this.#graph.instancesOf(node.id));
    const definition = subflowOf(node);
    if (definition !== null && this.#sets(this.#graph.find(definition)?.node, name)) return true;
    return outer.some((one) => one !== null && this.#within(one.node, name, seen));
  }

  #sets(node: FlowNode | undefined, name: string): boolean {
    if (!node || !Array.isArray(node.env)) return false;
    let names = this.#names.get(node);
    if (!names) {
      names = new Set(node.env.map((one: { name?: unknown }) => String(one?.name ?? '')));
      this.#names.set(node, names);
    }
    return names.has(name);
  }
}
