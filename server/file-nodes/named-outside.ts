import type { FlowNode } from '../flows/flow-node.ts';
import { nameSource } from './file-node.ts';
import { partsWithin } from './parts-within.ts';

const TYPES = new Set(['file', 'file in']);

/**
 * The name in a file node that leads out of the folder for files. Null when it stays within, and when only a message or a
 * variable tells which file it is: then the node refuses it when it runs.
 */
export function namedOutside(node: FlowNode, folder: string): string | null {
  if (!TYPES.has(node.type)) return null;
  const { value, type } = nameSource(node as { filename?: string; filenameType?: string });
  if (type !== 'str' || typeof value !== 'string' || /^\$[{(]/.test(value)) return null;
  return partsWithin(folder, value) === null ? value : null;
}
