import { diffArrays } from 'diff';
import { parseFlowFile, renderFlowFile } from '../flows/flow-file.ts';
import type { FlowNode } from '../flows/flow-node.ts';
import { isReadable, textFilesOf, textFolder } from '../flows/layout/readable-form.ts';
import { mergeJson } from './merge-json.ts';

export interface MergedFile {
  text: string;
  /** Where both changed the same property differently; the text then has both, between git's markers. */
  conflicts: string[];
}

/**
 * Merges one flow file. Null when one of the three is no flow file: then it is merged as any text.
 * @param name of the file, for the texts beside it
 */
export function mergeFile(name: string, base: string, ours: string, theirs: string): MergedFile | null {
  let values: unknown[];
  try {
    // Both may have made the file: then there is nothing that they have in common.
    values = [base.trim() === '' ? emptyLike(ours) : base, ours, theirs].map(
      (text) => JSON.parse(text.replace(/^\uFEFF/, '')) as unknown,
    );
  } catch {
    return null;
  }
  const merged = mergeJson(values[0], values[1], values[2]);
  const mine = render(name, ours, merged.ours);
  const yours = render(name, ours, merged.theirs);
  return { text: mine === yours ? mine : withMarkers(mine, yours), conflicts: merged.conflicts };
}

function emptyLike(text: string): string {
  return text.trimStart().startsWith('[') ? '[]' : '{"nodes": [], "flows": [], "layout": []}';
}

/** A merged value in the form that our file has. */
function render(name: string, ours: string, value: unknown): string {
  const isReadableForm = isReadable(value);
  try {
    // Texts beside the file are merged by themselves. Here they need only be texts that stay there: of several lines.
    const readText = (): string => 'a\nb\n';
    const file = parseFlowFile(name, name, isReadableForm ? JSON.stringify(value) : ours, readText);
    const nodes = isReadableForm ? file.elements.map(({ node }) => node) : nodesIn(value);
    const parts = nodes && renderFlowFile(file, nodes, { always: true });
    const text = parts?.get(name);
    const beside = new Set(textFilesOf(value).map((one) => `${textFolder(name)}/${one}`));
    // A text that would move into a file of its own now: that is for `redstart flows format`, not for a merge.
    if (text !== undefined && [...(parts?.keys() ?? [])].every((part) => part === name || beside.has(part)))
      return text;
  } catch {
    // In this form it is no flow file: written as plain JSON, `redstart check` says what is wrong with it.
  }
  return `${JSON.stringify(value, null, isReadableForm ? 2 : 4)}\n`;
}

function nodesIn(value: unknown): FlowNode[] | null {
  const nodes = Array.isArray(value) ? value : (value as { flows?: unknown } | null)?.flows;
  return Array.isArray(nodes) ? (nodes as FlowNode[]) : null;
}

/** Both texts in one: where they differ, ours and theirs between the markers that every editor knows. */
function withMarkers(ours: string, theirs: string): string {
  const lines: string[] = [];
  let open: { ours: string[]; theirs: string[] } | null = null;
  const close = (): void => {
    if (open) lines.push('<<<<<<< ours', ...open.ours, '=======', ...open.theirs, '>>>>>>> theirs');
    open = null;
  };
  for (const { added, removed, value } of diffArrays(ours.split('\n'), theirs.split('\n'))) {
    if (!added && !removed) {
      close();
      lines.push(...value);
      continue;
    }
    open ??= { ours: [], theirs: [] };
    (removed ? open.ours : open.theirs).push(...value);
  }
  close();
  return lines.join('\n');
}
