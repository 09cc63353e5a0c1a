import { setUpUnits } from './fields.ts';
import { listingFields } from './listing-fields.ts';
import { registerNode } from './seqera-node.ts';
import { positive } from './validate.ts';

/** The outputs of a node, first to last. */
const outputsOf = (node: RedEditorNode): string[] => [
  ...(node.outputAllPolls ? ['all'] : []),
  'new',
  'deleted',
  ...(node.detectChanges ? ['changed'] : []),
];

registerNode('seqera-datalink-poll', {
  icon: 'seqera-datalink-poll.svg',
  inputs: 0,
  outputs: 2,
  fields: [
    // It starts by itself, so there is no message.
    ...listingFields('msg'),
    { property: 'pollFrequency', value: 15, icon: 'clock-o', required: true, check: positive },
    { property: 'outputAllPolls', value: false, icon: 'sign-out' },
    { property: 'detectChanges', value: false, icon: 'exchange' },
  ],
  defaults: { pollUnits: { value: 'minutes' }, outputs: { value: 2 } },
  outputKey: (node, index) => outputsOf(node)[index] ?? index,
  opened(node) {
    setUpUnits(node, 'minutes');
    showOutputs(node);
    $('#node-input-outputAllPolls, #node-input-detectChanges').on('change', () => showOutputs(node));
  },
});

/** The editor keeps the wires of the outputs that stay: it is told in `node-input-outputs` where each of them goes. */
function showOutputs(node: RedEditorNode): void {
  const checked = (property: string) => $(`#node-input-${property}`).is(':checked');
  const before = outputsOf(node);
  const after = outputsOf({
    ...node,
    outputAllPolls: checked('outputAllPolls'),
    detectChanges: checked('detectChanges'),
  });
  const same = before.length === after.length && before.every((name, index) => name === after[index]);
  const places = Object.fromEntries(before.map((name, index) => [index, after.indexOf(name)]));
  for (const [index, name] of after.entries()) if (!before.includes(name)) places[`new${index}`] = index;
  $('#node-input-outputs').val(same ? String(after.length) : JSON.stringify(places));
}
