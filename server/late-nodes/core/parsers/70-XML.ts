import { lateCoreNode } from '../../late-core-node.ts';

export default lateCoreNode('parsers/70-XML.js', { xml: undefined });
