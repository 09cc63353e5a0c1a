import { MESSAGE_FIRST } from './fields.ts';
import { registerNode } from './seqera-node.ts';

registerNode('seqera-workflow-cancel', {
  icon: 'seqera-workflow-cancel.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    {
      property: 'workflowId',
      value: 'workflowId',
      icon: 'hashtag',
      types: MESSAGE_FIRST,
      suggest: 'runs',
      required: true,
    },
    { property: 'force', value: false, icon: 'bolt' },
  ],
});
