import { defineNode } from '../lib/define-node.ts';
import { Monitor } from '../lib/run-monitor.ts';
import { followedStudios } from '../lib/studio-watcher.ts';

export default defineNode('seqera-studios-monitor', (host) => {
  new Monitor(host, followedStudios).start();
});
