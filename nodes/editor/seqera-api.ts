import { fillIn, JSON_TEXT, NUMBER, TEXT } from './fields.ts';
import { registerNode } from './seqera-node.ts';
import { apiPath, json, jsonObject, positive } from './validate.ts';

registerNode('seqera-api', {
  icon: 'seqera-api.svg',
  inputs: 1,
  outputs: 1,
  fields: [
    { property: 'method', value: 'GET', icon: 'exchange' },
    { property: 'path', value: '', icon: 'link', types: TEXT, required: true, check: apiPath },
    { property: 'query', value: '{}', icon: 'question', types: JSON_TEXT, check: jsonObject },
    { property: 'body', value: '', icon: 'file-code-o', types: JSON_TEXT, check: json },
    { property: 'paginate', value: false, icon: 'files-o' },
    { property: 'maxItems', value: 1000, icon: 'list-ol', types: NUMBER, check: positive },
    { property: 'returns', value: 'json', icon: 'reply' },
  ],
  opened(node, rows) {
    const method = $('#node-input-method');
    const returns = $('#node-input-returns');
    fillIn(node, 'method', 'GET', method);
    fillIn(node, 'returns', 'json', returns);
    const paginate = rows.get('paginate');
    const show = () => {
      const reads = method.val() === 'GET' || method.val() === 'HEAD';
      const lists = method.val() === 'GET' && returns.val() === 'json';
      rows.get('body')?.show(!reads);
      paginate?.show(lists);
      rows.get('maxItems')?.show(lists && paginate?.input.is(':checked') === true);
    };
    for (const input of [method, returns, paginate?.input]) input?.on('change', show);
    show();
  },
  saved(node) {
    // Hidden with another method, it would still count.
    if (node.method !== 'GET') node.paginate = false;
  },
});
