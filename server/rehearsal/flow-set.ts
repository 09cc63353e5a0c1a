import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { nodesOf } from '../flows/flow-file.ts';
import { type FlowNode, titleOf } from '../flows/flow-node.ts';
import { readFlowFiles } from '../flows/read-flows.ts';

/** The flows of one folder, by file. */
export interface FlowSet {
  dir: string;
  /** In the order of their names. */
  files: { name: string; nodes: FlowNode[] }[];
}

export const TEST_ENDING = '.flowtest.yaml';

export async function readFlowSet(dir: string): Promise<FlowSet> {
  const files = await readFlowFiles(dir);
  return { dir, files: files.map((file) => ({ name: file.name, nodes: nodesOf(file) })) };
}

/** The test files that a path stands for: itself, or all in and below a folder, in the order of their names. */
export async function findTestFiles(path: string): Promise<string[]> {
  if (path.endsWith(TEST_ENDING)) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(TEST_ENDING))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/[/\\](?:node_modules|\.[^/\\]+)[/\\]/.test(resolve(file)))
    .sort();
}

/** The folder that the flows of a test file lie in: its own. */
export const flowFolder = (testFile: string): string => dirname(resolve(testFile));

/** Types that stand in a flow file and do not run. */
const NOT_RUNNING = new Set(['tab', 'subflow', 'group', 'comment']);

export type Selection = { tabs: Set<string>; nodes: FlowNode[] } | { unknown: string; known: string[] };

/**
 * The flows that a rehearsal runs: those named by label or file, else those of the file that has the test's name, else all.
 * Subflows and configuration nodes of the folder are always there.
 */
export function selectFlows(set: FlowSet, wanted: 'all' | readonly string[] | undefined, testFile: string): Selection {
  const all = set.files.flatMap(({ nodes }) => nodes);
  const tabs = all.filter(({ type }) => type === 'tab');
  const stem = (name: string): string => name.replace(/\.json$/, '');
  const own = set.files.find(({ name }) => stem(name) === basename(testFile).slice(0, -TEST_ENDING.length));
  let chosen = tabs.map(({ id }) => id);
  if (wanted === undefined && own) {
    const inOwn = own.nodes.filter(({ type }) => type === 'tab').map(({ id }) => id);
    if (inOwn.length > 0) chosen = inOwn;
  } else if (Array.isArray(wanted)) {
    chosen = [];
    for (const name of wanted as readonly string[]) {
      const file = set.files.find((each) => each.name === name || stem(each.name) === name);
      const found = tabs.filter((tab) => tab.id === name || titleOf(tab) === name || file?.nodes.includes(tab));
      if (found.length === 0)
        return { unknown: name, known: [...tabs.map(titleOf), ...set.files.map((each) => each.name)] };
      chosen.push(...found.map(({ id }) => id));
    }
  }
  const running = new Set(chosen);
  const subflows = new Set(all.filter(({ type }) => type === 'subflow').map(({ id }) => id));
  const nodes = all.filter((node) => {
    const container = node.type === 'tab' ? node.id : node.z;
    return container === undefined || container === '' || running.has(container) || subflows.has(container);
  });
  return { tabs: running, nodes };
}

/** What can be reached by a message, of the flows chosen. */
export function runningNodes(nodes: readonly FlowNode[]): FlowNode[] {
  const off = new Set(nodes.filter(({ type, disabled }) => type === 'tab' && disabled === true).map(({ id }) => id));
  return nodes.filter(
    (node) => node.z && !off.has(node.z) && node.d !== true && !NOT_RUNNING.has(node.type) && Array.isArray(node.wires),
  );
}
