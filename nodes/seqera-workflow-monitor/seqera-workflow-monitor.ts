import { defineNode } from '../lib/define-node.ts';
import { Monitor } from '../lib/run-monitor.ts';
import { followedRuns } from '../lib/run-watcher.ts';

export default defineNode('seqera-workflow-monitor', (host) => {
  new Monitor(host, followedRuns).start();
});
