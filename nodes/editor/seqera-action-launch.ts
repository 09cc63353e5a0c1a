import { JSON_TEXT, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { jsonObject } from './validate.ts';

registerNode('seqera-action-launch', {
  icon: 'seqera-action-launch.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    { property: 'actionName', value: '', icon: 'bolt', types: TEXT, required: true, suggest: 'actions' },
    { property: 'paramsKey', value: '{}', icon: 'sliders', types: JSON_TEXT, check: jsonObject },
  ],
});
