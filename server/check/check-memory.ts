import type { FlowFile } from '../flows/flow-file.ts';
import type { NodeGraph, Outside } from './flow-graph.ts';
import type { PlacedNode } from './flow-source.ts';
import type { RuleId } from './rule-catalogue.ts';
import type { Report, World } from './rule-context.ts';

/** What a rule reported. */
export interface Found {
  rule: RuleId;
  at: PlacedNode;
  message: string;
  options: Report;
  /** The tab or subflow of the node. */
  flow: PlacedNode | null;
}

/** What was found in some files, and what of others that depends on. */
export interface Part {
  found: readonly Found[];
  outside: Outside;
}

/**
 * What the last check found, file by file: in one that is the same, and finds the same nodes when it looks for others,
 * there is the same to find. Of flows that are checked again and again, by one configuration.
 */
export class CheckMemory {
  #world: World | null = null;
  #parts = new WeakMap<FlowFile, Map<PartKind, Part>>();
  #linked: { files: readonly FlowFile[]; part: Part } | null = null;

  /** To be called first. In another world nothing of it holds. */
  enter(world: World): void {
    if (this.#world === null || !isSameWorld(this.#world, world)) this.clear();
    this.#world = world;
  }

  clear(): void {
    this.#parts = new WeakMap();
    this.#linked = null;
  }

  part(file: FlowFile, kind: PartKind, graph: NodeGraph): Part | null {
    const part = this.#parts.get(file)?.get(kind);
    return part?.outside.isSame(graph) ? part : null;
  }

  keep(file: FlowFile, kind: PartKind, part: Part): void {
    const parts = this.#parts.get(file) ?? new Map<PartKind, Part>();
    this.#parts.set(file, parts.set(kind, part));
  }

  /** Of files that hand messages to each other, taken together. */
  linked(files: readonly FlowFile[], graph: NodeGraph): Part | null {
    const known = this.#linked;
    if (known?.files.length !== files.length || known.files.some((file, at) => file !== files[at])) return null;
    return known.part.outside.isSame(graph) ? known.part : null;
  }

  keepLinked(files: readonly FlowFile[], part: Part): void {
    this.#linked = { files, part };
  }
}

/** `nodes`: by the rules that look at one node after the other; `circles`: by that which follows the wires. */
export type PartKind = 'nodes' | 'circles';

function isSameWorld(a: World, b: World): boolean {
  const same = (one: Iterable<string>, two: ReadonlySet<string> | ReadonlyMap<string, unknown>): boolean => {
    const names = [...one];
    return names.length === two.size && names.every((name) => two.has(name));
  };
  return (
    same(a.variables, b.variables) &&
    same(a.connections, b.connections) &&
    same(a.types.keys(), b.types) &&
    a.openEndpoints === b.openEndpoints &&
    a.policy.filesFolder === b.policy.filesFolder &&
    a.policy.functionModules === b.policy.functionModules
  );
}
