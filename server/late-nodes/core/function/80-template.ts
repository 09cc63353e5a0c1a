import { lateCoreNode } from '../../late-core-node.ts';

export default lateCoreNode('function/80-template.js', { template: undefined }, ['templates']);
