import { defineNode } from '../lib/define-node.ts';
import { ObjectPoll } from '../lib/object-poll.ts';

export default defineNode('seqera-datalink-poll', (host) => {
  new ObjectPoll(host).start();
});
