import { fillIn } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { positive } from './validate.ts';

/** Fields that only some ways of signing have. */
const OF_GENERIC = ['header', 'prefix', 'algorithm', 'encoding', 'timestampHeader', 'signedText'] as const;

registerNode('redstart-webhook-in', {
  icon: 'redstart-webhook-in.svg',
  inputs: 0,
  outputs: 1,
  apart: {
    category: 'network',
    color: '#E7E7AE',
    credentials: { secret: { type: 'password' }, previousSecret: { type: 'password' } },
  },
  fields: [
    { property: 'path', value: '', icon: 'globe', required: true },
    { property: 'scheme', value: 'github', icon: 'shield' },
    { property: 'header', value: 'X-Signature', icon: 'bookmark' },
    { property: 'prefix', value: '', icon: 'angle-right' },
    { property: 'algorithm', value: 'sha256', icon: 'cog' },
    { property: 'encoding', value: 'hex', icon: 'font' },
    { property: 'timestampHeader', value: '', icon: 'clock-o' },
    { property: 'signedText', value: '{timestamp}.{body}', icon: 'pencil' },
    { property: 'tolerance', value: 300, icon: 'hourglass-half', check: positive },
    { property: 'replays', value: 'refuse', icon: 'repeat' },
    { property: 'replayHours', value: 24, icon: 'calendar', check: positive },
    { property: 'maxBody', value: 1024, icon: 'database', check: positive },
    { property: 'rateLimit', value: 600, icon: 'tachometer', check: positive },
  ],
  // Not properties of the node: the editor keeps them as credentials.
  extra: [
    { property: 'secret', value: '', icon: 'key' },
    { property: 'previousSecret', value: '', icon: 'history' },
  ],
  opened(node, rows) {
    for (const [property, value] of Object.entries({
      scheme: 'github',
      algorithm: 'sha256',
      encoding: 'hex',
      replays: 'refuse',
    })) {
      fillIn(node, property, value, $(`#node-input-${property}`));
    }
    const show = (property: string, visible: boolean) => rows.get(property)?.show(visible);
    const value = (property: string) => String($(`#node-input-${property}`).val() ?? '').trim();
    const showFields = () => {
      const generic = value('scheme') === 'generic';
      const stamped = value('scheme') === 'slack' || (generic && value('timestampHeader') !== '');
      for (const property of OF_GENERIC) show(property, generic);
      show('signedText', generic && stamped);
      show('tolerance', stamped);
      // A time stamp bounds replays by itself.
      show('replayHours', !stamped && value('replays') === 'refuse');
    };
    $('#node-input-scheme, #node-input-replays').on('change', showFields);
    $('#node-input-timestampHeader').on('input', showFields);
    showFields();
  },
});
