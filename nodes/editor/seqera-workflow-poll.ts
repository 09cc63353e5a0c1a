import { NUMBER, setUpUnits, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { count, positive } from './validate.ts';

registerNode('seqera-workflow-poll', {
  icon: 'seqera-workflow-poll.svg',
  inputs: 0,
  outputs: 2,
  fields: [
    { property: 'search', value: '', icon: 'search', types: TEXT.filter((type) => type !== 'msg') },
    {
      property: 'maxResults',
      value: 50,
      icon: 'list-ol',
      types: NUMBER.filter((type) => type !== 'msg'),
      check: count,
    },
    { property: 'pollFrequency', value: 1, icon: 'clock-o', required: true, check: positive },
  ],
  defaults: { pollUnits: { value: 'minutes' } },
  opened(node) {
    setUpUnits(node, 'minutes');
  },
});
