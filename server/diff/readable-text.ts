import { type FlowFolder, folderOnDisk, readFlowSource } from '../check/flow-source.ts';
import { type FlowNode, isContainer, isObject, titleOf } from '../flows/flow-node.ts';

/** Where a node is drawn: what `git diff` is not to show. */
const POSITION = new Set(['x', 'y', 'w', 'h']);

/**
 * A flow file as lines that a line-by-line diff reads well: a node after the other, a property a line, texts by their lines,
 * without positions. What is no flow file is given as it is.
 */
export function readableText(path: string, raw: string): string {
  // Git gives the file alone, in a folder of its own. What stands in files beside it has diffs of its own.
  const disk = folderOnDisk(path);
  const folder: FlowFolder = { ...disk, read: (name) => (name.includes('/') ? `(${name})\n` : disk.read(name)) };
  const { nodes, faults } = readFlowSource(folder, path);
  if (faults.length > 0) return raw;
  return nodes.map(({ node }) => block(node)).join('\n');
}

function block(node: FlowNode): string {
  const title = titleOf(node);
  const head = `${node.type}${title === node.type ? '' : ` "${title.replaceAll('\n', ' ')}"`} (${node.id})`;
  const indent = isContainer(node) ? '' : '  ';
  const lines = Object.keys(node)
    .filter((key) => key !== 'id' && key !== 'type' && !POSITION.has(key))
    .sort()
    .flatMap((key) => property(key, node[key]));
  return [indent + head, ...lines.map((line) => `${indent}    ${line}`)].join('\n').concat('\n');
}

function property(key: string, value: unknown): string[] {
  if (typeof value === 'string' && value.includes('\n'))
    return [`${key}:`, ...value.split('\n').map((line) => `  | ${line}`)];
  if (Array.isArray(value) && value.some((one) => isObject(one)))
    return [`${key}:`, ...value.map((one) => `  - ${JSON.stringify(one)}`)];
  return [`${key}: ${JSON.stringify(value)}`];
}
