import { structuredPatch } from 'diff';
import type { PlannedChange } from '../flow-store.ts';

/** More edits than this are not looked for: the time grows with their square. The file is then shown as replaced. */
const MAX_EDITS = 4000;

/** The changes of a deploy as text that `git apply` takes, for a person to read first. Names are as in the changes. */
export function gitPatch(changes: readonly PlannedChange[]): string {
  return [...changes]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(filePatch)
    .join('');
}

function filePatch({ name, before, text }: PlannedChange): string {
  const [from, to] = [quoted(`a/${name}`), quoted(`b/${name}`)];
  const head = [`diff --git ${from} ${to}`];
  if (before === null) head.push('new file mode 100644');
  if (text === null) head.push('deleted file mode 100644');
  if ((before ?? '') === '' && (text ?? '') === '') return `${head.join('\n')}\n`;
  head.push(`--- ${before === null ? '/dev/null' : marked(from)}`, `+++ ${text === null ? '/dev/null' : marked(to)}`);
  const lines = hunks(before ?? '', text ?? '').flatMap((hunk) => [
    `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`,
    ...hunk.lines,
  ]);
  return `${[...head, ...lines].join('\n')}\n`;
}

interface Hunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  lines: string[];
}

function hunks(before: string, after: string): Hunk[] {
  const patch = structuredPatch('', '', before, after, '', '', { context: 3, maxEditLength: MAX_EDITS });
  if (patch) return patch.hunks;
  const [gone, come] = [marks(before, '-'), marks(after, '+')];
  return [
    {
      oldStart: 1,
      oldLines: gone.count,
      newStart: 1,
      newLines: come.count,
      lines: [...gone.lines, ...come.lines],
    },
  ];
}

function marks(text: string, sign: string): { lines: string[]; count: number } {
  const lines = text.split('\n');
  const ended = lines.at(-1) === '';
  if (ended) lines.pop();
  const marked = lines.map((line) => sign + line);
  return { lines: ended ? marked : [...marked, '\\ No newline at end of file'], count: lines.length };
}

/** Of an empty side git counts from 0. */
function range(start: number, count: number): string {
  return `${count === 0 && start === 1 ? 0 : start},${count}`;
}

/** As git writes names that have a quote, a backslash or a control character in them. */
function quoted(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be quoted.
  if (!/["\\\u0000-\u001f\u007f]/.test(name)) return name;
  const text = [...Buffer.from(name)].map((byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte < 0x20 || byte >= 0x7f ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte);
  });
  return `"${text.join('')}"`;
}

/** A tab ends a name that has spaces. */
function marked(name: string): string {
  return name.includes(' ') && !name.startsWith('"') ? `${name}\t` : name;
}
