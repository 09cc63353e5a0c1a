import { styleText } from 'node:util';
import type { ChangedLine, FlowChange, NodeChange, NodeName, PropertyChange, WireChange } from './flow-change.ts';

/** Longest value that is shown whole. */
const LONGEST = 200;
const SIGNS = { added: '+', removed: '-', changed: '~' } as const;
const COLOURS = { added: 'green', removed: 'red', changed: 'yellow' } as const;
const LINE_SIGNS: Record<ChangedLine['change'], string> = { added: '+', removed: '-', kept: ' ', skipped: '…' };

/** The changes for a person at a terminal. */
export function renderText(changes: readonly FlowChange[]): string {
  if (changes.length === 0) return 'No differences.\n';
  const lines: string[] = [];
  for (const flow of changes) {
    lines.push(
      styleText('bold', styleText(COLOURS[flow.change], `${SIGNS[flow.change]} ${oneLine(titleOf(flow))}`)),
      ...details(flow, '    '),
    );
    for (const node of flow.nodes) {
      lines.push(
        `  ${styleText(COLOURS[node.change], SIGNS[node.change])} ${oneLine(nodeTitle(node))}`,
        ...details(node, '      '),
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function details({ properties, wires }: Pick<NodeChange, 'properties' | 'wires'>, indent: string): string[] {
  const lines = properties.flatMap((property) => [
    `${indent}${oneLine(property.path)}: ${oneLine(textOf(property))}`.trimEnd(),
    ...(property.lines ?? []).map((line) => {
      const text = `${indent}  ${LINE_SIGNS[line.change]} ${oneLine(line.text)}`;
      return line.change === 'added'
        ? styleText('green', text)
        : line.change === 'removed'
          ? styleText('red', text)
          : text;
    }),
  ]);
  return [...lines, ...wires.map((wire) => indent + styleText(COLOURS[wire.change], oneLine(wireText(wire))))];
}

/** The changes as the description of a pull request. */
export function renderMarkdown(changes: readonly FlowChange[]): string {
  if (changes.length === 0) return 'No differences in the flows.\n';
  const blocks = changes.map((flow) => {
    const lines = [`### ${WORDS[flow.change]} ${inline(titleOf(flow))}`, ''];
    lines.push(...items(flow, ''));
    for (const node of flow.nodes)
      lines.push(`- ${WORDS[node.change]} ${inline(nodeTitle(node))}`, ...items(node, '  '));
    return `${lines.join('\n').trimEnd()}\n`;
  });
  return blocks.join('\n');
}

const WORDS = { added: '**Added**', removed: '**Removed**', changed: 'Changed' } as const;

function items({ properties, wires }: Pick<NodeChange, 'properties' | 'wires'>, indent: string): string[] {
  const lines: string[] = [];
  for (const property of properties) {
    if (!property.lines) {
      lines.push(`${indent}- ${code(property.path)}: ${markdownValue(property)}`);
      continue;
    }
    // As many backticks as it takes to hold those of the text.
    const texts = property.lines.map(
      (line) => `${LINE_SIGNS[line.change]}${line.change === 'skipped' ? ' ' : ''}${line.text}`,
    );
    const fence = '`'.repeat(
      Math.max(3, ...texts.flatMap((text) => [...text.matchAll(/`+/g)].map(([run]) => run.length + 1))),
    );
    lines.push(`${indent}- ${code(property.path)}:`, '', `${indent}  ${fence}diff`);
    lines.push(...texts.map((text) => `${indent}  ${printable(text)}`), `${indent}  ${fence}`, '');
  }
  return [...lines, ...wires.map((wire) => `${indent}- ${inline(wireText(wire))}`)];
}

function titleOf(flow: FlowChange): string {
  if (flow.kind === 'global') return 'configuration nodes and what lies in no flow';
  return `${flow.kind} "${flow.name || flow.id}"`;
}

function nodeTitle(node: NodeChange): string {
  return `${describe(node)}${node.movedFrom === undefined ? '' : `, moved here from "${node.movedFrom}"`}`;
}

function describe({ id, type, name }: NodeName): string {
  return name ? `${type} "${name}"` : `${type} ${id}`;
}

function wireText({ change, from, to }: WireChange): string {
  return `${from} → ${describe(to)} ${change}`;
}

function textOf({ lines, secret, ...values }: PropertyChange): string {
  if (lines) return '';
  if (secret) return 'changed, a secret that is not shown';
  const before = 'before' in values ? short(values.before) : null;
  const after = 'after' in values ? short(values.after) : null;
  if (before === null) return `${after} (new)`;
  if (after === null) return `${before} (gone)`;
  return `${before} → ${after}`;
}

function markdownValue({ secret, ...values }: PropertyChange): string {
  if (secret) return 'changed, a secret that is not shown';
  const before = 'before' in values ? code(short(values.before)) : null;
  const after = 'after' in values ? code(short(values.after)) : null;
  if (before === null) return `${after} (new)`;
  if (after === null) return `${before} (gone)`;
  return `${before} → ${after}`;
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

/** A value may hold anything: nothing of it may pass for a line or a control sequence of the terminal. */
function oneLine(text: string): string {
  return printable(text.replaceAll('\n', ' '));
}

function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function inline(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>|#&]/g, '\\$&');
}

function code(text: string): string {
  const run = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = '`'.repeat(run + 1);
  const space = /^`|`$/.test(text) ? ' ' : '';
  return `${ticks}${space}${oneLine(text)}${space}${ticks}`;
}
