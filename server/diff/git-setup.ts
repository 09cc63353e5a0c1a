import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { RedstartError } from '../errors.ts';
import { runGit } from './git-folder.ts';

const BEGIN = '# redstart git-setup: begin';
const END = '# redstart git-setup: end';
const SECTIONS = ['merge.redstart', 'diff.redstart'];

export interface GitSetup {
  /** Within the repository. */
  cwd: string;
  /** The folder of the flows. */
  flowsDir: string;
  /** How this program is started: words of a command line. */
  command: readonly string[];
  undo: boolean;
}

/**
 * Makes git merge and show flow files by what they mean: lines in `.gitattributes`, which are committed, and a driver in the
 * configuration of this clone. The same result when run again. Returns what it did, for a person.
 */
export function gitSetup({ cwd, flowsDir, command, undo }: GitSetup): string[] {
  const top = runGit(['rev-parse', '--show-toplevel'], cwd);
  if (top.status !== 0) throw failed(`${cwd} is in no git repository.`, top);
  const root = top.stdout.toString().trim();
  const done: string[] = [];
  const attributes = join(root, '.gitattributes');
  const before = existsSync(attributes) ? readFileSync(attributes, 'utf8') : '';
  const own = undo ? '' : block(relative(root, flowsDir));
  const after = withBlock(before, own);
  if (after !== before) {
    if (after === '') rmSync(attributes);
    else writeFileSync(attributes, after);
    done.push(`${undo ? 'took the lines out of' : 'wrote'} ${attributes}${undo ? '' : ': commit it'}`);
  }
  // A section that is not there is no error here.
  for (const section of SECTIONS) runGit(['config', '--local', '--remove-section', section], cwd);
  if (undo) return [...done, 'took the merge driver and the textconv out of the configuration of this clone'];
  const start = command.map(quoted).join(' ');
  for (const [key, value] of [
    ['merge.redstart.name', 'flows by node and property (redstart)'],
    ['merge.redstart.driver', `${start} merge-driver %O %A %B %P`],
    ['diff.redstart.textconv', `${start} textconv`],
  ] as const) {
    const set = runGit(['config', '--local', key, value], cwd);
    if (set.status !== 0) throw failed('git does not take the configuration.', set);
  }
  return [
    ...done,
    'git merges flow files by node and property in this clone, and git diff shows them without positions',
  ];
}

function block(flows: string): string {
  const folder = flows === '' ? '' : `${flows.split('\\').join('/')}/`;
  const pattern = /\s/.test(folder) ? `"${folder}*.json"` : `${folder}*.json`;
  return `${BEGIN}\n${pattern} merge=redstart diff=redstart\n${END}\n`;
}

/** The file with the block in the place of the one that it had. */
function withBlock(text: string, block: string): string {
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (start !== -1 && end > start)
    return text.slice(0, start) + block + text.slice(end + END.length).replace(/^\n/, '');
  if (block === '') return text;
  return text === '' || text.endsWith('\n') ? text + block : `${text}\n${block}`;
}

/** For the shell that git starts it with. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function failed(message: string, { stderr, error }: ReturnType<typeof runGit>): RedstartError {
  const reason = error?.message ?? stderr.toString().trim().split('\n')[0];
  return new RedstartError({
    code: 'GIT_SETUP_FAILED',
    message: reason ? `${message.replace(/\.$/, '')} (${reason}).` : message,
    mend: 'Run it in the repository that holds the flows, as a user who may change its configuration.',
  });
}
