import { CONNECTION_TYPE } from '../../flows/managed-nodes.ts';
import { named, type RuleCheck } from '../rule-context.ts';

export const checkConfigNodes: RuleCheck = ({ graph, world, report }) => {
  for (const placed of graph.nodes) {
    const { node } = placed;
    const refs = world.types.get(node.type)?.refs;
    if (!refs || graph.isOff(node)) continue;
    for (const [property, kind] of Object.entries(refs)) {
      const type = kind.replace(/!$/, '');
      const value = node[property];
      if (value === undefined || value === null || value === '' || value === '_ADD_') {
        if (kind.endsWith('!'))
          report('config-required', placed, `Its property "${property}" needs a ${type} node, and names none.`);
        continue;
      }
      // `${VARIABLE}` is filled in when the flow starts.
      if (typeof value !== 'string' || /^\$[{(]/.test(value)) continue;
      const target = graph.find(value);
      if (target) {
        if (target.node.type !== type)
          report(
            'config-wrong-type',
            placed,
            `Its property "${property}" names ${named(target)}, which is no ${type}.`,
            {
              path: [property],
            },
          );
      } else if (type === CONNECTION_TYPE) {
        if (!world.connections.has(value))
          report('connection-unknown', placed, `There is no connection "${value}": the default connection is used.`, {
            path: [property],
            ...(value.startsWith('seqera-') && {
              mend: `Set REDSTART_CONNECTION_${value.slice('seqera-'.length).toUpperCase().replaceAll('-', '_')}_TOKEN where it runs, or choose a connection in its dialog.`,
            }),
          });
      } else {
        report(
          'config-missing',
          placed,
          `Its property "${property}" names the ${type} "${value}", which does not exist.`,
          {
            path: [property],
          },
        );
      }
    }
  }
};
