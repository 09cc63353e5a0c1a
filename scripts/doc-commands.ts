// The commands of the documentation, as the tests run them. Every block ```sh, ```bash or ```console of a page is run,
// in the order of the page, in a folder that looks like a clone with flows in it; unless a comment before it says why not:
//
//   <!-- not run: needs a cluster -->
//
// Other comments before a block, which readers do not see either:
//
//   <!-- first: mkdir reports -->     lines of shell that are run before it, in the same shell
//   <!-- exit code: 1 -->             what it ends with; else 0
//   <!-- shows: 2 passed -->          what its output has to contain
//   <!-- starts: is ready -->         it goes on running: when its output contains that, the next block is run;
//                                     it is stopped at the end of the page
//   <!-- with: appliance -->          one runs beside, at the addresses that the page names; $TOKEN is for its admin API
//   <!-- with: data -->               there is a data folder, as one leaves it
//   <!-- with: nothing -->            what blocks before it started is stopped first
//
// A block of nothing but settings (NAME=value, with or without `export`) is run with `redstart config` after it, which
// refuses what is wrong. A block with a `docker` command is run by the container suite, which needs an engine.
// In a ```console block the lines after `$ ` are commands, the others have to be in the output; digits may differ.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const SHELL = new Set(['sh', 'bash', 'console']);
const DIRECTIVES = ['not run', 'first', 'exit code', 'shows', 'starts', 'with'] as const;
type Directive = (typeof DIRECTIVES)[number];

export interface Block {
  page: string;
  /** Of the first line of code, counted from 1. */
  line: number;
  code: string;
  /** What its output has to contain, digits aside: the lines of a transcript that are no commands. */
  transcript: string[];
  /** Why it is not run. */
  notRun: string | null;
  first: string[];
  exitCode: number;
  shows: string[];
  starts: string | null;
  with: 'appliance' | 'data' | 'nothing' | null;
  /** Needs a container engine. */
  docker: boolean;
}

/** Pages whose commands are run. */
export const pagesWithCommands = (): string[] =>
  [
    'README.md',
    'nodes/README.md',
    'simulator/README.md',
    'docker/secrets/README.md',
    ...globSync('docs/**/*.md', { cwd: root, exclude: (name) => name.startsWith('.') }).map((file) =>
      file.split('\\').join('/'),
    ),
  ].sort();

export const blocksOf = (page: string): Block[] => parseBlocks(page, readFileSync(join(root, page), 'utf8'));

export function parseBlocks(page: string, text: string): Block[] {
  const lines = text.split('\n');
  return fencesOf(lines)
    .filter(({ language }) => SHELL.has(language))
    .map(({ language, from, to, indent }) => {
      const body = lines
        .slice(from + 1, to)
        .map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)));
      const commands =
        language === 'console' ? body.flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : [])) : body;
      const said = directivesBefore(page, lines, from);
      const all = (name: Directive): string[] => said.filter((each) => each.name === name).map((each) => each.value);
      const code = commands.join('\n');
      return {
        page,
        line: from + 2,
        code,
        transcript: language === 'console' ? body.filter((line) => !line.startsWith('$ ') && line.trim() !== '') : [],
        notRun: all('not run')[0] ?? null,
        first: all('first'),
        exitCode: Number(all('exit code')[0] ?? 0),
        shows: all('shows'),
        starts: all('starts')[0] ?? null,
        with: besideOf(page, all('with')[0] ?? null),
        docker: /(?:^|[|;&])\s*(?:[A-Z_]+=\S+ )*docker\b/m.test(code),
      };
    });
}

function besideOf(page: string, said: string | null): Block['with'] {
  if (said === null || said === 'appliance' || said === 'data' || said === 'nothing') return said;
  throw new Error(`${page}: "with: ${said}" is none of: appliance, data, nothing`);
}

interface Fence {
  language: string;
  from: number;
  to: number;
  indent: number;
}

function fencesOf(lines: readonly string[]): Fence[] {
  const fences: Fence[] = [];
  for (let from = 0; from < lines.length; from += 1) {
    const [, indent = '', marks = '', language = ''] = /^( *)(`{3,}|~{3,})\s*(\w*)/.exec(lines[from] ?? '') ?? [];
    if (marks === '') continue;
    const end = lines.findIndex((line, place) => place > from && line.trim().startsWith(marks));
    const to = end === -1 ? lines.length : end;
    fences.push({ language, from, to, indent: indent.length });
    from = to;
  }
  return fences;
}

/** The comments that stand directly before a fence; blank lines between do not matter. */
function directivesBefore(page: string, lines: readonly string[], fence: number): { name: Directive; value: string }[] {
  const found: { name: Directive; value: string }[] = [];
  for (let place = fence - 1; place >= 0; place -= 1) {
    const line = lines[place]?.trim() ?? '';
    if (line === '') continue;
    const [, name = '', value = ''] = /^<!--\s*([a-z ]+?):\s*(.+?)\s*-->$/.exec(line) ?? [];
    if (name === '') break;
    const known = DIRECTIVES.find((each) => each === name);
    if (known === undefined) throw new Error(`${page}:${place + 1}: "${name}" is none of: ${DIRECTIVES.join(', ')}`);
    found.unshift({ name: known, value });
  }
  return found;
}

const COMMAND =
  /^\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(?:redstart|docker|docker-compose|npm|npx|node|git|curl|jq|kubectl|helm|openssl|export|sudo|mkdir|chmod|chown|cd) \S/;

/** Commands where no test would see them: in indented code, or in a fence of no or another language. */
export function commandsOutside(page: string, text: string): string[] {
  const lines = text.split('\n');
  const fences = fencesOf(lines);
  const languageAt = (place: number): string | null =>
    fences.find(({ from, to }) => place > from && place < to)?.language ?? null;
  return lines.flatMap((line, place) => {
    const language = languageAt(place);
    const isFence = fences.some(({ from, to }) => place === from || place === to);
    const isCode =
      language === null
        ? !isFence && /^ {4}\S/.test(line) && !isListItem(lines, place)
        : language === '' || language === 'txt' || language === 'text';
    return isCode && COMMAND.test(line) ? [`${page}:${place + 1}: ${line.trim()}`] : [];
  });
}

/** Indented text below a list is its text, not code. */
function isListItem(lines: readonly string[], place: number): boolean {
  for (let at = place; at >= 0; at -= 1) {
    const line = lines[at] ?? '';
    if (/^\s*(?:[-*+]|\d+\.) /.test(line)) return true;
    if (/^\S/.test(line)) return false;
  }
  return false;
}

/** Whether a block only sets variables. */
export function isSettings({ code }: Block): boolean {
  const lines = code.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  return (
    lines.length > 0 &&
    lines.every((line) => /^\s*(?:export\s+)?[A-Z][A-Z0-9_]*=(?:'[^']*'|"[^"]*"|[^\s'"]*)\s*(?:#.*)?$/.test(line))
  );
}
