import { lateCoreNode } from '../../late-core-node.ts';

export default lateCoreNode('network/22-websocket.js', {
  'websocket-listener': undefined,
  'websocket-client': undefined,
  'websocket in': undefined,
  'websocket out': undefined,
});
