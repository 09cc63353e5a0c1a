import { missingNames, nameReferences } from '../../promotion/name-references.ts';
import type { RuleCheck } from '../rule-context.ts';

/** Each environment of `redstart.yaml` must have each name that flows use, or a roll-out to it would not start. */
export const checkNames: RuleCheck = ({ graph, names, report }) => {
  const references = nameReferences(graph.nodes.map(({ node }) => node));
  for (const { reference, message, mend } of missingNames(names, references)) {
    const placed = graph.find(reference.node.id);
    if (placed) report('name-missing', placed, message, { path: reference.path, mend });
  }
};
