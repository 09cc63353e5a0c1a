import { lateCoreNode } from '../../late-core-node.ts';

export default lateCoreNode('network/21-httprequest.js', {
  'http request': { credentials: { user: { type: 'text' }, password: { type: 'password' } } },
});
