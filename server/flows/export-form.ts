import type { FlowNode } from './flow-node.ts';
import { sameJson } from './flow-node.ts';

/** How an ordinary Node-RED export is laid out, so that a deploy changes nothing but what was changed. */
export interface ExportForm {
  kind: 'export';
  /** Text before the first and after the last element, brackets included; an object form keeps its other properties here. */
  head: string;
  tail: string;
  newline: string;
  /** Indentation of one level within a node; '' writes a node on one line. */
  indent: string;
  /** Indentation of the nodes within the array; null puts everything on one line. */
  elementIndent: string | null;
}

/** A node with the text that it has in its file, so that it can be written back exactly as its author wrote it. */
export interface Element {
  node: FlowNode;
  source: string;
  /** Index of `source` in the text of the file. */
  start: number;
}

/** The text with `nodes` in place of the elements. A node that did not change keeps its text to the byte. */
export function renderExport(form: ExportForm, elements: readonly Element[], nodes: readonly FlowNode[]): string {
  const known = new Map(elements.map((element) => [element.node.id, element]));
  const texts = nodes.map((node) => {
    const old = known.get(node.id);
    if (old && sameJson(old.node, node)) return old.source;
    return renderNode(old ? withKeyOrder(old.node, node) : node, form, old?.source);
  });
  if (texts.length === 0) return form.head + form.tail;
  if (form.elementIndent === null) return form.head + texts.join(',') + form.tail;
  const before = form.newline + form.elementIndent;
  return form.head + before + texts.join(`,${before}`) + form.newline + closingIndent(form) + form.tail;
}

function renderNode(node: FlowNode, form: ExportForm, oldSource: string | undefined): string {
  // A file may have one node a line, or everything on one line: its new nodes then look the same.
  const multiline = oldSource === undefined ? form.indent !== '' : oldSource.includes('\n');
  if (!multiline) return JSON.stringify(node);
  return JSON.stringify(node, null, form.indent || '    ').replaceAll('\n', form.newline + (form.elementIndent ?? ''));
}

function withKeyOrder(old: FlowNode, node: FlowNode): FlowNode {
  const keys = [
    ...Object.keys(old).filter((key) => Object.hasOwn(node, key)),
    ...Object.keys(node).filter((key) => !Object.hasOwn(old, key)),
  ];
  return Object.fromEntries(keys.map((key) => [key, node[key]])) as FlowNode;
}

function closingIndent(form: ExportForm): string {
  const line = form.head.slice(form.head.lastIndexOf('\n') + 1);
  return /^[\t ]*/.exec(line)?.[0] ?? '';
}

/** @param span of the array in the text: index of `[`, index after `]` */
export function exportForm(
  text: string,
  bom: string,
  span: { start: number; end: number },
  elements: readonly Element[],
): ExportForm {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const around = {
    kind: 'export' as const,
    head: bom + text.slice(0, span.start + 1),
    tail: text.slice(span.end - 1),
    newline,
  };
  const [first] = elements;
  if (!first) return { ...around, indent: '    ', elementIndent: '    ' };
  const gap = text.slice(span.start + 1, first.start);
  const elementIndent = gap.includes('\n') ? gap.slice(gap.lastIndexOf('\n') + 1) : null;
  const inner = elements.map(({ source }) => /^\{\r?\n([\t ]+)/.exec(source)?.[1]).find((found) => found !== undefined);
  // The indentation within a node counts from the node's own.
  const indent = inner === undefined ? '' : inner.slice(elementIndent?.length ?? 0) || inner;
  return { ...around, indent, elementIndent };
}
