import { createHash } from 'node:crypto';
import { RedstartError } from '../errors.ts';
import { type FlowNode, isFlowNode, isObject, sameJson } from './flow-node.ts';
import { findFlowArray, findJsonFault, placeOf } from './json-scan.ts';

/** A node with the text that it has in its file, so that it can be written back exactly as its author wrote it. */
interface Element {
  node: FlowNode;
  source: string;
}

/** One file of the flows folder, as it was read. */
export interface FlowFile {
  /** Path as it is shown and opened. */
  path: string;
  /** Name within the folder. */
  name: string;
  elements: readonly Element[];
  /** Text before the first and after the last element, brackets included; an object form keeps its other properties here. */
  head: string;
  tail: string;
  layout: Layout;
  /** Hash of the bytes on disk, to notice that somebody else changed them. */
  hash: string;
  /** True for `{"flows": […]}` with something else in it, which must outlive its last node. */
  keepWhenEmpty: boolean;
}

interface Layout {
  newline: string;
  /** Indentation of one level within a node; '' writes a node on one line. */
  indent: string;
  /** Indentation of the nodes within the array; null puts everything on one line. */
  elementIndent: string | null;
}

const BOM = '\uFEFF';
const DEFAULT_LAYOUT: Layout = { newline: '\n', indent: '    ', elementIndent: '    ' };
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})/;

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An empty file to put new nodes in. Four spaces, as Node-RED's own export has it. */
export function newFlowFile(path: string, name: string): FlowFile {
  return { path, name, elements: [], head: '[', tail: ']\n', layout: DEFAULT_LAYOUT, hash: '', keepWhenEmpty: false };
}

/** Reads the text of one flow file; throws a RedstartError that names the file and the place. */
export function parseFlowFile(path: string, name: string, raw: string): FlowFile {
  const bom = raw.startsWith(BOM) ? BOM : '';
  const text = raw.slice(bom.length);
  const fault = findJsonFault(text);
  if (fault) throw notJson(path, text, fault);

  const value: unknown = JSON.parse(text);
  const nodes = Array.isArray(value) ? value : isObject(value) ? value.flows : undefined;
  if (isObject(value) && typeof value.$ === 'string') {
    throw new RedstartError({
      code: 'FLOW_FILE_IS_CREDENTIALS',
      message: `${path} is a Node-RED credentials file (flows_cred.json), not a flow file.`,
      mend:
        'Move it out of the flows folder. To keep its credentials, put it at <data folder>/credentials.json (mode 0600) ' +
        'and set REDSTART_CREDENTIAL_SECRET to the secret that it was encrypted with; else enter them again in the editor.',
    });
  }
  const span = findFlowArray(text);
  if (!Array.isArray(nodes) || !span)
    throw notFlows(path, 'it holds neither an array of nodes nor an object with an array "flows"');
  const wrong = nodes.findIndex((node) => !isFlowNode(node));
  if (wrong !== -1) {
    const { line } = placeOf(text, span.elements[wrong]?.start ?? 0);
    throw notFlows(path, `element ${wrong + 1} of its array (line ${line}) has no text "id" and "type"`);
  }

  const first = span.elements[0];
  const elements = span.elements.map(({ start, end }, index) => ({
    node: nodes[index] as FlowNode,
    source: text.slice(start, end),
  }));
  return {
    path,
    name,
    elements,
    head: bom + text.slice(0, span.start + 1),
    tail: text.slice(span.end - 1),
    layout: layoutOf(
      text,
      first && text.slice(span.start + 1, first.start),
      elements.map(({ source }) => source),
    ),
    hash: hashOf(raw),
    keepWhenEmpty: isObject(value) && Object.keys(value).some((key) => key !== 'flows' && key !== 'rev'),
  };
}

/** The nodes of a file, in its order. */
export function nodesOf(file: FlowFile): FlowNode[] {
  return file.elements.map(({ node }) => node);
}

/**
 * The text of `file` with `nodes` in place of its own. A node that did not change keeps its text to the byte; a changed
 * one keeps the order of its keys. Returns null when nothing changed.
 */
export function renderFlowFile(file: FlowFile, nodes: readonly FlowNode[]): string | null {
  const known = new Map(file.elements.map((element) => [element.node.id, element]));
  const unchanged =
    nodes.length === file.elements.length &&
    nodes.every(
      (node, index) => file.elements[index]?.node.id === node.id && sameJson(file.elements[index].node, node),
    );
  if (unchanged && file.hash !== '') return null;

  const { newline, elementIndent } = file.layout;
  const texts = nodes.map((node) => {
    const old = known.get(node.id);
    if (old && sameJson(old.node, node)) return old.source;
    return renderNode(old ? withKeyOrder(old.node, node) : node, file.layout, old?.source);
  });
  if (texts.length === 0) return file.head + file.tail;
  if (elementIndent === null) return file.head + texts.join(',') + file.tail;
  const before = newline + elementIndent;
  return file.head + before + texts.join(`,${before}`) + newline + closingIndent(file) + file.tail;
}

function renderNode(node: FlowNode, layout: Layout, oldSource: string | undefined): string {
  // A file may have one node a line, or everything on one line: its new nodes then look the same.
  const multiline = oldSource === undefined ? layout.indent !== '' : oldSource.includes('\n');
  if (!multiline) return JSON.stringify(node);
  return JSON.stringify(node, null, layout.indent || '    ').replaceAll(
    '\n',
    layout.newline + (layout.elementIndent ?? ''),
  );
}

function withKeyOrder(old: FlowNode, node: FlowNode): FlowNode {
  const keys = [
    ...Object.keys(old).filter((key) => Object.hasOwn(node, key)),
    ...Object.keys(node).filter((key) => !Object.hasOwn(old, key)),
  ];
  return Object.fromEntries(keys.map((key) => [key, node[key]])) as FlowNode;
}

function closingIndent(file: FlowFile): string {
  const line = file.head.slice(file.head.lastIndexOf('\n') + 1);
  return /^[\t ]*/.exec(line)?.[0] ?? '';
}

function layoutOf(text: string, gap: string | undefined, sources: readonly string[]): Layout {
  if (gap === undefined) return { ...DEFAULT_LAYOUT, newline: text.includes('\r\n') ? '\r\n' : '\n' };
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const elementIndent = gap.includes('\n') ? gap.slice(gap.lastIndexOf('\n') + 1) : null;
  const inner = sources.map((source) => /^\{\r?\n([\t ]+)/.exec(source)?.[1]).find((found) => found !== undefined);
  // The indentation within a node counts from the node's own.
  const indent = inner === undefined ? '' : inner.slice(elementIndent?.length ?? 0) || inner;
  return { newline, indent, elementIndent };
}

function notJson(path: string, text: string, fault: { offset: number; reason: string }): RedstartError {
  const { line, column, source } = placeOf(text, fault.offset);
  const empty = text.trim() === '';
  // The marker stands at the start of its line, the fault may be a few lines further on.
  const conflictAt = text.split('\n').findIndex((candidate) => CONFLICT.test(candidate));
  const shown = source.trim().length > 120 ? `${source.trim().slice(0, 120)}…` : source.trim();
  return new RedstartError({
    code: 'FLOW_FILE_NOT_JSON',
    message: empty
      ? `${path} is empty, which is not JSON.`
      : `${path}, line ${line}, column ${column}: not valid JSON, ${fault.reason}: ${shown || '(end of file)'}`,
    mend: empty
      ? 'Write [] into it, put the flows back, or delete it.'
      : conflictAt === -1
        ? 'Correct the file, or take it out of the flows folder. Nothing was started and nothing was changed.'
        : `Line ${conflictAt + 1} is a merge conflict marker: resolve the conflict in your version control, then start again.`,
  });
}

function notFlows(path: string, reason: string): RedstartError {
  return new RedstartError({
    code: 'FLOW_FILE_NOT_FLOWS',
    message: `${path} is JSON, but no flow file: ${reason}.`,
    mend: 'Every *.json in the flows folder must be a Node-RED export (Menu → Export → JSON). Move other files out of it.',
  });
}
