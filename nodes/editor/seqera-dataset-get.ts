import { NUMBER, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { count } from './validate.ts';

registerNode('seqera-dataset-get', {
  icon: 'seqera-dataset-get.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    { property: 'datasetName', value: '', icon: 'table', types: TEXT, suggest: 'datasets', required: true },
    { property: 'version', value: '', icon: 'history', types: NUMBER, check: count },
    { property: 'parse', value: false, icon: 'th' },
  ],
});
