import { NUMBER, setUpUnits, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { notNegative, positive } from './validate.ts';

registerNode('seqera-workflow-monitor', {
  icon: 'seqera-workflow-monitor.svg',
  inputs: 1,
  outputs: 3,
  fields: [
    {
      property: 'workflowId',
      value: 'workflowId',
      icon: 'hashtag',
      types: ['msg', ...TEXT.filter((type) => type !== 'msg')],
      suggest: 'runs',
      required: true,
    },
    { property: 'keepPolling', value: true, icon: 'refresh' },
    { property: 'poll', value: 5, icon: 'clock-o', types: NUMBER, required: true, check: positive },
    { property: 'unknownGrace', value: 30, icon: 'hourglass-half', types: NUMBER, check: notNegative },
  ],
  defaults: {
    pollUnits: { value: 'seconds' },
  },
  opened(node, rows) {
    setUpUnits(node, 'seconds');
    const follow = rows.get('keepPolling')?.input;
    const show = () => rows.get('poll')?.show(follow?.is(':checked') === true);
    follow?.on('change', show);
    show();
  },
});
