import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

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

const file = () => join(dir, 'flows', 'f.json');
function commit(nodes: object[], message: string): void {
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
  const set = redstart('git-setup');
  expect(set).toMatchObject({ status: 0, err: '' });
  const attributes = readFileSync(join(dir, '.gitattributes'), 'utf8');
  expect(attributes).toContain('flows/*.json merge=redstart diff=redstart\n');
  expect(redstart('git-setup').status).toBe(0);
  expect(readFileSync(join(dir, '.gitattributes'), 'utf8')).toBe(attributes);

  commit(nodes({}, {}), 'base');
  git('checkout', '-q', '-b', 'side');
  commit(nodes({ info: 'theirs' }, { name: 'Theirs' }), 'theirs');
  git('checkout', '-q', 'main');
  commit(nodes({ name: 'Ours' }, {}), 'ours');
  // The same lines for git, two properties for flows.
  expect(git('merge', '-q', '-m', 'merged', 'side')).toMatchObject({ status: 0 });
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(nodes({ name: 'Ours', info: 'theirs' }, { name: 'Theirs' }));

  expect(redstart('diff', 'HEAD~1..HEAD').out).toContain('name: "B" → "Theirs"');
  expect(JSON.parse(redstart('diff', 'side:flows', 'HEAD:flows/f.json', '--json').out)).toMatchObject([
    { name: 'Tab', nodes: [{ id: 'a', properties: [{ path: 'name', before: 'A', after: 'Ours' }] }] },
  ]);
  expect(redstart('diff', 'HEAD', '--exit-code')).toEqual({ status: 0, out: 'No differences.\n', err: '' });
  expect(git('show', '--format=', 'HEAD~1').out).toContain('+  comment "Ours" (a)');

  commit(nodes({ name: 'Again' }, {}), 'ours again');
  git('checkout', '-q', 'side');
  commit(nodes({ name: 'Otherwise' }, {}), 'theirs again');
  git('checkout', '-q', 'main');
  const conflict = git('merge', 'side');
  expect(conflict.status).toBe(1);
  expect(conflict.err + conflict.out).toContain('flows/f.json: both changed [a].name');
  expect(readFileSync(file(), 'utf8')).toContain('<<<<<<< ours\n        "name": "Again"');
  expect(redstart('check', '--no-environment')).toMatchObject({
    status: 1,
    out: expect.stringContaining('merge-conflict'),
  });
  expect(redstart('diff', 'HEAD')).toMatchObject({
    status: 2,
    err: expect.stringMatching(/^DIFF_SOURCE_INVALID: .+f\.json, line \d+/),
  });

  git('merge', '--abort');
  expect(redstart('git-setup', '--undo').status).toBe(0);
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
