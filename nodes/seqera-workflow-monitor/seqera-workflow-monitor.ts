import { defineNode } from '../lib/define-node.ts';
import { RunMonitor } from '../lib/run-monitor.ts';

export default defineNode('seqera-workflow-monitor', (host) => {
  new RunMonitor(host).start();
});
