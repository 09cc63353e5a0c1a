import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { nearest } from '../check/rules/node-types.ts';
import { RedstartError } from '../errors.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { titleOf } from '../flows/flow-node.ts';
import type { FileProblem } from './file-problem.ts';
import { type FlowSet, flowFolder, readFlowSet, runningNodes, selectFlows } from './flow-set.ts';
import { milliseconds } from './milliseconds.ts';
import { type FlowTests, readFlowTests } from './read-flow-tests.ts';
import type { Placed, Rehearsal } from './rehearsal.ts';
import type { Expectation, FlowTestFile, RehearsalText, Step } from './rehearsal-schema.ts';
import type { Path, Place } from './yaml-places.ts';

export interface Loaded {
  rehearsals: Rehearsal[];
  problems: FileProblem[];
  sets: FlowSet[];
}

/** A Monday morning; the same each time, so that what depends on the date does not fail on another day. */
const DEFAULT_START = '2026-01-05T09:00:00Z';
/** Hundred times what a rehearsal takes: it must not fail because the machine does something else as well. */
const DEFAULT_TIMEOUT_MS = 20_000;

/** Reads test files and the flows beside them, and finds in the flows what the tests name. All problems at once. */
export async function loadRehearsals(files: readonly string[]): Promise<Loaded> {
  const sets = new Map<string, FlowSet>();
  const loaded: Loaded = { rehearsals: [], problems: [], sets: [] };
  for (const file of files) {
    const tests = readFlowTests(file, await read(file));
    if (Array.isArray(tests)) {
      loaded.problems.push(...tests);
      continue;
    }
    const dir = flowFolder(file);
    const set = sets.get(dir) ?? (await readFlowSet(dir));
    sets.set(dir, set);
    const names = new Set<string>();
    for (const [index, text] of tests.content.rehearsals.entries()) {
      const path: Path = ['rehearsals', index];
      const problem = (inside: Path, message: string): void =>
        void loaded.problems.push({ file, place: tests.placeOf([...path, ...inside]), message });
      if (names.has(text.name)) problem(['name'], `another rehearsal of this file is called "${text.name}" too`);
      names.add(text.name);
      const rehearsal = rehearsalOf(tests, text, path, set, problem);
      if (rehearsal) loaded.rehearsals.push(rehearsal);
    }
  }
  loaded.sets = [...sets.values()];
  return loaded;
}

type Report = (inside: Path, message: string) => void;

function rehearsalOf(
  tests: FlowTests,
  text: RehearsalText,
  path: Path,
  set: FlowSet,
  problem: Report,
): Rehearsal | null {
  const { file, content } = tests;
  if (set.files.length === 0) {
    problem([], `there is no flow file beside ${basename(file)}`);
    return null;
  }
  const selection = selectFlows(set, text.flows ?? content.flows, file);
  if ('unknown' in selection) {
    const near = nearest(selection.unknown, selection.known);
    problem(
      text.flows ? ['flows'] : [],
      `there is no flow "${selection.unknown}"${near ? `: did you mean "${near}"?` : `. There is ${selection.known.join(', ')}`}`,
    );
    return null;
  }
  const running = runningNodes(selection.nodes);
  const find = (inside: Path, name: string, only: (node: FlowNode) => boolean): string[] => {
    const result = findNode(running, name, only);
    if (typeof result !== 'string') return [result.id];
    problem(inside, result);
    return [];
  };
  const isInject = ({ type }: FlowNode): boolean => type === 'inject';
  const placed = <T>(what: T, inside: Path, nodeIds: string[]): Placed<T> => ({
    what,
    nodeIds,
    places: placesOf(what, (deeper) => tests.placeOf([...path, ...inside, ...deeper])),
  });
  const expectations = (list: 'expect' | 'never'): Placed<Expectation>[] =>
    (text[list] ?? []).map((each, index) => {
      const kind = (['message', 'status', 'error'] as const).find((one) => each[one] !== undefined);
      const inside = [list, index];
      return placed(each, inside, kind ? find([...inside, kind], each[kind] ?? '', (node) => !isInject(node)) : []);
    });
  return {
    file,
    name: text.name,
    place: tests.placeOf(path),
    nodes: selection.nodes,
    platform: { ...content.platform, ...text.platform },
    at: new Date(text.at ?? content.at ?? DEFAULT_START).getTime(),
    env: { ...content.env, ...text.env },
    credentials: credentialsOf(text, content.credentials, (inside, name) => find(inside, name, () => true)),
    http: [...(text.http ?? []), ...(content.http ?? [])],
    steps: text.steps.map((each: Step, index) => {
      const inside = ['steps', index];
      const ids =
        each.inject !== undefined
          ? find([...inside, 'inject'], each.inject, isInject)
          : each.send !== undefined
            ? find([...inside, 'send'], each.send, (node) => !isInject(node))
            : [];
      return placed(each, inside, ids);
    }),
    expect: expectations('expect'),
    never: expectations('never'),
    inOrder: text.inOrder ?? false,
    timeoutMs: milliseconds(text.timeout ?? DEFAULT_TIMEOUT_MS) ?? DEFAULT_TIMEOUT_MS,
  };
}

function credentialsOf(
  text: RehearsalText,
  ofFile: FlowTestFile['credentials'],
  find: (inside: Path, name: string) => string[],
): Rehearsal['credentials'] {
  const own = Object.entries(text.credentials ?? {}).map(([name, fields]) => ({
    ids: find(['credentials', name], name),
    fields,
  }));
  const shared = Object.entries(ofFile ?? {}).map(([name, fields]) => ({ ids: find([], name), fields }));
  return Object.fromEntries([...shared, ...own].flatMap(({ ids, fields }) => ids.map((id) => [id, fields])));
}

/** The one node of that name or id, or what is wrong with the name. */
function findNode(nodes: readonly FlowNode[], name: string, only: (node: FlowNode) => boolean): FlowNode | string {
  const byId = nodes.find(({ id }) => id === name);
  if (byId) return byId;
  const fitting = nodes.filter(only);
  const found = fitting.filter((node) => titleOf(node) === name);
  const [one] = found;
  if (one && found.length === 1) return one;
  if (one)
    return `${found.length} nodes are called "${name}": write the id of one (${found.map(({ id, type }) => `${id}: ${type}`).join(', ')})`;
  const names = [...new Set(fitting.map(titleOf))];
  const near = nearest(name, names);
  return `the flows have no node "${name}"${near ? `: did you mean "${near}"?` : `. There is ${names.slice(0, 20).join(', ')}`}`;
}

/** Where a value and each of its parts stand, by their path. */
function placesOf(value: unknown, placeOf: (path: Path) => Place): Record<string, Place> {
  const places: Record<string, Place> = {};
  const walk = (part: unknown, path: (string | number)[]): void => {
    places[path.join('.')] = placeOf(path);
    if (typeof part !== 'object' || part === null || part instanceof Date) return;
    for (const [key, each] of Object.entries(part)) walk(each, [...path, Array.isArray(part) ? Number(key) : key]);
  };
  walk(value, []);
  return places;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new RedstartError({
      code: 'FLOW_TESTS_UNREADABLE',
      message: `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`,
      mend: 'Name a test file (*.flowtest.yaml), or a folder that holds some.',
      cause: error,
    });
  }
}
