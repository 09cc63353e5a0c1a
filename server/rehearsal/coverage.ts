import { type FlowNode, titleOf } from '../flows/flow-node.ts';
import { type FlowSet, runningNodes } from './flow-set.ts';
import type { Rehearsal, RehearsalResult } from './rehearsal.ts';

export interface FlowCoverage {
  flow: string;
  nodes: { reached: number; all: number };
  wires: { reached: number; all: number };
  /** Nodes that no message reached or left. */
  missedNodes: { id: string; name: string; type: string }[];
  missedWires: { from: string; output: number; to: string }[];
}

export interface Coverage {
  flows: FlowCoverage[];
  /** Of nodes and wires together, 0 to 100. */
  percent: number;
}

/** Which nodes and wires of the flows the rehearsals went through: of each tab and subflow that one of them runs. */
export function coverageOf(
  sets: readonly FlowSet[],
  rehearsals: readonly Rehearsal[],
  results: readonly RehearsalResult[],
): Coverage {
  const nodes = new Set(results.flatMap(({ covered }) => covered.nodes));
  const wires = new Set(results.flatMap(({ covered }) => covered.wires));
  const ran = new Set(
    rehearsals.flatMap((each) =>
      each.nodes.filter(({ type }) => type === 'tab' || type === 'subflow').map(({ id }) => id),
    ),
  );
  const flows: FlowCoverage[] = [];
  for (const set of sets) {
    const all = set.files.flatMap((file) => file.nodes);
    const running = runningNodes(all);
    for (const container of all.filter(({ id, type }) => (type === 'tab' || type === 'subflow') && ran.has(id))) {
      const inside = running.filter(({ z }) => z === container.id);
      if (inside.length > 0) flows.push(ofFlow(titleOf(container), inside, nodes, wires));
    }
  }
  const reached = flows.reduce((sum, each) => sum + each.nodes.reached + each.wires.reached, 0);
  const whole = flows.reduce((sum, each) => sum + each.nodes.all + each.wires.all, 0);
  return { flows, percent: whole === 0 ? 100 : Math.floor((reached / whole) * 1000) / 10 };
}

function ofFlow(
  flow: string,
  inside: readonly FlowNode[],
  nodes: ReadonlySet<string>,
  wires: ReadonlySet<string>,
): FlowCoverage {
  const names = new Map(inside.map((node) => [node.id, titleOf(node)]));
  const drawn = inside.flatMap((node) =>
    (node.wires as unknown[][]).flatMap((targets, output) =>
      (Array.isArray(targets) ? targets : [])
        .filter((to) => names.has(String(to)))
        .map((to) => ({ from: node.id, output, to: String(to) })),
    ),
  );
  const missedWires = drawn.filter(({ from, output, to }) => !wires.has(`${from} ${output} ${to}`));
  const missedNodes = inside.filter(({ id }) => !nodes.has(id));
  return {
    flow,
    nodes: { reached: inside.length - missedNodes.length, all: inside.length },
    wires: { reached: drawn.length - missedWires.length, all: drawn.length },
    missedNodes: missedNodes.map((node) => ({ id: node.id, name: titleOf(node), type: node.type })),
    missedWires: missedWires.map(({ from, output, to }) => ({
      from: names.get(from) ?? from,
      output: output + 1,
      to: names.get(to) ?? to,
    })),
  };
}

export function coverageText({ flows, percent }: Coverage): string {
  const lines = ['Coverage'];
  for (const { flow, nodes, wires, missedNodes, missedWires } of flows) {
    lines.push(`  ${flow}: ${nodes.reached} of ${nodes.all} nodes, ${wires.reached} of ${wires.all} wires`);
    const names = missedNodes.map(({ name }) => `"${name}"`);
    if (names.length > 0) lines.push(`    no message at: ${names.join(', ')}`);
    const missed = new Set(missedNodes.map(({ name }) => name));
    // A wire of a node that was not reached says nothing new.
    for (const { from, output, to } of missedWires.filter((wire) => !missed.has(wire.from)))
      lines.push(`    no message on the wire from output ${output} of "${from}" to "${to}"`);
  }
  lines.push(`  ${percent} % of all nodes and wires`);
  return `${lines.join('\n')}\n`;
}
