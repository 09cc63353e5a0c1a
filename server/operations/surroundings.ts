import type { FlowNode } from '../flows/flow-node.ts';
import type { FlowIndex } from '../runtime/flow-index.ts';

/** Nodes that tell of what they do on the Platform. Their configuration node is part of no path. */
const REPORTS = /^seqera-(?!config$)/;
const SUBFLOW = 'subflow:';

/**
 * The nodes that a message can come from or go to which has to do with the Platform: all that are connected with a Seqera
 * node, by wires, links and subflows, in whatever direction. Found out when a message is first seen after a deploy.
 */
export class Surroundings {
  readonly #index: Pick<FlowIndex, 'nodes'>;
  #nodes: readonly FlowNode[] | null = null;
  /** By the id that a node has while it runs. */
  #known = new Map<string, boolean>();
  #sources = new Map<string, string | null>();

  constructor(index: Pick<FlowIndex, 'nodes'>) {
    this.#index = index;
  }

  has(id: string): boolean {
    if (this.#nodes !== this.#index.nodes()) this.#explore(this.#index.nodes());
    return this.#known.get(id) ?? this.#learn(id);
  }

  /**
   * The node that a message comes from which is first seen in this one: nodes that begin a message, such as `http in`, receive
   * none. Known only where a single wire leads here.
   */
  sourceOf(id: string): string | undefined {
    const source = this.#sources.get(id) ?? undefined;
    return source !== undefined && !this.#sources.has(source) ? source : undefined;
  }

  /** A node of a subflow is `<instance>-<node>` while it runs, however deep that is. */
  #learn(id: string): boolean {
    const known = this.#known.get(id.slice(id.lastIndexOf('-') + 1)) ?? false;
    this.#known.set(id, known);
    return known;
  }

  #explore(nodes: readonly FlowNode[]): void {
    this.#nodes = nodes;
    this.#known = new Map();
    this.#sources = new Map();
    const reporting = nodes.filter(({ type }) => REPORTS.test(type));
    if (reporting.length === 0) return;
    const neighbours = this.#connect(nodes);
    const found = new Set<string>();
    const waiting = reporting.map(({ id }) => id);
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      waiting.push(...(neighbours.get(id) ?? []));
    }
    for (const { id } of nodes) this.#known.set(id, found.has(id));
  }

  #connect(nodes: readonly FlowNode[]): Map<string, string[]> {
    const neighbours = new Map<string, string[]>();
    const connect = (a: string, b: string): void => {
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const known = neighbours.get(from);
        if (known) known.push(to);
        else neighbours.set(from, [to]);
      }
    };
    // Calls of a link whose name the message says lead to any.
    const anyLink = nodes.some(isDynamic);
    const subflows = new Set(nodes.filter(({ type }) => type === 'subflow').map(({ id }) => id));
    for (const node of nodes) {
      const { id, type, z } = node;
      if (node.d === true) continue;
      for (const target of texts(node.wires)) {
        connect(id, target);
        const known = this.#sources.get(target);
        this.#sources.set(target, known === undefined || known === id ? id : null);
      }
      if (type.startsWith('link ')) for (const target of texts(node.links)) connect(id, target);
      if (anyLink && (type === 'link in' || isDynamic(node))) connect(id, 'any link');
      // What an instance is given goes to the nodes of the subflow, and what they send comes out of it.
      if (type.startsWith(SUBFLOW)) connect(id, type.slice(SUBFLOW.length));
      if (z !== undefined && subflows.has(z)) connect(id, z);
      if (REPORTS.test(type)) connect(id, `reporting in ${z}`);
      if (type !== 'catch' && type !== 'status' && type !== 'complete') continue;
      // Is handed the message of the nodes that it watches over: these, or all of its tab.
      for (const watched of Array.isArray(node.scope) ? texts(node.scope) : [`reporting in ${z}`]) connect(id, watched);
    }
    return neighbours;
  }
}

const isDynamic = ({ type, linkType }: FlowNode): boolean => type === 'link call' && linkType === 'dynamic';

/** All texts of a list, or of lists in a list: flow files are written by hand too. */
const texts = (list: unknown): string[] =>
  Array.isArray(list) ? list.flat().filter((each) => typeof each === 'string') : [];
