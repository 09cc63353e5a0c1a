import { relative, resolve } from 'node:path';
import { redact } from '../config/redact.ts';
import type { FlowFile } from '../flows/flow-file.ts';
import { CheckMemory, type Found, type Part } from './check-memory.ts';
import type { Finding } from './finding.ts';
import { FlowGraph, type NodeGraph, PartGraph } from './flow-graph.ts';
import { type FlowSource, folderOnDisk, type PlacedNode, type ReadFile, readFlowSource } from './flow-source.ts';
import { readNamesFile } from './names-source.ts';
import { RULES, type RuleId } from './rule-catalogue.ts';
import type { RuleCheck, World } from './rule-context.ts';
import { checkConfigNodes } from './rules/config-nodes.ts';
import { checkEndpoints } from './rules/endpoints.ts';
import { checkFunctionCode } from './rules/function-code.ts';
import { checkLoops, targetIds } from './rules/loops.ts';
import { checkNames } from './rules/names.ts';
import { checkNodeTypes } from './rules/node-types.ts';
import { checkSecrets } from './rules/secrets.ts';
import { checkStructure } from './rules/structure.ts';
import { checkValues } from './rules/values.ts';
import { checkVariables } from './rules/variables.ts';
import { checkWires } from './rules/wires.ts';
import { type CheckSettings, readCheckSettings } from './settings-file.ts';

/** Look at one node after the other, and at what it names. */
const CHECKS_OF_NODES: readonly RuleCheck[] = [
  checkNodeTypes,
  checkWires,
  checkConfigNodes,
  checkFunctionCode,
  checkValues,
  checkSecrets,
  checkVariables,
];
/** Look at all of them together. */
const CHECKS_OF_ALL: readonly RuleCheck[] = [checkStructure, checkEndpoints, checkNames];

export interface CheckOptions {
  /** A folder of flow files, or one file. */
  path: string;
  world: World;
  /** Default: the nearest `.redstartrc`. */
  settings?: CheckSettings;
  /** What files are shown relative to; default: the working directory. */
  base?: string;
  /** Its flow files, just read from there. */
  read?: readonly FlowFile[];
  /** What is remembered from one check to the next. It knows files that are the same as those of `read` before. */
  memory?: CheckMemory;
}

export interface CheckResult {
  /** By file, line, column and rule. */
  findings: Finding[];
  files: number;
  nodes: number;
}

/** Checks flow files without starting anything. Throws a RedstartError only for a wrong `.redstartrc`. */
export function checkFlows(options: CheckOptions): CheckResult {
  const steps = checkInSteps(options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** The same beside what else the process does: it lets the others have their turn between two rules. */
export async function checkFlowsAside(options: CheckOptions): Promise<CheckResult> {
  const steps = checkInSteps(options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function* checkInSteps({
  path,
  world,
  settings,
  base = process.cwd(),
  read,
  memory = new CheckMemory(),
}: CheckOptions): Generator<void, CheckResult, void> {
  const agreed = settings ?? readCheckSettings(path);
  const folder = folderOnDisk(path);
  const source = readFlowSource(folder, path, read);
  const { file: names, faults } = source.files.length > 0 ? readNamesFile(folder) : { file: null, faults: [] };
  source.faults.push(...faults);
  yield;
  memory.enter(world);
  const found = yield* findAll(source, path, { world, names }, base, memory);
  const findings = found.flatMap((finding) => {
    const file = finding.file === null ? null : resolve(base, finding.file);
    const severity = agreed.levelOf({ ...finding, file });
    return severity === 'off' ? [] : [{ ...finding, severity }];
  });
  return { findings: findings.sort(inOrder), files: source.files.length, nodes: source.nodes.length };
}

function* findAll(
  source: FlowSource,
  path: string,
  around: Pick<Context, 'world' | 'names'>,
  base: string,
  memory: CheckMemory,
): Generator<void, Finding[], void> {
  const findings: Finding[] = [];
  const shown = (file: string): string => {
    const name = relative(base, file);
    return name === '' || name.startsWith('..') ? file : name;
  };
  for (const { rule, file, spot, message } of source.faults) {
    const { severity, mend } = RULES[rule];
    const at = { line: spot?.line ?? null, column: spot?.column ?? null };
    findings.push({ rule, severity, file: shown(file), ...at, node: null, flow: null, message, mend });
  }
  if (source.files.length === 0 && source.faults.length === 0)
    findings.push({
      ...ofRule('folder-empty'),
      file: shown(path),
      line: null,
      column: null,
      node: null,
      flow: null,
      message: 'It holds no flow file (*.json): nothing will run.',
    });

  for (const { rule, at, message, options, flow } of yield* findInNodes(source, around, memory, shown)) {
    const place = at.place(options.path, options.within);
    const { id, type } = at.node;
    findings.push({
      ...ofRule(rule),
      ...(options.severity && { severity: options.severity }),
      file: shown(place.file),
      line: place.line,
      column: place.column,
      node: { id, type, name: textOf(at.node.label ?? at.node.name) },
      flow: flow ? textOf(flow.node.label ?? flow.node.name) || flow.node.id : null,
      // A name or a value may be anything, a registered secret too.
      message: redact(message),
      ...(options.mend !== undefined && { mend: options.mend }),
    });
  }
  return findings;
}

/** What is found is worked out for each file by itself where that can be, so that it holds for as long as the file does. */
function* findInNodes(
  { read, nodes }: FlowSource,
  around: Pick<Context, 'world' | 'names'>,
  memory: CheckMemory,
  shown: (file: string) => string,
): Generator<void, Found[], void> {
  const graph = new FlowGraph(nodes);
  // Which of two nodes of one id is found depends on all files.
  if (graph.hasDuplicates) memory.clear();
  const found: Found[] = [];
  const take = (part: Part): void => void found.push(...part.found);
  const run = (part: NodeGraph, checks: readonly RuleCheck[]): Found[] => {
    const own: Found[] = [];
    const report: Context['report'] = (rule, at, message, options = {}) =>
      void own.push({ rule, at, message, options, flow: part.flowOf(at.node) });
    for (const check of checks) check({ graph: part, ...around, report });
    return own;
  };
  const partOf = (files: readonly ReadFile[], checks: readonly RuleCheck[]): Part => {
    const paths = new Set(files.map(({ file }) => file.path));
    const part = new PartGraph(
      graph,
      paths,
      files.flatMap((each) => each.nodes),
    );
    return { found: run(part, checks), outside: part.outside };
  };

  const linked = linkedFiles(read, graph);
  for (const each of read) {
    const { file } = each;
    for (const [kind, checks] of [
      ['nodes', CHECKS_OF_NODES],
      ['circles', [checkLoops]],
    ] as const) {
      if (kind === 'circles' && linked.has(each)) continue;
      let part = memory.part(file, kind, graph);
      if (part === null) {
        part = partOf([each], checks);
        memory.keep(file, kind, part);
        yield;
      }
      take(part);
    }
  }
  if (linked.size > 0) {
    const files = [...linked].map(({ file }) => file);
    let part = memory.linked(files, graph);
    if (part === null) {
      part = partOf([...linked], [checkLoops]);
      memory.keepLinked(files, part);
    }
    take(part);
    yield;
  }
  for (const check of [...CHECKS_OF_ALL, checkDuplicates(shown)]) {
    found.push(...run(graph, [check]));
    yield;
  }
  return found;
}

/** Files that hand messages to others, and those that get them, in their order. */
function linkedFiles(files: readonly ReadFile[], graph: FlowGraph): Set<ReadFile> {
  const paths = new Set<string>();
  for (const { file, nodes } of files) {
    for (const id of idsElsewhere(file, nodes)) {
      const target = graph.find(id);
      if (target && target.file !== file.path) paths.add(file.path).add(target.file);
    }
  }
  return new Set(files.filter(({ file }) => paths.has(file.path)));
}

const elsewhere = new WeakMap<FlowFile, readonly string[]>();

/** Ids that nodes of the file hand messages to, and that it has no node of. */
function idsElsewhere(file: FlowFile, nodes: readonly PlacedNode[]): readonly string[] {
  let ids = elsewhere.get(file);
  if (!ids) {
    const own = new Set(nodes.map(({ node }) => node.id));
    ids = [...new Set(nodes.flatMap(({ node }) => targetIds(node)))].filter((id) => !own.has(id));
    elsewhere.set(file, ids);
  }
  return ids;
}

type Context = Parameters<RuleCheck>[0];

function ofRule(rule: RuleId): Pick<Finding, 'rule' | 'severity' | 'mend'> {
  const { severity, mend } = RULES[rule];
  return { rule, severity, mend };
}

function checkDuplicates(shown: (file: string) => string): RuleCheck {
  return ({ graph, report }) => {
    for (const placed of graph.nodes) {
      const { id } = placed.node;
      const first = graph.find(id);
      if (!first || first === placed) continue;
      const { file, line } = first.place(['id']);
      report('duplicate-id', placed, `The id "${id}" is also that of a node in ${shown(file)}, line ${line}.`, {
        path: ['id'],
      });
    }
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function inOrder(a: Finding, b: Finding): number {
  return (
    compare(a.file ?? '', b.file ?? '') ||
    (a.line ?? 0) - (b.line ?? 0) ||
    (a.column ?? 0) - (b.column ?? 0) ||
    compare(a.rule, b.rule) ||
    compare(a.message, b.message)
  );
}

/** By code unit: the order must not depend on the machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
