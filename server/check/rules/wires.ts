import { subflowEnds, subflowOf, textsOf, wiresOf } from '../flow-graph.ts';
import type { PlacedNode } from '../flow-source.ts';
import type { JsonPath } from '../json-place.ts';
import { named, type RuleCheck, type RuleContext } from '../rule-context.ts';

export const checkWires: RuleCheck = (context) => {
  for (const placed of context.graph.nodes) {
    const { node } = placed;
    for (const [output, targets] of wiresOf(node).entries()) {
      for (const [index, id] of targets.entries())
        checkWire(context, placed, id, ['wires', output, index], `Output ${output + 1}`);
    }
    if (node.type === 'subflow') checkSubflowEnds(context, placed);
    if (node.type.startsWith('link ')) checkLinks(context, placed);
    if (node.type === 'catch' || node.type === 'status' || node.type === 'complete') checkScope(context, placed);
  }
};

function checkWire({ graph, world, report }: RuleContext, from: PlacedNode, id: string, path: JsonPath, what: string) {
  const target = graph.find(id);
  if (!target) {
    report('wire-dangling', from, `${what} is wired to "${id}", which does not exist.`, { path });
  } else if (target.node.z !== from.node.z) {
    const flow = graph.flowOf(target.node);
    report(
      'wire-across-flows',
      from,
      `${what} is wired to ${named(target)}, which lies in ${flow ? named(flow) : 'no flow'}.`,
      {
        path,
      },
    );
  } else if (!takesMessages(target, { graph, world })) {
    report('wire-to-no-input', from, `${what} is wired to ${named(target)}, which takes no messages.`, { path });
  }
}

function takesMessages({ node }: PlacedNode, { graph, world }: Pick<RuleContext, 'graph' | 'world'>): boolean {
  const subflow = subflowOf(node);
  if (subflow !== null) {
    const definition = graph.find(subflow)?.node;
    return !definition || (Array.isArray(definition.in) && definition.in.length > 0);
  }
  if (node.type === 'tab' || node.type === 'group' || node.type === 'subflow') return false;
  return world.types.get(node.type)?.inputs !== 0;
}

/** The wires of a subflow's own input and outputs stand in its definition. */
function checkSubflowEnds(context: RuleContext, subflow: PlacedNode): void {
  const { graph, report } = context;
  for (const side of ['in', 'out'] as const) {
    for (const { id, path } of subflowEnds(subflow.node, side)) {
      // An output may be wired straight to the input, which has the id of the subflow itself.
      if (id === subflow.node.id) continue;
      const target = graph.find(id);
      const what = side === 'in' ? 'The input' : 'An output';
      if (!target)
        report('wire-dangling', subflow, `${what} of the subflow is wired to "${id}", which does not exist.`, { path });
      else if (target.node.z !== subflow.node.id)
        report(
          'wire-across-flows',
          subflow,
          `${what} of the subflow is wired to ${named(target)}, which lies elsewhere.`,
          {
            path,
          },
        );
    }
  }
}

function checkLinks({ graph, report }: RuleContext, placed: PlacedNode): void {
  const { node } = placed;
  const links = textsOf(node.links);
  const wanted = node.type === 'link in' ? ['link out', 'link call'] : ['link in'];
  links.forEach((id, index) => {
    const target = graph.find(id);
    if (target && wanted.includes(target.node.type)) return;
    const is = target ? `${named(target)}, which is no ${wanted[0]} node` : `"${id}", which does not exist`;
    // A link in only mirrors what the others name: the message goes by theirs.
    report('link-dangling', placed, `It is linked to ${is}.`, {
      path: ['links', index],
      ...(node.type === 'link in' && { severity: 'warning' as const }),
    });
  });
  const sends =
    (node.type === 'link out' && node.mode !== 'return') || (node.type === 'link call' && node.linkType !== 'dynamic');
  if (sends && links.length === 0 && !graph.isOff(node)) report('link-unconnected', placed, 'It has no target.');
}

function checkScope({ graph, report }: RuleContext, placed: PlacedNode): void {
  textsOf(placed.node.scope).forEach((id, index) => {
    if (!graph.find(id))
      report('scope-dangling', placed, `It watches "${id}", which does not exist.`, { path: ['scope', index] });
  });
}
