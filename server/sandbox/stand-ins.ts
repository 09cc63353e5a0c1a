import type { NodePolicy } from '../../settings/node-policy.ts';
import type { NodeInstance, NodeRed } from '../runtime/node-red.ts';

interface StandIn extends NodeInstance {
  status(status: object): void;
  on(event: 'input', handler: (msg: object, send: unknown, done: (error: Error) => void) => void): void;
}

/**
 * Node types that are off exist all the same, and do nothing but say so. Of a type that is not there Node-RED starts no
 * flow at all: one deploy with such a node would stop everything.
 */
export function registerStandIns(red: Pick<NodeRed, 'nodes'>, policy: NodePolicy): void {
  for (const type of policy.typesOff) {
    const words = `the node type "${type}" is off by default; to allow it, start with REDSTART_NODES_ALLOW=${policy.groupOff(type)}`;
    red.nodes.registerType(`redstart/${type.replace(/ /g, '-')}`, type, function (this: StandIn, config: object) {
      red.nodes.createNode(this, config);
      this.status({ fill: 'red', shape: 'ring', text: 'off' });
      this.on('input', (_msg, _send, done) => done(new Error(words)));
    });
  }
}
