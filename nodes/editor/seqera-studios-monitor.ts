import { MESSAGE_FIRST, NUMBER, setUpUnits } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { positive } from './validate.ts';

registerNode('seqera-studios-monitor', {
  icon: 'seqera-studios-monitor.svg',
  inputs: 1,
  outputs: 3,
  fields: [
    {
      property: 'studioId',
      value: 'studioId',
      icon: 'hashtag',
      types: MESSAGE_FIRST,
      suggest: 'studios',
      required: true,
    },
    { property: 'keepPolling', value: true, icon: 'refresh' },
    { property: 'poll', value: 5, icon: 'clock-o', types: NUMBER, required: true, check: positive },
  ],
  defaults: { pollUnits: { value: 'seconds' } },
  opened(node, rows) {
    setUpUnits(node, 'seconds');
    const follow = rows.get('keepPolling')?.input;
    const show = () => rows.get('poll')?.show(follow?.is(':checked') === true);
    follow?.on('change', show);
    show();
  },
});
