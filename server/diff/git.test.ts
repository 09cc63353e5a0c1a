import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { diffFlows } from './diff-flows.ts';
import { renderText } from './diff-text.ts';
import type { FlowChange } from './flow-change.ts';
import { readVersion, versionPair } from './flow-version.ts';
import { gitSetup } from './git-setup.ts';
import { readableText } from './readable-text.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
let dir = '';
beforeEach(() => {
  // A space and a quote: the command line of the driver must survive both.
  dir = mkdtempSync(join(tmpdir(), "redstart git's-"));
  mkdirSync(join(dir, 'flows'));
  git('init', '-q', '-b', 'main');
});
afterEach(() => rmSync(dir, { recursive: true }));

const env = {
  PATH: process.env.PATH,
  HOME: tmpdir(),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  ...Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap((who) => [
      [`GIT_${who}_NAME`, 'Ada'],
      [`GIT_${who}_EMAIL`, 'ada@redstart.test'],
    ]),
  ),
};
const run = (command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: dir, env, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
};
const git = (...args: string[]) => run('git', ...args);
const redstart = (...args: string[]) => run(process.execPath, main, ...args);

/** In this process: a start of the program for each question would be most of the test. */
const told = (first: string, second?: string): FlowChange[] => {
  const options = { cwd: dir, defaultPath: 'flows' };
  const [before, after] = versionPair(first, second, options);
  return diffFlows(readVersion(before, options), readVersion(after, options));
};
const setUp = (undo = false): string[] =>
  gitSetup({ cwd: dir, flowsDir: join(dir, 'flows'), command: [process.execPath, main], undo });

const file = () => join(dir, 'flows', 'f.json');
function commit(nodes: object[], message: string, code = ''): void {
  const readable = { redstart: 1, nodes: [{ id: 'f', type: 'function', name: 'F', 'func:file': 'f.js', wires: [] }] };
  mkdirSync(join(dir, 'flows', 'r'), { recursive: true });
  writeFileSync(join(dir, 'flows', 'r.json'), JSON.stringify(readable, null, 2));
  writeFileSync(join(dir, 'flows', 'r', 'f.js'), `// code\nreturn '${code}';\n`);
  writeFileSync(file(), `${JSON.stringify(nodes, null, 4)}\n`);
  git('add', '-A');
  expect(git('commit', '-q', '-m', message)).toMatchObject({ status: 0 });
}
const nodes = (a: object, b: object): object[] => [
  { id: 'tab', type: 'tab', label: 'Tab' },
  { id: 'a', type: 'comment', z: 'tab', name: 'A', ...a },
  { id: 'b', type: 'comment', z: 'tab', name: 'B', ...b },
];

it('git merges by node and property once it is set up, shows flows by what they mean, and diff reads its revisions', () => {
  expect(setUp()).toHaveLength(2);
  const attributes = readFileSync(join(dir, '.gitattributes'), 'utf8');
  expect(attributes).toContain('flows/*.json merge=redstart diff=redstart\n');
  expect(setUp()).toHaveLength(1);
  expect(readFileSync(join(dir, '.gitattributes'), 'utf8')).toBe(attributes);

  commit(nodes({}, {}), 'base');
  git('checkout', '-q', '-b', 'side');
  commit(nodes({ info: 'theirs' }, { name: 'Theirs' }), 'theirs', 'theirs');
  git('checkout', '-q', 'main');
  commit(nodes({ name: 'Ours' }, {}), 'ours');
  // The same lines for git, two properties for flows.
  expect(git('merge', '-q', '-m', 'merged', 'side')).toMatchObject({ status: 0 });
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(nodes({ name: 'Ours', info: 'theirs' }, { name: 'Theirs' }));

  expect(stripVTControlCharacters(renderText(told('HEAD~1..HEAD')))).toMatch(
    /name: "B" → "Theirs"[\s\S]+function "F"\n +func:\n.+\n +- return '';\n +\+ return 'theirs';/,
  );
  expect(told('side:flows/f.json', 'HEAD:./flows/f.json')).toMatchObject([
    { name: 'Tab', nodes: [{ id: 'a', properties: [{ path: 'name', before: 'A', after: 'Ours' }] }] },
  ]);
  expect(told('HEAD')).toEqual([]);
  expect(git('show', '--format=', 'HEAD~1').out).toContain('+  comment "Ours" (a)');
  const readable = join(dir, 'flows', 'r.json');
  expect(readableText(readable, readFileSync(readable, 'utf8'))).toBe(
    '  function "F" (f)\n      func: "(r/f.js)"\n      name: "F"\n      wires: []\n',
  );

  commit(nodes({ name: 'Again' }, {}), 'ours again', 'theirs');
  git('checkout', '-q', 'side');
  commit(nodes({ name: 'Otherwise' }, {}), 'theirs again');
  git('checkout', '-q', 'main');
  const conflict = git('merge', 'side');
  expect(conflict.status).toBe(1);
  expect(conflict.err + conflict.out).toContain('flows/f.json: both changed [a].name');
  expect(readFileSync(file(), 'utf8')).toContain('<<<<<<< ours\n        "name": "Again"');
  expect(() => told('HEAD')).toThrow(/f\.json, line \d+, column 1: A merge was not finished here/);

  git('merge', '--abort');
  expect(setUp(true)).toHaveLength(2);
  expect(existsSync(join(dir, '.gitattributes'))).toBe(false);
  expect(git('config', '--local', '--get-regexp', 'redstart').out).toBe('');
});

it('what cannot be compared or set up is wrong usage or said', () => {
  expect(redstart('diff', 'no-such')).toMatchObject({
    status: 2,
    err: expect.stringContaining('"no-such" is no file'),
  });
  rmSync(join(dir, '.git'), { recursive: true });
  expect(redstart('git-setup')).toMatchObject({
    status: 1,
    err: expect.stringMatching(/^GIT_SETUP_FAILED: .+ is in no git repository/),
  });
});
