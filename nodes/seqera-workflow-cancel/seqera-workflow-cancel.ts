import { defineCallingNode } from '../lib/define-node.ts';
import { SeqeraError } from '../lib/errors.ts';
import { endOf } from '../lib/run-watcher.ts';
import type { Run } from '../lib/schemas.ts';
import { flag, text } from '../lib/typed-input.ts';
import { segment } from '../lib/urls.ts';

export default defineCallingNode({
  type: 'seqera-workflow-cancel',
  doing: 'cancelling',
  inputs: {
    workflowId: text({ initial: 'workflowId', type: 'msg', required: true }),
    force: flag({ initial: false }),
  },
  async run({ client, inputs: { workflowId, force } }) {
    const finished = (run: Run) => ({
      set: { payload: run, workflowId, alreadyFinished: true },
      status: `${run.workflow.runName ?? workflowId} had finished`,
    });
    // Read first: whatever the Platform answers about a finished run, it is recognised.
    const run = await client.run(workflowId);
    if (endOf(run) !== undefined) return finished(run);
    try {
      await client.request({
        method: 'POST',
        path: `/workflow/${segment(workflowId)}/cancel`,
        query: force ? { force } : {},
        body: {},
        what: `Cancelling the run ${workflowId}`,
        needs: 'role Launch',
        // Cancelled twice is cancelled.
        idempotent: true,
      });
    } catch (error) {
      if (!(error instanceof SeqeraError) || (error.status !== 400 && error.status !== 409)) throw error;
      // It may have ended since it was read, or the first of two tries took effect.
      const now = await client.run(workflowId);
      if (endOf(now) === undefined) throw error;
      return finished(now);
    }
    return { set: { payload: run, workflowId }, status: `cancelled ${run.workflow.runName ?? workflowId}` };
  },
});
