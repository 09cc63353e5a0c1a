import type { User, Workspace } from './entities.ts';
import { badRequest } from './errors.ts';
import type { Page } from './query.ts';
import { type Run, statusAt } from './run.ts';
import { projectName } from './run-bodies.ts';
import type { RunStore } from './run-store.ts';

const KEYWORDS = [
  'status',
  'label',
  'workflowid',
  'runname',
  'username',
  'projectname',
  'sessionid',
  'after',
  'before',
  'is',
];

interface Term {
  /** Lower case; undefined: free text. */
  keyword: string | undefined;
  value: string;
  quoted: boolean;
}

/** `status:running label:"a b" rna*`: terms with spaces between them, values in double quotes where they hold spaces. */
export function parseSearch(search: string): Term[] {
  const terms: Term[] = [];
  for (const [, keyword, quotedValue, plainValue] of search.matchAll(/(?:([A-Za-z]+):)?(?:"([^"]*)"|(\S+))/g)) {
    const value = quotedValue ?? plainValue ?? '';
    const known = keyword === undefined || KEYWORDS.includes(keyword.toLowerCase());
    if (known) terms.push({ keyword: keyword?.toLowerCase(), value, quoted: quotedValue !== undefined });
    // An unknown keyword is no keyword: `s3:thing` is what somebody looks for.
    else terms.push({ keyword: undefined, value: `${keyword}:${value}`, quoted: quotedValue !== undefined });
  }
  return terms;
}

type Matches = (run: Run) => boolean;

function instant(term: Term): number {
  const time = Date.parse(term.value);
  if (Number.isNaN(time)) throw badRequest(`Invalid date in search: ${term.keyword}:${term.value}`);
  return time;
}

function freeText({ value, quoted }: Term): Matches {
  const pattern = value.toLowerCase();
  const texts = (run: Run) => {
    const project = projectName(run.launch.pipeline);
    return [project, run.runName, run.sessionId].map((text) => text.toLowerCase());
  };
  if (quoted) return (run) => texts(run).includes(pattern);
  if (!pattern.includes('*')) return (run) => texts(run).some((text) => text.includes(pattern));
  const parts = pattern.split('*');
  return (run) => texts(run).some((text) => holdsInOrder(text, parts));
}

/** No regular expression: the pattern comes from outside. */
function holdsInOrder(text: string, parts: readonly string[]): boolean {
  let from = 0;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

function matcher(term: Term, user: User, now: number): Matches {
  const { value } = term;
  switch (term.keyword) {
    case 'status':
      return (run) => statusAt(run, now).toLowerCase() === value.toLowerCase();
    case 'label':
      return (run) =>
        run.labels.some(({ name, value: of }) => value === (of === null ? name : `${name}=${of}`) || value === name);
    case 'workflowid':
      return (run) => run.id === value;
    case 'runname':
      return (run) => run.runName === value;
    case 'username':
      return () => user.userName === value;
    case 'projectname':
      return (run) => projectName(run.launch.pipeline) === value;
    case 'sessionid':
      return (run) => run.sessionId === value;
    case 'after': {
      const time = instant(term);
      return (run) => run.submitAt >= time;
    }
    case 'before': {
      const time = instant(term);
      return (run) => run.submitAt < time;
    }
    case 'is':
      // Nothing is starred here.
      return () => value !== 'starred';
    default:
      return freeText(term);
  }
}

/** The shortest list that holds all that can match, oldest first. */
function candidates(runs: RunStore, workspace: Workspace, terms: readonly Term[]): readonly Run[] {
  const wanted = (keyword: string) => terms.find((term) => term.keyword === keyword)?.value;
  const id = wanted('workflowid');
  if (id !== undefined) {
    const run = runs.byId(id);
    return run ? [run] : [];
  }
  const runName = wanted('runname');
  if (runName !== undefined) return runs.named(runName);
  const sessionId = wanted('sessionid');
  if (sessionId !== undefined) return runs.inSession(sessionId);
  return runs.inWorkspace(workspace);
}

export interface Found {
  runs: Run[];
  hasMore: boolean;
  /** Only when it was asked for: counting reads every run. */
  totalSize: number | undefined;
}

/** Newest first. Without a search it reads only the page. */
export function searchRuns(
  runs: RunStore,
  scope: { workspace: Workspace; user: User; now: number },
  search: string | undefined,
  { max, offset }: Page,
  countAll: boolean,
): Found {
  const { workspace, user, now } = scope;
  const terms = parseSearch(search ?? '');
  const from = candidates(runs, workspace, terms);
  if (terms.length === 0) {
    const end = Math.max(0, from.length - offset);
    const begin = Math.max(0, end - max);
    return {
      runs: from.slice(begin, end).reverse(),
      hasMore: begin > 0,
      totalSize: countAll ? from.length : undefined,
    };
  }
  const tests = terms.map((term) => matcher(term, user, now));
  const found: Run[] = [];
  let matched = 0;
  for (let index = from.length - 1; index >= 0; index -= 1) {
    const run = from[index];
    if (run?.workspace !== workspace || !tests.every((matches) => matches(run))) continue;
    matched += 1;
    if (matched > offset && found.length < max) found.push(run);
    else if (matched > offset + max && !countAll) break;
  }
  return { runs: found, hasMore: matched > offset + max, totalSize: countAll ? matched : undefined };
}
