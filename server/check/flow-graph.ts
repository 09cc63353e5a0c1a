import type { FlowNode } from '../flows/flow-node.ts';
import type { PlacedNode } from './flow-source.ts';

const SUBFLOW = 'subflow:';

/** The subflow that a node is an instance of; null for any other node. */
export function subflowOf(node: FlowNode): string | null {
  return node.type.startsWith(SUBFLOW) ? node.type.slice(SUBFLOW.length) : null;
}

/** The ids that an output's wires lead to, one list an output; [] for what has none. */
export function wiresOf(node: FlowNode): string[][] {
  return Array.isArray(node.wires) ? node.wires.map(textsOf) : [];
}

export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** A wire of a subflow's own input or output: `{id, port}` in its lists `in[].wires` and `out[].wires`. */
export function subflowEnds(subflow: FlowNode, side: 'in' | 'out'): { id: string; path: (string | number)[] }[] {
  const ports: unknown = subflow[side];
  if (!Array.isArray(ports)) return [];
  return ports.flatMap((port: { wires?: unknown }, index) =>
    Array.isArray(port?.wires)
      ? port.wires.flatMap((wire: { id?: unknown }, place) =>
          typeof wire?.id === 'string' ? [{ id: wire.id, path: [side, index, 'wires', place, 'id'] }] : [],
        )
      : [],
  );
}

/** Nodes, and how they belong together. */
export abstract class NodeGraph {
  /** Those to look at; what is asked for by id may be any other. */
  abstract readonly nodes: readonly PlacedNode[];
  abstract find(id: unknown): PlacedNode | null;
  abstract instancesOf(subflow: string): readonly PlacedNode[];
  /** Of all files. */
  abstract ofType(type: string): readonly PlacedNode[];

  /** The tab or subflow that a node lies in. */
  flowOf({ z }: FlowNode): PlacedNode | null {
    return z ? this.find(z) : null;
  }

  /** Switched off, by itself or with its tab: it does not run. */
  isOff(node: FlowNode): boolean {
    const flow = node.type === 'tab' ? node : this.flowOf(node)?.node;
    return node.d === true || flow?.disabled === true;
  }
}

const NONE: readonly PlacedNode[] = [];

/** All nodes of all files. */
export class FlowGraph extends NodeGraph {
  readonly nodes: readonly PlacedNode[];
  readonly #byId = new Map<string, PlacedNode>();
  readonly #instances = new Map<string, PlacedNode[]>();
  #byType: Map<string, PlacedNode[]> | null = null;

  constructor(nodes: readonly PlacedNode[]) {
    super();
    this.nodes = nodes;
    for (const placed of nodes) {
      if (!this.#byId.has(placed.node.id)) this.#byId.set(placed.node.id, placed);
      const subflow = subflowOf(placed.node);
      if (subflow !== null) push(this.#instances, subflow, placed);
    }
  }

  find(id: unknown): PlacedNode | null {
    return typeof id === 'string' ? (this.#byId.get(id) ?? null) : null;
  }

  instancesOf(subflow: string): readonly PlacedNode[] {
    return this.#instances.get(subflow) ?? NONE;
  }

  ofType(type: string): readonly PlacedNode[] {
    if (this.#byType === null) {
      this.#byType = new Map();
      for (const placed of this.nodes) push(this.#byType, placed.node.type, placed);
    }
    return this.#byType.get(type) ?? NONE;
  }

  get hasDuplicates(): boolean {
    return this.#byId.size < this.nodes.length;
  }
}

function push(lists: Map<string, PlacedNode[]>, key: string, placed: PlacedNode): void {
  const list = lists.get(key);
  if (list) list.push(placed);
  else lists.set(key, [placed]);
}

/** What was looked for outside of some files, and was found there: as long as it is the same, so is all that follows from it. */
export class Outside {
  readonly #found = new Map<string, FlowNode | null>();
  readonly #lists = new Map<string, readonly FlowNode[]>();

  find(id: string, placed: PlacedNode | null): void {
    this.#found.set(id, placed?.node ?? null);
  }

  list(what: 'instances' | 'type', of: string, placed: readonly PlacedNode[]): void {
    this.#lists.set(
      `${what} ${of}`,
      placed.map(({ node }) => node),
    );
  }

  isSame(graph: NodeGraph): boolean {
    for (const [id, node] of this.#found) if ((graph.find(id)?.node ?? null) !== node) return false;
    for (const [key, nodes] of this.#lists) {
      const space = key.indexOf(' ');
      const of = key.slice(space + 1);
      const now = key.startsWith('type') ? graph.ofType(of) : graph.instancesOf(of);
      if (now.length !== nodes.length || now.some(({ node }, at) => node !== nodes[at])) return false;
    }
    return true;
  }
}

/** The nodes of some of the files, with a note of what they are looked up with in the others. */
export class PartGraph extends NodeGraph {
  readonly nodes: readonly PlacedNode[];
  readonly outside = new Outside();
  readonly #whole: NodeGraph;
  readonly #files: ReadonlySet<string>;

  constructor(whole: NodeGraph, files: ReadonlySet<string>, nodes: readonly PlacedNode[]) {
    super();
    this.nodes = nodes;
    this.#whole = whole;
    this.#files = files;
  }

  find(id: unknown): PlacedNode | null {
    const found = this.#whole.find(id);
    if (typeof id === 'string' && (found === null || !this.#files.has(found.file))) this.outside.find(id, found);
    return found;
  }

  instancesOf(subflow: string): readonly PlacedNode[] {
    const found = this.#whole.instancesOf(subflow);
    this.outside.list('instances', subflow, found);
    return found;
  }

  ofType(type: string): readonly PlacedNode[] {
    const found = this.#whole.ofType(type);
    this.outside.list('type', type, found);
    return found;
  }
}
