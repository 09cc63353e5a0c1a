import { lateCoreNode } from '../../late-core-node.ts';

const credentials = { user: { type: 'text' }, password: { type: 'password' } };

export default lateCoreNode('network/10-mqtt.js', {
  'mqtt-broker': { credentials },
  'mqtt in': undefined,
  'mqtt out': undefined,
});
