import { diffArrays } from 'diff';
import type { ChangedLine } from './flow-change.ts';

/** Lines around a change that are shown with it. */
const AROUND = 2;
/** Two long texts with nothing in common take time that nobody has: they are shown as replaced. */
const MOST_EDITS = 4000;

/** What changed between two texts, by lines. */
export function changedLines(before: string, after: string): ChangedLine[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const parts = diffArrays(old, now, { maxEditLength: MOST_EDITS }) ?? [
    { removed: true, added: false, value: old },
    { removed: false, added: true, value: now },
  ];
  const lines: ChangedLine[] = [];
  for (const [index, { added, removed, value }] of parts.entries()) {
    if (added || removed) {
      for (const text of value) lines.push({ change: added ? 'added' : 'removed', text });
      continue;
    }
    const head = index === 0 ? 0 : AROUND;
    const tail = index === parts.length - 1 ? 0 : AROUND;
    if (value.length <= head + tail) {
      for (const text of value) lines.push({ change: 'kept', text });
      continue;
    }
    for (const text of value.slice(0, head)) lines.push({ change: 'kept', text });
    lines.push({ change: 'skipped', text: `${value.length - head - tail} lines` });
    for (const text of tail === 0 ? [] : value.slice(-tail)) lines.push({ change: 'kept', text });
  }
  return lines;
}

interface Hunk {
  /** Lines of the base that are replaced: from, up to and without. */
  from: number;
  to: number;
  lines: readonly string[];
}

/**
 * Both sides' changes of a text, by lines. Null when they changed the same lines, or lines beside each other, differently.
 */
export function mergeLines(
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
): string[] | null {
  const [mine, yours] = [hunks(base, ours), hunks(base, theirs)];
  if (!mine || !yours) return null;
  const merged: string[] = [];
  let at = 0;
  let [m, y] = [0, 0];
  for (;;) {
    const [one, other] = [mine[m], yours[y]];
    const next = !other || (one && one.from <= other.from) ? one : other;
    if (!next) return [...merged, ...base.slice(at)];
    if (one && other && one.from <= other.to && other.from <= one.to) {
      const same = one.from === other.from && one.to === other.to && sameLines(one.lines, other.lines);
      if (!same) return null;
      m += 1;
      y += 1;
    } else if (next === one) m += 1;
    else y += 1;
    merged.push(...base.slice(at, next.from), ...next.lines);
    at = next.to;
  }
}

function hunks(base: readonly string[], side: readonly string[]): Hunk[] | null {
  const parts = diffArrays([...base], [...side], { maxEditLength: MOST_EDITS });
  if (!parts) return null;
  const found: Hunk[] = [];
  let at = 0;
  for (const { added, removed, value } of parts) {
    const last = found.at(-1);
    if (added || removed) {
      // Removed and added lines at one place are one change.
      const open = last?.to === at ? last : { from: at, to: at, lines: [] };
      if (open !== last) found.push(open);
      if (added) open.lines = [...open.lines, ...value];
      else {
        at += value.length;
        open.to = at;
      }
    } else at += value.length;
  }
  return found;
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}
