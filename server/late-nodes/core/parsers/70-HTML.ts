import { lateCoreNode } from '../../late-core-node.ts';

export default lateCoreNode('parsers/70-HTML.js', { html: undefined });
