import { MESSAGE_FIRST, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { atMost } from './validate.ts';

registerNode('seqera-dataset-add', {
  icon: 'seqera-dataset-add.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    {
      property: 'datasetName',
      value: '',
      icon: 'table',
      types: TEXT,
      suggest: 'datasets',
      required: true,
      check: atMost(100),
    },
    { property: 'fileContents', value: 'payload', icon: 'file-text-o', types: MESSAGE_FIRST, required: true },
    { property: 'fileType', value: 'csv', icon: 'file-excel-o' },
    { property: 'hasHeader', value: false, icon: 'header' },
    { property: 'description', value: '', icon: 'align-left', types: TEXT },
    { property: 'onExists', value: 'fail', icon: 'clone' },
  ],
});
