import { fillIn, MESSAGE_FIRST } from './fields.ts';
import { registerNode } from './seqera-node.ts';

registerNode('seqera-studios-control', {
  icon: 'seqera-studios-control.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    {
      property: 'studioId',
      value: 'studioId',
      icon: 'hashtag',
      types: MESSAGE_FIRST,
      suggest: 'studios',
      required: true,
    },
    { property: 'operation', value: 'start', icon: 'power-off' },
  ],
  opened(node) {
    fillIn(node, 'operation', 'start', $('#node-input-operation'));
  },
});
