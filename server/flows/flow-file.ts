import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RedstartError } from '../errors.ts';
import { type Element, type ExportForm, exportForm, renderExport } from './export-form.ts';
import { type FlowNode, flowNodeFault, isObject, sameJson } from './flow-node.ts';
import { findFlowArray, findJsonFault, placeOf } from './json-scan.ts';
import {
  EMPTY_READABLE,
  isReadable,
  NotReadable,
  parseReadable,
  type ReadableForm,
  readableHolds,
  renderReadable,
  textFolder,
} from './layout/readable-form.ts';

/** One flow file, as it was read: an ordinary Node-RED export, or a readable file with the texts of its nodes beside. */
export interface FlowFile {
  /** Path as it is shown and opened. */
  path: string;
  /** Name within the folder. */
  name: string;
  elements: readonly Element[];
  form: ExportForm | ReadableForm;
  /** All that it consists of on disk: the flow file itself, then its texts. Empty for a file that is yet to be written. */
  parts: readonly FilePart[];
  /** True for `{"flows": […]}` with something else in it, which must outlive its last node. */
  keepWhenEmpty: boolean;
}

export interface FilePart {
  /** Name within the flows folder, with slashes. */
  name: string;
  text: string;
  /** Of the bytes on disk, to notice that somebody else changed them. */
  hash: string;
}

const BOM = '\uFEFF';
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})/;
/** A node that its author named as a text file's path would make us read what is none of its business. */
const TEXT_NAME = /^[^./\\\0][^/\\\0]*$/;

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** An empty file to put new nodes in. */
export function newFlowFile(path: string, name: string): FlowFile {
  return { path, name, elements: [], form: EMPTY_READABLE, parts: [], keepWhenEmpty: false };
}

/**
 * Reads one flow file; throws a RedstartError that names the file and the place.
 * @param readText the content of a text beside it, by its name within the flows folder
 */
export function parseFlowFile(
  path: string,
  name: string,
  raw: string,
  readText: (name: string) => string = textsOnDisk(path),
): FlowFile {
  const bom = raw.startsWith(BOM) ? BOM : '';
  const text = raw.slice(bom.length);
  const value = parseJson(path, text);
  if (isObject(value) && typeof value.$ === 'string') {
    throw new RedstartError({
      code: 'FLOW_FILE_IS_CREDENTIALS',
      message: `${path} is a Node-RED credentials file (flows_cred.json), not a flow file.`,
      mend:
        'Move it out of the flows folder. To keep its credentials, put it at <data folder>/credentials.json (mode 0600) ' +
        'and set REDSTART_CREDENTIAL_SECRET to the secret that it was encrypted with; else enter them again in the editor.',
    });
  }
  const own: FilePart = { name, text: raw, hash: hashOf(raw) };
  if (isReadable(value)) return readable(path, name, value, { bom, text, own }, readText);

  const nodes = Array.isArray(value) ? value : isObject(value) ? value.flows : undefined;
  const { array, fault } = findFlowArray(text);
  if (fault) throw notJson(path, text, fault);
  if (!Array.isArray(nodes) || !array)
    throw notFlows(path, 'it holds neither an array of nodes nor an object with an array "flows"');
  const wrong = nodes.findIndex((node) => flowNodeFault(node) !== null);
  if (wrong !== -1) {
    const { line } = placeOf(text, array.elements[wrong]?.start ?? 0);
    throw notFlows(path, `element ${wrong + 1} of its array (line ${line}) ${flowNodeFault(nodes[wrong])}`);
  }
  const elements = array.elements.map(({ start, end }, index) => ({
    node: nodes[index] as FlowNode,
    source: text.slice(start, end),
    start: start + bom.length,
  }));
  return {
    path,
    name,
    elements,
    form: exportForm(
      text,
      bom,
      array,
      elements.map((element) => ({ ...element, start: element.start - bom.length })),
    ),
    parts: [own],
    keepWhenEmpty: isObject(value) && Object.keys(value).some((key) => key !== 'flows' && key !== 'rev'),
  };
}

/** The nodes of a file, in the order of Node-RED's array. */
export function nodesOf(file: FlowFile): FlowNode[] {
  return file.elements.map(({ node }) => node);
}

/** File names in the order of their tabs, as the file of the configuration nodes has them. */
export function orderIn(file: FlowFile): readonly string[] {
  return file.form.kind === 'readable' ? file.form.order : [];
}

/** Whether `nodes` in place of its own would leave the file as it is. */
export function isUnchanged(file: FlowFile, nodes: readonly FlowNode[], order: readonly string[]): boolean {
  const { form, elements } = file;
  if (file.parts.length === 0) return false;
  if (form.kind === 'readable') return readableHolds(form, nodesOf(file), nodes, order);
  return (
    nodes.length === elements.length &&
    nodes.every((node, index) => elements[index]?.node.id === node.id && sameJson(elements[index].node, node))
  );
}

/**
 * All parts of `file` with `nodes` in place of its own, by name. Null when nothing changed.
 * @param options.taken names in the folder of its texts, in lower case, that a new text must not have
 * @param options.always also when nothing changed
 */
export function renderFlowFile(
  file: FlowFile,
  nodes: readonly FlowNode[],
  options: { order?: readonly string[]; taken?: Iterable<string>; always?: boolean } = {},
): Map<string, string> | null {
  const { form, elements } = file;
  const { order = orderIn(file), taken = [], always = false } = options;
  if (!always && isUnchanged(file, nodes, order)) return null;
  return form.kind === 'readable'
    ? renderReadable(file.name, { ...form, order }, nodes, taken)
    : new Map([[file.name, renderExport(form, elements, nodes)]]);
}

function readable(
  path: string,
  name: string,
  value: Record<string, unknown>,
  source: { bom: string; text: string; own: FilePart },
  readText: (name: string) => string,
): FlowFile {
  const { bom, text, own } = source;
  // Only who looks for places pays for them: the scan takes longer than all the rest.
  let scanned: ReturnType<typeof findFlowArray> | null = null;
  const spanOf = (element: number | undefined): { start: number; end: number } => {
    scanned ??= findFlowArray(text, 'nodes');
    const span = element === undefined ? scanned.properties.get('flow') : scanned.array?.elements[element];
    return span ?? { start: 0, end: 0 };
  };
  const texts = new Map<string, FilePart>();
  const folder = textFolder(name);
  try {
    const { nodes, raw, form } = parseReadable(value, (file) => {
      if (!TEXT_NAME.test(file)) throw new Error(`"${file}" is no name of a file in ${folder}/`);
      const part = `${folder}/${file}`;
      const content = readText(part);
      texts.set(part, { name: part, text: content, hash: hashOf(content) });
      return content;
    });
    return {
      path,
      name,
      elements: nodes.map((node) => ({
        node,
        get source() {
          const { start, end } = spanOf(raw.get(node.id));
          return text.slice(start, end);
        },
        get start() {
          return spanOf(raw.get(node.id)).start + bom.length;
        },
      })),
      form,
      parts: [own, ...texts.values()],
      keepWhenEmpty: false,
    };
  } catch (error) {
    if (!(error instanceof NotReadable)) throw error;
    const { element } = error;
    if (element === null) throw notFlows(path, error.message);
    const { line } = placeOf(text, spanOf(element === -1 ? undefined : element).start);
    const which = element === -1 ? 'its flow' : `element ${element + 1} of its nodes`;
    throw notFlows(path, `${which} (line ${line}) ${error.message}`);
  }
}

/** Reads the texts beside a file. */
export function textsOnDisk(path: string): (name: string) => string {
  return (name) => {
    const file = join(dirname(path), name);
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new RedstartError({
        code: 'FLOW_FILE_UNREADABLE',
        message: `${path} names ${file}, which ${code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? message})`}.`,
        mend: 'Put the file back (git status shows what is missing), or give this user the right to read it.',
        cause: error,
      });
    }
  };
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text);
    throw fault ? notJson(path, text, fault) : error;
  }
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
    mend: 'Every *.json in the flows folder must be a Node-RED export (Menu → Export → JSON), or a file that Redstart wrote. Move other files out of it.',
  });
}
