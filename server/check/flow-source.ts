import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type FlowNode, isFlowNode, isObject } from '../flows/flow-node.ts';
import { findJsonFault } from '../flows/json-scan.ts';
import type { Spot } from './finding.ts';
import { elementStarts, findInJson, findInString, type JsonPath, Lines } from './json-place.ts';

/** Where something stands in the files, as precisely as it can be told. */
export interface Place extends Spot {
  file: string;
}

/** A node with a way to find each of its values in its file. */
export interface PlacedNode {
  readonly node: FlowNode;
  readonly file: string;
  /** Of the node; of the value at `path` of it; of a spot within the text at that path. */
  place(path?: JsonPath, within?: Spot): Place;
}

export type FileRule = 'json-invalid' | 'merge-conflict' | 'flows-missing' | 'file-unreadable';

/** Why a file gives no nodes. */
export interface FileFault {
  rule: FileRule;
  file: string;
  spot: Spot | null;
  message: string;
}

export interface FlowSource {
  files: string[];
  nodes: PlacedNode[];
  faults: FileFault[];
}

const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?:[ \r\n]|$)/m;

/** Reads a folder of flow files or one file. What is wrong with a file is told, and the others are read all the same. */
export function readFlowSource(path: string): FlowSource {
  const source: FlowSource = { files: [], nodes: [], faults: [] };
  for (const file of flowFiles(path, source.faults)) {
    source.files.push(file);
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      source.faults.push(unreadable(file, error));
      continue;
    }
    const read = placeNodes(file, text);
    if (Array.isArray(read)) for (const node of read) source.nodes.push(node);
    else source.faults.push(read);
  }
  return source;
}

function flowFiles(path: string, faults: FileFault[]): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.json') && !entry.name.startsWith('.') && !entry.isDirectory())
      .map(({ name }) => join(path, name))
      .sort();
  } catch (error) {
    faults.push(unreadable(path, error));
    return [];
  }
}

function unreadable(file: string, error: unknown): FileFault {
  const { code } = error as NodeJS.ErrnoException;
  const message =
    code === 'ENOENT'
      ? 'It does not exist.'
      : `It cannot be read (${code ?? (error instanceof Error ? error.message : String(error))}).`;
  return { rule: 'file-unreadable', file, spot: null, message };
}

/** The nodes of one file's text, or why there are none. */
export function placeNodes(file: string, raw: string): PlacedNode[] | FileFault {
  const text = raw.replace(/^\uFEFF/, '');
  const lines = new Lines(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return notJson(file, text, lines);
  }
  const nodes = Array.isArray(value) ? value : isObject(value) ? value.flows : undefined;
  if (!Array.isArray(nodes)) {
    const credentials = isObject(value) && typeof value.$ === 'string';
    return {
      rule: 'flows-missing',
      file,
      spot: { line: 1, column: 1 },
      message: credentials
        ? 'It is the credentials file of a Node-RED, not a flow file.'
        : 'It holds neither an array of nodes nor an object with an array "flows".',
    };
  }
  // Most files give no finding: where a node starts is looked up for those that do.
  let starts: number[] | null = null;
  const startOf = (index: number): number => {
    starts ??= elementStarts(text, findInJson(text, 0, Array.isArray(value) ? [] : ['flows']) ?? 0);
    return starts[index] ?? 0;
  };
  const wrong = nodes.findIndex((node) => !isFlowNode(node));
  if (wrong !== -1) {
    return {
      rule: 'flows-missing',
      file,
      spot: lines.spot(startOf(wrong)),
      message: `Element ${wrong + 1} of ${basename(file)} is no node: it has no text "id" and "type".`,
    };
  }
  return (nodes as FlowNode[]).map((node, index) => ({
    node,
    file,
    place(path = [], within) {
      const start = startOf(index);
      const found = findInJson(text, start, path) ?? start;
      const offset = within && text[found] === '"' ? findInString(text, found, within) : found;
      return { file, ...lines.spot(offset) };
    },
  }));
}

function notJson(file: string, text: string, lines: Lines): FileFault {
  const marker = CONFLICT.exec(text);
  if (marker) {
    const [, from = ''] = /^<{7} ?(.*)/m.exec(text) ?? [];
    return {
      rule: 'merge-conflict',
      file,
      spot: lines.spot(marker.index),
      message: `A merge was not finished here${from.trim() ? ` (${from.trim()})` : ''}.`,
    };
  }
  // What JSON.parse does not take and the scanner does is nested beyond any flow.
  const fault = findJsonFault(text);
  return {
    rule: 'json-invalid',
    file,
    spot: fault && lines.spot(fault.offset),
    message: text.trim() === '' ? 'The file is empty.' : `Not valid JSON: ${fault?.reason ?? 'nested too deeply'}.`,
  };
}
