import { mkdir } from 'node:fs/promises';
import { RedstartError } from '../../errors.ts';
import { SHARED_FILE } from '../assign-nodes.ts';
import { type FlowFile, newFlowFile, nodesOf } from '../flow-file.ts';
import { type FlowNode, isContainer } from '../flow-node.ts';
import { type PlannedChange, planChanges, writePlanned } from '../flow-store.ts';
import { readFlowFiles } from '../read-flows.ts';

/**
 * Makes the files of a folder hold exactly these nodes, as a deploy would: what is there keeps its place and its names.
 * Returns what changed.
 * @param options.replace also removes files whose flows are not among the nodes; without it that is refused
 */
export async function splitExport(
  nodes: readonly FlowNode[],
  dir: string,
  options: { replace?: boolean } = {},
): Promise<PlannedChange[]> {
  await mkdir(dir, { recursive: true });
  const files = await readFlowFiles(dir);
  const kept = new Set(nodes.map(({ id }) => id));
  const lost = files.filter((file) => nodesOf(file).some((node) => isContainer(node) && !kept.has(node.id)));
  if (lost.length > 0 && !options.replace) {
    throw new RedstartError({
      code: 'FLOWS_WOULD_BE_REMOVED',
      message: `${dir} has flows that the export has not, in ${lost.map(({ name }) => name).join(', ')}.`,
      mend: 'Give --replace to remove them, or another folder.',
    });
  }
  const changes = await planChanges(dir, files.map(asReadable), nodes);
  await writePlanned(dir, changes);
  return changes;
}

/** The flows of a folder as one Node-RED export: tabs, subflows, configuration nodes, then what lies in each. */
export async function joinFolder(dir: string): Promise<FlowNode[]> {
  const nodes = (await readFlowFiles(dir)).flatMap(nodesOf);
  const containers = new Set(nodes.filter(isContainer).map(({ id }) => id));
  const rank = (node: FlowNode): number =>
    node.type === 'tab' ? 0 : node.type === 'subflow' ? 1 : containers.has(node.z ?? '') ? 3 : 2;
  return nodes
    .map((node, index) => ({ node, index, rank: rank(node) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ node }) => node);
}

/**
 * Brings every file of a folder into the readable layout, exports too. Returns the names of the files that are not
 * as they should be; with `check` they stay so.
 */
export async function formatFolder(dir: string, options: { check: boolean }): Promise<string[]> {
  const files = await readFlowFiles(dir);
  const nodes = files.flatMap(nodesOf);
  const changes = await planChanges(dir, files.map(asReadable), nodes, { always: true });
  if (!options.check) await writePlanned(dir, changes);
  return changes.map(({ name }) => name).sort();
}

/**
 * An export as the readable file that takes its place: of its one tab, or of none, and then it goes. One that says more
 * than its flows stays as it is.
 */
function asReadable(file: FlowFile): FlowFile {
  if (file.form.kind === 'readable' || file.keepWhenEmpty) return file;
  const containers = file.elements.filter(({ node }) => isContainer(node));
  const own = file.name === SHARED_FILE ? [] : containers.slice(0, containers.length === 1 ? 1 : 0);
  return { ...newFlowFile(file.path, file.name), elements: own, parts: file.parts };
}
