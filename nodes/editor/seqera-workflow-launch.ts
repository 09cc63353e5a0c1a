import { JSON_TEXT, TEXT } from './fields.ts';
import { type Param, paramsList, paramsProblem } from './params-list.ts';
import { registerNode } from './seqera-node.ts';
import { jsonObject, labels, runName, workspaceId } from './validate.ts';

let readParams: () => Param[] = () => [];

registerNode('seqera-workflow-launch', {
  icon: 'seqera-workflow-launch.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    { property: 'launchpadName', value: '', icon: 'rocket', types: TEXT, suggest: 'launchpads' },
    { property: 'paramsKey', value: '{}', icon: 'sliders', types: JSON_TEXT, check: jsonObject },
    { property: 'runName', value: '', icon: 'pencil', types: TEXT, check: runName },
    { property: 'labels', value: '', icon: 'tags', types: TEXT, suggest: 'labels', list: true, check: labels },
    { property: 'resumeWorkflowId', value: '', icon: 'history', types: TEXT, suggest: 'runs' },
    {
      property: 'sourceWorkspaceId',
      value: '',
      icon: 'share-alt',
      types: TEXT,
      suggest: 'workspaces',
      check: workspaceId,
    },
    { property: 'idempotencyKey', value: '', icon: 'key', types: TEXT },
  ],
  defaults: {
    params: {
      value: [],
      validate: (params, _options) => paramsProblem(params) ?? true,
    },
  },
  opened(node) {
    readParams = paramsList($('#node-input-params-list'), node.params);
  },
  saved(node) {
    node.params = readParams();
  },
});
