import { findAction } from '../lib/actions.ts';
import { defineCallingNode } from '../lib/define-node.ts';
import { triggerOnce } from '../lib/trigger-once.ts';
import { object, text } from '../lib/typed-input.ts';

export default defineCallingNode({
  type: 'seqera-action-launch',
  doing: 'triggering',
  inputs: { actionName: text({ required: true }), paramsKey: object() },
  async run({ client, host, inputs: { actionName, paramsKey } }) {
    const action = await findAction(client, actionName);
    const { settleMs } = host.settings;
    const { workflowId, answer } = await triggerOnce(client, action, paramsKey, {
      signal: host.signal,
      note: (text) => host.status('retrying', text),
      ...(settleMs === undefined ? {} : { settleMs }),
    });
    return { set: { payload: answer, workflowId }, status: `triggered ${action.name ?? actionName}` };
  },
});
