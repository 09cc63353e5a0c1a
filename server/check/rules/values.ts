import { createRequire } from 'node:module';
import type { FlowNode } from '../../flows/flow-node.ts';
import { findJsonFault } from '../../flows/json-scan.ts';
import type { PlacedNode } from '../flow-source.ts';
import type { JsonPath } from '../json-place.ts';
import { type NodeText, spotIn, textsIn, wholeVariable } from '../node-values.ts';
import type { RuleCheck, RuleContext } from '../rule-context.ts';

const require = createRequire(import.meta.url);
type Jsonata = (expression: string) => unknown;
interface Cronos {
  CronosExpression: { parse(expression: string): unknown };
}

/** Longest interval of a timer in seconds: beyond it Node-RED refuses the inject node. */
const LONGEST_REPEAT = 2_147_483;

export const checkValues: RuleCheck = (context) => {
  for (const placed of context.graph.nodes) {
    const { node } = placed;
    for (const value of textsIn(node, context.world.types.get(node.type))) {
      if (value.text === '' || isUnused(node, value.path) || wholeVariable(value.text) !== null) continue;
      if (value.type === 'jsonata' || isReduction(node, value.path)) checkJsonata(context, placed, value);
      else if (value.type === 'json') checkJson(context, placed, value);
      else if (value.type === 're') checkRegex(context, placed, value.path, value.text);
      else if (isPattern(node, value))
        checkRegex(context, placed, value.path, value.text.replace(/^\(\?[imsU]+\)/, ''));
    }
    if (node.type === 'switch') checkSwitch(context, placed);
    if (node.type === 'inject' && !context.graph.isOff(node)) checkSchedule(context, placed);
    checkRequired(context, placed);
  }
};

/** The editor keeps what a mode of a node does not use. */
function isUnused(node: FlowNode, path: JsonPath): boolean {
  if (node.type === 'inject' && (path[0] === 'payload' || path[0] === 'topic') && Array.isArray(node.props))
    return !node.props.some((prop: { p?: unknown; v?: unknown }) => prop?.p === path[0] && prop.v === undefined);
  if (node.type === 'join' && String(path[0]).startsWith('reduce')) return node.mode !== 'reduce';
  if (node.type === 'debug' && path[0] === 'statusVal') return node.tostatus !== true;
  return false;
}

/** The expressions of a join node have no type: they are always JSONata. */
function isReduction(node: FlowNode, [name]: JsonPath): boolean {
  return node.type === 'join' && (name === 'reduceExp' || name === 'reduceFixup');
}

/** A pattern of a Seqera node is a regular expression, which may begin with flags. */
function isPattern(node: FlowNode, { path, type }: NodeText): boolean {
  return path.length === 1 && path[0] === 'pattern' && type === 'str' && node.type.startsWith('seqera-datalink');
}

function checkJsonata({ report }: RuleContext, placed: PlacedNode, { path, text }: NodeText): void {
  try {
    (require('jsonata') as Jsonata)(text);
  } catch (error) {
    const { message, position } = error as { message?: string; position?: number };
    report('jsonata-syntax', placed, `${nameOf(path)} is no JSONata: ${message ?? String(error)}`, {
      path,
      within: spotIn(text, (position ?? 1) - 1),
    });
  }
}

function checkJson({ report }: RuleContext, placed: PlacedNode, { path, text }: NodeText): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text);
    report('json-value', placed, `${nameOf(path)} is not JSON: ${fault?.reason ?? (error as Error).message}.`, {
      path,
      within: spotIn(text, fault?.offset ?? 0),
    });
  }
}

function checkRegex({ report }: RuleContext, placed: PlacedNode, path: JsonPath, text: string): void {
  try {
    new RegExp(text);
  } catch (error) {
    report('regex-invalid', placed, `${nameOf(path)}: ${(error as Error).message}.`, { path });
  }
}

function checkSwitch(context: RuleContext, placed: PlacedNode): void {
  const { rules } = placed.node;
  if (!Array.isArray(rules)) return;
  rules.forEach((rule: { t?: unknown; v?: unknown; vt?: unknown }, index) => {
    const fixed = rule?.vt === undefined || rule.vt === 'str';
    if (rule?.t === 'regex' && fixed && typeof rule.v === 'string' && wholeVariable(rule.v) === null)
      checkRegex(context, placed, ['rules', index, 'v'], rule.v);
  });
}

function checkSchedule({ report }: RuleContext, placed: PlacedNode): void {
  const { crontab, repeat } = placed.node;
  if (typeof crontab === 'string' && crontab !== '' && wholeVariable(crontab) === null) {
    try {
      (require('cronosjs') as Cronos).CronosExpression.parse(crontab);
    } catch (error) {
      report('cron-invalid', placed, `"${crontab}" is no cron expression: ${(error as Error).message}.`, {
        path: ['crontab'],
      });
    }
  }
  const text = String(repeat ?? '');
  if (text === '' || wholeVariable(text) !== null) return;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > LONGEST_REPEAT)
    report('cron-invalid', placed, `"${text}" is no interval in seconds up to ${LONGEST_REPEAT}.`, {
      path: ['repeat'],
      mend: 'Give a number of seconds; for rare times a cron expression.',
    });
}

function checkRequired({ graph, world, report }: RuleContext, placed: PlacedNode): void {
  const { node } = placed;
  const required = world.types.get(node.type)?.required;
  if (!required || graph.isOff(node)) return;
  for (const [name, when] of Object.entries(required)) {
    const value = node[name];
    const empty = value === undefined || value === null ? when === 'always' : String(value).trim() === '';
    if (empty) report('field-required', placed, `Its field "${name}" is empty.`, { path: [name] });
  }
}

/** `rules[0].v` */
export function nameOf(path: JsonPath): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index > 0 ? `.${step}` : step)).join('');
}
