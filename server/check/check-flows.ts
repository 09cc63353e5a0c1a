import { relative, resolve } from 'node:path';
import { redact } from '../config/redact.ts';
import type { FlowFile } from '../flows/flow-file.ts';
import type { Finding } from './finding.ts';
import { FlowGraph } from './flow-graph.ts';
import { type FlowSource, folderOnDisk, type PlacedNode, readFlowSource } from './flow-source.ts';
import { readNamesFile } from './names-source.ts';
import { RULES, type RuleId } from './rule-catalogue.ts';
import type { RuleCheck, World } from './rule-context.ts';
import { checkConfigNodes } from './rules/config-nodes.ts';
import { checkEndpoints } from './rules/endpoints.ts';
import { checkFunctionCode } from './rules/function-code.ts';
import { checkLoops } from './rules/loops.ts';
import { checkNames } from './rules/names.ts';
import { checkNodeTypes } from './rules/node-types.ts';
import { checkSecrets } from './rules/secrets.ts';
import { checkStructure } from './rules/structure.ts';
import { checkValues } from './rules/values.ts';
import { checkVariables } from './rules/variables.ts';
import { checkWires } from './rules/wires.ts';
import { type CheckSettings, readCheckSettings } from './settings-file.ts';

const CHECKS: readonly RuleCheck[] = [
  checkNodeTypes,
  checkStructure,
  checkWires,
  checkLoops,
  checkConfigNodes,
  checkFunctionCode,
  checkValues,
  checkEndpoints,
  checkSecrets,
  checkVariables,
  checkNames,
];

export interface CheckOptions {
  /** A folder of flow files, or one file. */
  path: string;
  world: World;
  /** Default: the nearest `.redstartrc`. */
  settings?: CheckSettings;
  /** What files are shown relative to; default: the working directory. */
  base?: string;
  /** Files that were read and found good before, by path. */
  known?: ReadonlyMap<string, FlowFile>;
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
  known,
}: CheckOptions): Generator<void, CheckResult, void> {
  const agreed = settings ?? readCheckSettings(path);
  const folder = folderOnDisk(path);
  const source = readFlowSource(folder, path, known);
  const { file: names, faults } = source.files.length > 0 ? readNamesFile(folder) : { file: null, faults: [] };
  source.faults.push(...faults);
  yield;
  const found = yield* findAll(source, path, { world, names }, base);
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

  const graph = new FlowGraph(source.nodes);
  const report = (
    rule: RuleId,
    at: PlacedNode,
    message: string,
    options: Parameters<Context['report']>[3] = {},
  ): void => {
    const place = at.place(options.path, options.within);
    const { id, type } = at.node;
    const flow = graph.flowOf(at.node)?.node;
    findings.push({
      ...ofRule(rule),
      ...(options.severity && { severity: options.severity }),
      file: shown(place.file),
      line: place.line,
      column: place.column,
      node: { id, type, name: textOf(at.node.label ?? at.node.name) },
      flow: flow ? textOf(flow.label ?? flow.name) || flow.id : null,
      // A name or a value may be anything, a registered secret too.
      message: redact(message),
      ...(options.mend !== undefined && { mend: options.mend }),
    });
  };
  const context: Context = { graph, ...around, report };
  findDuplicates(context, shown);
  for (const check of CHECKS) {
    check(context);
    yield;
  }
  return findings;
}

type Context = Parameters<RuleCheck>[0];

function ofRule(rule: RuleId): Pick<Finding, 'rule' | 'severity' | 'mend'> {
  const { severity, mend } = RULES[rule];
  return { rule, severity, mend };
}

function findDuplicates({ graph, report }: Context, shown: (file: string) => string): void {
  for (const placed of graph.nodes) {
    const { id } = placed.node;
    const first = graph.find(id);
    if (!first || first === placed) continue;
    const { file, line } = first.place(['id']);
    report('duplicate-id', placed, `The id "${id}" is also that of a node in ${shown(file)}, line ${line}.`, {
      path: ['id'],
    });
  }
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
