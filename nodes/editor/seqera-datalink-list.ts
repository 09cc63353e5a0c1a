import { listingFields } from './listing-fields.ts';
import { registerNode } from './seqera-node.ts';

registerNode('seqera-datalink-list', {
  icon: 'seqera-datalink-list.svg',
  inputs: 1,
  outputs: 1,
  fields: listingFields(),
});
