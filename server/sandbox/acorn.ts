import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** When first used, as Node-RED's function node has loaded them by then: an import would be a second copy, at each start. */
export const acorn = () => require('acorn') as typeof import('acorn');
export const walk = () => require('acorn-walk') as typeof import('acorn-walk');
