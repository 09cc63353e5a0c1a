import type { FlowNode } from '../../flows/flow-node.ts';
import { type NodeGraph, subflowEnds, subflowOf, textsOf, wiresOf } from '../flow-graph.ts';
import type { PlacedNode } from '../flow-source.ts';
import { named, type RuleCheck } from '../rule-context.ts';

/**
 * Nodes that hand a message on at once. All others wait for something: a time (delay, trigger), a network (http request,
 * Seqera nodes), other messages (join, batch); a link call waits for an answer. Types that are not known are taken to wait.
 */
const AT_ONCE = new Set([
  'change',
  'csv',
  'function',
  'html',
  'json',
  'junction',
  'link in',
  'link out',
  'range',
  'rbe',
  'sort',
  'split',
  'switch',
  'template',
  'xml',
  'yaml',
]);
/** Of these, the ones that may let a message end. */
const MAY_STOP = new Set(['function', 'rbe', 'switch']);
const WAITS = /\bsetTimeout\b|\bsetInterval\b|\bawait\b|\.then\s*\(|\blinkcall\b/;

export const checkLoops: RuleCheck = ({ graph, report }) => {
  const flows = new Pass(graph);
  for (const circle of circles(graph, flows)) {
    // The wire that was drawn last is not known: it is told where the circle is entered in the order of the files.
    const [first] = circle;
    if (!first) continue;
    const shown = circle.slice(0, 6).map(named).join(' → ');
    const way = `${shown}${circle.length > 6 ? ` → … (${circle.length} nodes)` : ''} → ${named(first)}`;
    const maySwitch = circle.find(({ node }) => MAY_STOP.has(node.type) || subflowOf(node) !== null);
    if (maySwitch)
      report('loop-without-delay', first, `Nothing waits in this circle: ${way}. Only ${named(maySwitch)} may end it.`);
    else report('loop-endless', first, `Nothing waits in this circle, and nothing ends it: ${way}.`);
  }
};

/** Whom a node hands its messages on to. */
export function targetIds(node: FlowNode): string[] {
  return node.type === 'link out' ? textsOf(node.links) : wiresOf(node).flat();
}

/** Which nodes hand messages on at once, and whereto. */
class Pass {
  readonly #graph: NodeGraph;
  readonly #through = new Map<string, boolean>();

  constructor(graph: NodeGraph) {
    this.#graph = graph;
  }

  atOnce({ node }: PlacedNode): boolean {
    if (this.#graph.isOff(node)) return false;
    const subflow = subflowOf(node);
    if (subflow !== null) return this.#subflowAtOnce(subflow);
    if (node.type === 'function') return !WAITS.test(String(node.func ?? ''));
    return AT_ONCE.has(node.type) && !(node.type === 'link out' && node.mode === 'return');
  }

  targets({ node }: PlacedNode): PlacedNode[] {
    return targetIds(node).flatMap((id) => this.#graph.find(id) ?? []);
  }

  /** A message gets from the input of the subflow to one of its outputs without a wait. */
  #subflowAtOnce(id: string): boolean {
    const known = this.#through.get(id);
    if (known !== undefined) return known;
    // Until it is known: what contains itself is reported elsewhere.
    this.#through.set(id, false);
    const subflow = this.#graph.find(id)?.node;
    if (!subflow) return false;
    const ends = new Set(subflowEnds(subflow, 'out').map((end) => end.id));
    const seen = new Set<string>();
    const open = subflowEnds(subflow, 'in').flatMap((end) => this.#graph.find(end.id) ?? []);
    let through = ends.has(id);
    for (let next = open.pop(); next && !through; next = open.pop()) {
      if (seen.has(next.node.id) || !this.atOnce(next)) continue;
      seen.add(next.node.id);
      through = ends.has(next.node.id);
      open.push(...this.targets(next));
    }
    this.#through.set(id, through);
    return through;
  }
}

/** Strongly connected nodes (Tarjan, with a stack of its own: a chain of thousands of nodes is no reason to fail). */
function circles(graph: NodeGraph, pass: Pass): PlacedNode[][] {
  const found: PlacedNode[][] = [];
  const index = new Map<PlacedNode, number>();
  const low = new Map<PlacedNode, number>();
  const onStack = new Set<PlacedNode>();
  const stack: PlacedNode[] = [];
  let count = 0;
  const targetsOf = (placed: PlacedNode): PlacedNode[] => pass.targets(placed).filter((next) => pass.atOnce(next));

  for (const root of graph.nodes) {
    if (index.has(root) || !pass.atOnce(root)) continue;
    const work: { placed: PlacedNode; targets: PlacedNode[]; at: number }[] = [];
    const enter = (placed: PlacedNode): void => {
      index.set(placed, count);
      low.set(placed, count);
      count += 1;
      stack.push(placed);
      onStack.add(placed);
      work.push({ placed, targets: targetsOf(placed), at: 0 });
    };
    enter(root);
    for (let frame = work.at(-1); frame; frame = work.at(-1)) {
      const next = frame.targets[frame.at];
      const { placed } = frame;
      if (next) {
        frame.at += 1;
        if (!index.has(next)) enter(next);
        else if (onStack.has(next)) low.set(placed, Math.min(low.get(placed) ?? 0, index.get(next) ?? 0));
        continue;
      }
      work.pop();
      const above = work.at(-1)?.placed;
      if (above) low.set(above, Math.min(low.get(above) ?? 0, low.get(placed) ?? 0));
      if (low.get(placed) !== index.get(placed)) continue;
      const members = stack.splice(stack.lastIndexOf(placed));
      for (const member of members) onStack.delete(member);
      if (members.length > 1 || frame.targets.includes(placed)) found.push(members);
    }
  }
  return found;
}
