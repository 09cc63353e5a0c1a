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

/** All nodes of all files, and how they belong together. */
export class FlowGraph {
  readonly nodes: readonly PlacedNode[];
  readonly #byId = new Map<string, PlacedNode>();
  readonly #instances = new Map<string, PlacedNode[]>();

  constructor(nodes: readonly PlacedNode[]) {
    this.nodes = nodes;
    for (const placed of nodes) {
      if (!this.#byId.has(placed.node.id)) this.#byId.set(placed.node.id, placed);
      const subflow = subflowOf(placed.node);
      if (subflow === null) continue;
      const instances = this.#instances.get(subflow);
      if (instances) instances.push(placed);
      else this.#instances.set(subflow, [placed]);
    }
  }

  find(id: unknown): PlacedNode | null {
    return typeof id === 'string' ? (this.#byId.get(id) ?? null) : null;
  }

  /** The tab or subflow that a node lies in. */
  flowOf({ z }: FlowNode): PlacedNode | null {
    return z ? this.find(z) : null;
  }

  instancesOf(subflow: string): readonly PlacedNode[] {
    return this.#instances.get(subflow) ?? [];
  }

  /** Switched off, by itself or with its tab: it does not run. */
  isOff(node: FlowNode): boolean {
    const flow = node.type === 'tab' ? node : this.flowOf(node)?.node;
    return node.d === true || flow?.disabled === true;
  }
}
