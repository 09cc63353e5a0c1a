import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RedstartError } from '../errors.ts';
import { type FlowFile, parseFlowFile } from '../flows/flow-file.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { findJsonFault } from '../flows/json-scan.ts';
import { textFolder } from '../flows/layout/readable-form.ts';
import { MAX_BYTES } from '../flows/read-flows.ts';
import type { Spot } from './finding.ts';
import { findInJson, findInString, type JsonPath, Lines } from './json-place.ts';

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

export type FileRule = 'json-invalid' | 'merge-conflict' | 'flows-missing' | 'file-unreadable' | 'names-invalid';

/** Why a file gives no nodes. */
export interface FileFault {
  rule: FileRule;
  file: string;
  spot: Spot | null;
  message: string;
}

/** A flow file that could be read, with its nodes. */
export interface ReadFile {
  file: FlowFile;
  nodes: readonly PlacedNode[];
}

export interface FlowSource {
  /** Paths, also of those that cannot be read. */
  files: string[];
  read: ReadFile[];
  nodes: PlacedNode[];
  faults: FileFault[];
}

/** Where flow files come from: a folder on disk, or one of a revision in git. */
export interface FlowFolder {
  /** As it is shown. */
  path(name: string): string;
  /** Of the flow files. Throws when the folder cannot be read. */
  names(): string[];
  /** Of a flow file, or of a text beside it (`<folder>/<name>`). Throws when there is none. */
  read(name: string): string;
}

const BOM = '\uFEFF';
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?:[ \r\n]|$)/m;
const CONFLICT_START = /^<{7}(?:[ \r\n]|$)/m;

/** The flow files of a folder, or one file. */
export function folderOnDisk(path: string): FlowFolder {
  const isFolder = (): boolean => statSync(path).isDirectory();
  let dir: string | null = null;
  const folder = (): string => {
    dir ??= isFolder() ? path : dirname(path);
    return dir;
  };
  return {
    path: (name) => join(folder(), name),
    names() {
      if (!isFolder()) return [basename(path)];
      return readdirSync(path, { withFileTypes: true })
        .filter((entry) => isFlowFileName(entry.name) && !entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    },
    read(name) {
      const file = join(folder(), name);
      const { size } = statSync(file);
      if (size > MAX_BYTES) throw tooLarge(size);
      return readFileSync(file, 'utf8');
    },
  };
}

function tooLarge(size: number): Error {
  return new Error(`it has ${Math.ceil(size / 1024 ** 2)} MiB, and a flow file at most ${MAX_BYTES / 1024 ** 2}`);
}

/** A flow file by its name at the top of the folder. */
export function isFlowFileName(name: string): boolean {
  return name.endsWith('.json') && !name.startsWith('.');
}

/**
 * Reads flow files. What is wrong with one is told, and the others are read all the same.
 * @param given the files, where they have just been read
 */
export function readFlowSource(folder: FlowFolder, shown: string, given?: readonly FlowFile[]): FlowSource {
  const source: FlowSource = { files: [], read: [], nodes: [], faults: [] };
  const take = (file: FlowFile, lines: Lines): void => {
    const nodes = placedOf(folder, file, lines);
    source.read.push({ file, nodes });
    for (const node of nodes) source.nodes.push(node);
    source.faults.push(...faultsOfTexts(folder, file));
  };
  if (given) {
    for (const file of given.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      source.files.push(file.path);
      take(file, new Lines(file.parts[0]?.text ?? ''));
    }
    return source;
  }
  let names: string[] = [];
  try {
    names = folder.names();
  } catch (error) {
    source.faults.push(unreadable(shown, error));
  }
  for (const name of names) {
    const path = folder.path(name);
    source.files.push(path);
    let raw: string;
    try {
      raw = folder.read(name);
    } catch (error) {
      source.faults.push(unreadable(path, error));
      continue;
    }
    const lines = new Lines(raw);
    const file = parsed(folder, name, raw, lines, source.faults);
    if (file) take(file, lines);
  }
  return source;
}

function unreadable(file: string, error: unknown): FileFault {
  const { code } = error as NodeJS.ErrnoException;
  const message =
    code === 'ENOENT'
      ? 'It does not exist.'
      : `It cannot be read (${code ?? (error instanceof Error ? error.message : String(error))}).`;
  return { rule: 'file-unreadable', file, spot: null, message };
}

/** A text beside a flow file that cannot be read. */
class TextMissing extends Error {
  readonly fault: FileFault;
  constructor(fault: FileFault) {
    super(fault.message);
    this.fault = fault;
  }
}

function parsed(folder: FlowFolder, name: string, raw: string, lines: Lines, faults: FileFault[]): FlowFile | null {
  const path = folder.path(name);
  try {
    return parseFlowFile(path, name, raw, (text) => readText(folder, text));
  } catch (error) {
    if (error instanceof TextMissing) faults.push(error.fault);
    else if (error instanceof RedstartError) faults.push(faultOf(error, path, raw, lines));
    else throw error;
    return null;
  }
}

const textFaults = new WeakMap<FlowFile, readonly FileFault[]>();

/** What is wrong with the texts beside a file. */
function faultsOfTexts(folder: FlowFolder, file: FlowFile): readonly FileFault[] {
  let faults = textFaults.get(file);
  if (!faults) {
    faults = file.parts.slice(1).flatMap(({ name, text }) => {
      if (text.length > MAX_BYTES) return [unreadable(folder.path(name), tooLarge(text.length))];
      const marker = CONFLICT_START.exec(text);
      return marker ? [conflict(folder.path(name), text, new Lines(text), marker)] : [];
    });
    textFaults.set(file, faults);
  }
  return faults;
}

const placedNodes = new WeakMap<FlowFile, readonly PlacedNode[]>();

function placedOf(folder: FlowFolder, file: FlowFile, lines: Lines): readonly PlacedNode[] {
  const placed = placedNodes.get(file) ?? placeNodes(folder, file, lines);
  placedNodes.set(file, placed);
  return placed;
}

function placeNodes(folder: FlowFolder, file: FlowFile, lines: Lines): PlacedNode[] {
  const { path, name } = file;
  const raw = file.parts[0]?.text ?? '';
  const texts = file.form.kind === 'readable' ? file.form.texts : null;
  return file.elements.map((element) => ({
    node: element.node,
    file: path,
    place(to = [], within) {
      // Only what is found to be wrong needs a place, which is looked for then.
      const { node, start } = element;
      const [property, ...rest] = to;
      const text = texts?.get(`${node.id}\0${property}`);
      // The text is the whole file; what is said of its beginning is said of its first line.
      if (text !== undefined)
        return { file: folder.path(`${textFolder(name)}/${text}`), ...(within ?? { line: 1, column: 1 }) };
      if (property === undefined) return { file: path, ...lines.spot(start) };
      // A text of several lines stands as a list of them.
      const list = texts && within ? findInJson(raw, start, [`${property}:lines`, within.line - 1]) : null;
      if (list !== null)
        return { file: path, ...lines.spot(findInString(raw, list, { line: 1, column: within?.column ?? 1 })) };
      const keys = texts ? [property, `${property}:lines`, `${property}:value`] : [property];
      const found = keys.map((key) => findInJson(raw, start, [key, ...rest])).find((at) => at !== null) ?? start;
      return { file: path, ...lines.spot(within && raw[found] === '"' ? findInString(raw, found, within) : found) };
    },
  }));
}

function readText(folder: FlowFolder, text: string): string {
  try {
    return folder.read(text);
  } catch (error) {
    throw new TextMissing(unreadable(folder.path(text), error));
  }
}

/** What the reader refuses, with a place: it tells it in words only. */
function faultOf(error: RedstartError, file: string, raw: string, lines: Lines): FileFault {
  if (error.code === 'FLOW_FILE_NOT_JSON') {
    const text = raw.startsWith(BOM) ? raw.slice(1) : raw;
    const marker = CONFLICT.exec(raw);
    if (marker) return conflict(file, raw, lines, marker);
    const fault = findJsonFault(text);
    return {
      rule: 'json-invalid',
      file,
      spot: fault && lines.spot(fault.offset + raw.length - text.length),
      message: text.trim() === '' ? 'The file is empty.' : `Not valid JSON: ${fault?.reason ?? 'nested too deeply'}.`,
    };
  }
  const line = Number(/\bline (\d+)\b/.exec(error.message)?.[1] ?? 1);
  return {
    rule: error.code === 'FLOW_FILE_UNREADABLE' ? 'file-unreadable' : 'flows-missing',
    file,
    spot: { line, column: 1 },
    message: sentence(error.message.replace(file, 'The file')),
  };
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

function conflict(file: string, text: string, lines: Lines, marker: RegExpExecArray): FileFault {
  const [, from = ''] = /^<{7} ?(.*)/m.exec(text) ?? [];
  return {
    rule: 'merge-conflict',
    file,
    spot: lines.spot(marker.index),
    message: `A merge was not finished here${from.trim() ? ` (${from.trim()})` : ''}.`,
  };
}
