import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../audit/audit-event.ts';
import { type GitConfig, Secret } from '../config/index.ts';
import { createGitClient, type GitClient } from './git-client.ts';
import { createGitFollower, type GitFollower, type GitFollowerOptions } from './git-follower.ts';

let root: string;
let origin: string;
let work: string;
let flowsDir: string;
let events: AuditEvent[];
let applied: number;
const followers: GitFollower[] = [];

const git = (args: string[], cwd = work): string =>
  execFileSync(
    'git',
    ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-c', 'init.defaultBranch=main', ...args],
    {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' },
    },
  ).trim();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'redstart-git-'));
  origin = join(root, 'origin.git');
  work = join(root, 'work');
  flowsDir = join(root, 'data', 'flows');
  events = [];
  applied = 0;
  await mkdir(work);
  git(['init', '--bare', '--quiet', origin], root);
  git(['init', '--quiet', work], root);
  git(['remote', 'add', 'origin', origin]);
});
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.stop();
  await rm(root, { recursive: true, force: true });
});

/** Commits the files and pushes. Null removes one. */
async function push(files: Record<string, string | null>, ...more: string[]): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(work, name)), { recursive: true });
    if (text === null) await rm(join(work, name), { force: true });
    else await writeFile(join(work, name), text);
  }
  git(['add', '-A']);
  git(['commit', '--quiet', '--allow-empty', '-m', 'change', ...more]);
  git(['push', '--quiet', '--force', 'origin', 'HEAD:main']);
  return git(['rev-parse', 'HEAD']);
}

async function follow(
  config: Partial<GitConfig> = {},
  more: Partial<GitFollowerOptions> = {},
  around: (client: GitClient) => GitClient = (client) => client,
): Promise<GitFollower> {
  const full: GitConfig = {
    url: origin,
    ref: 'main',
    path: '',
    intervalMs: 60_000,
    sshKeyFile: null,
    knownHostsFile: null,
    token: null,
    allowedSignersFile: null,
    rewrites: 'refuse',
    rehearse: false,
    webhookSecret: null,
    push: null,
    searchPath: process.env.PATH,
    ...config,
  };
  const dir = join(root, 'data');
  const follower = createGitFollower({
    config: full,
    git: around(
      await createGitClient({
        config: full,
        dir,
        proxy: { https: null, http: null, noProxy: null },
        signal: new AbortController().signal,
      }),
    ),
    dir,
    flowsDir,
    check: async () => [],
    rehearse: null,
    apply: async () => void applied++,
    audit: { record: (event) => void events.push(event) },
    logger: pino({ enabled: false }),
    schedule: () => () => {},
    now: () => new Date(0),
    ...more,
  });
  followers.push(follower);
  return follower;
}

const flow = async (name = 'a.json'): Promise<string | null> =>
  await readFile(join(flowsDir, name), 'utf8').catch(() => null);
const outcomes = (): unknown[] => events.map(({ outcome }) => outcome);

describe('following a branch', () => {
  it('has its files, then those of each new revision, and tells the audit trail', async () => {
    const first = await push({ 'a.json': '1', 'a/code.js': 'x', '.github/workflows/x.yml': 'no' });
    const follower = await follow();
    await follower.prepare();
    expect(await flow()).toBe('1');
    expect(await flow('a/code.js')).toBe('x');
    expect(await readdir(flowsDir)).toEqual(['a', 'a.json']);
    follower.start();
    await follower.sync();
    expect(applied).toBe(0);

    const second = await push({ 'a.json': '2', 'a/code.js': null });
    await follower.sync();
    expect([await flow(), await flow('a/code.js'), applied]).toEqual(['2', null, 1]);
    expect(follower.status()).toMatchObject({ revision: second, ref: 'main', lastError: null });
    await follower.sync();
    expect(applied).toBe(1);
    expect(events).toEqual([
      { event: 'git', user: 'git', outcome: 'applied', revision: first, before: null, ref: 'main' },
      { event: 'git', user: 'git', outcome: 'applied', revision: second, before: first, ref: 'main' },
    ]);
  });

  it('takes one folder of the repository, a tag, and an annotated tag that moves', async () => {
    await push({ 'flows/a.json': '1', 'other.json': 'x' });
    git(['tag', '-a', 'live', '-m', 'x']);
    git(['push', '--quiet', 'origin', 'live']);
    const follower = await follow({ path: 'flows', ref: 'live', url: `file://${origin}` });
    await follower.prepare();
    expect(await readdir(flowsDir)).toEqual(['a.json']);
    follower.start();
    await push({ 'flows/a.json': '2' });
    git(['tag', '-f', '-a', 'live', '-m', 'y']);
    git(['push', '--quiet', '--force', 'origin', 'live']);
    await follower.sync();
    expect(await flow()).toBe('2');
  });

  it('starts from the last good revision when the repository is gone, and goes on when it is back', async () => {
    const first = await push({ 'a.json': '1' });
    await (await follow()).prepare();
    const second = await push({ 'a.json': '2' });
    await rename(origin, `${origin}.away`);
    await writeFile(join(flowsDir, 'a.json'), 'touched');
    const again = await follow();
    await again.prepare();
    expect(await flow()).toBe('1');
    again.start();
    await again.sync();
    expect(again.status()).toMatchObject({ revision: first, lastError: { code: 'GIT_UNREACHABLE', revision: null } });
    await rename(`${origin}.away`, origin);
    await again.sync();
    expect(again.status()).toMatchObject({ revision: second, lastError: null });
    expect(await flow()).toBe('2');
  });

  it('asks once where the branch is when it was told of a push, and what is wrong when that fails', async () => {
    await push({ 'a.json': '1' });
    const asked: string[] = [];
    const follower = await follow({}, {}, (client) => ({
      ...client,
      lookUp() {
        asked.push('lookUp');
        return client.lookUp();
      },
      fetch(kind) {
        asked.push(`fetch ${kind}`);
        return client.fetch(kind);
      },
    }));
    const since = (): string[] => asked.splice(0);
    await follower.prepare();
    follower.start();
    await follower.sync();
    since();
    const second = await push({ 'a.json': '2' });
    await follower.sync(true);
    expect([since(), await flow(), follower.status().revision]).toEqual([['fetch branch'], '2', second]);
    await follower.sync(true);
    await follower.sync();
    expect([since(), applied]).toEqual([['fetch branch', 'lookUp'], 1]);
    // The other way round it is waited for all the same.
    const third = await push({ 'a.json': '3' });
    await Promise.all([follower.sync(), follower.sync(true)]);
    expect(follower.status().revision).toBe(third);
    since();
    git(['update-ref', '-d', 'refs/heads/main'], origin);
    await follower.sync(true);
    expect([since(), await flow(), follower.status().lastError?.code]).toEqual([
      ['fetch branch', 'lookUp'],
      '3',
      'GIT_REF_MISSING',
    ]);
  });

  it('waits longer after each failure, and says the same only once', async () => {
    await push({ 'a.json': '1' });
    const waits: number[] = [];
    const schedule = (_work: () => void, wait: number) => {
      waits.push(wait);
      return () => {};
    };
    const follower = await follow({}, { schedule });
    await follower.prepare();
    follower.start();
    await follower.sync();
    await rm(origin, { recursive: true });
    for (let n = 0; n < 5; n++) await follower.sync();
    const minutes = waits.slice(-5).map((wait) => wait / 60_000);
    for (const [index, about] of [2, 4, 8, 10, 10].entries()) {
      expect(minutes[index]).toBeGreaterThan(about * 0.89);
      expect(minutes[index]).toBeLessThan(about * 1.11);
    }
    expect(outcomes()).toEqual(['applied', 'refused']);
  });

  it('is refused at the first start when there is nothing to fall back to', async () => {
    await expect((await follow()).prepare()).rejects.toMatchObject({ code: 'GIT_REF_MISSING' });
    await rm(origin, { recursive: true });
    await expect((await follow()).prepare()).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
  });
});

describe('a revision that is not good', () => {
  it('is not taken when the check finds something; the next one is', async () => {
    await push({ 'a.json': '1' });
    const follower = await follow(
      {},
      {
        check: async (dir) => ((await readFile(join(dir, 'a.json'), 'utf8')) === 'bad' ? ['a.json:1: bad'] : []),
      },
    );
    await follower.prepare();
    follower.start();
    const bad = await push({ 'a.json': 'bad' });
    await follower.sync();
    await follower.sync();
    expect([await flow(), applied]).toEqual(['1', 0]);
    expect(follower.status().lastError).toMatchObject({
      code: 'GIT_FLOWS_INVALID',
      revision: bad,
      message: expect.stringContaining('a.json:1: bad'),
    });
    await push({ 'a.json': '3' });
    await follower.sync();
    expect([await flow(), follower.status().lastError]).toEqual(['3', null]);
    expect(outcomes()).toEqual(['applied', 'refused', 'applied']);
  });

  it('is not taken when its rehearsals fail', async () => {
    await push({ 'a.json': '1' });
    const follower = await follow(
      { rehearse: true },
      {
        rehearse: async (dir) => ((await readFile(join(dir, 'a.json'), 'utf8')) === '2' ? ['nightly: no launch'] : []),
      },
    );
    await follower.prepare();
    follower.start();
    await push({ 'a.json': '2' });
    await follower.sync();
    expect(follower.status().lastError).toMatchObject({ code: 'GIT_REHEARSAL_FAILED' });
    expect(await flow()).toBe('1');
  });

  it('is rolled back when its flows do not start', async () => {
    const first = await push({ 'a.json': '1', 'b.json': 'b' });
    const seen: (string | null)[] = [];
    const follower = await follow(
      {},
      {
        apply: async () => {
          seen.push(await flow());
          if ((await flow()) === '2') throw new Error('no flow runs: type "x" is missing');
        },
      },
    );
    await follower.prepare();
    follower.start();
    await push({ 'a.json': '2', 'b.json': null });
    await follower.sync();
    expect(seen).toEqual(['2', '1']);
    expect([await flow(), await flow('b.json')]).toEqual(['1', 'b']);
    expect(follower.status()).toMatchObject({ revision: first, lastError: { code: 'GIT_APPLY_FAILED' } });
    expect(outcomes()).toEqual(['applied', 'rolled-back', 'refused']);
    await follower.sync();
    expect(seen).toHaveLength(2);
  });

  it('is not followed when the branch was force-pushed, unless that is said', async () => {
    await push({ 'a.json': '1' });
    const first = await push({ 'a.json': '2' });
    const follower = await follow();
    await follower.prepare();
    follower.start();
    git(['reset', '--quiet', '--hard', 'HEAD~1']);
    const rewritten = await push({ 'a.json': '3' });
    await follower.sync();
    expect(follower.status()).toMatchObject({
      revision: first,
      lastError: { code: 'GIT_HISTORY_REWRITTEN', revision: rewritten },
    });
    expect(await flow()).toBe('2');
    const willing = await follow({ rewrites: 'follow' });
    await willing.prepare();
    willing.start();
    await willing.sync();
    expect(await flow()).toBe('3');
  });

  it('keeps the flows when the branch is deleted', async () => {
    await push({ 'a.json': '1' });
    const follower = await follow();
    await follower.prepare();
    follower.start();
    git(['update-ref', '-d', 'refs/heads/main'], origin);
    await follower.sync();
    expect(follower.status().lastError).toMatchObject({ code: 'GIT_REF_MISSING' });
    expect(await flow()).toBe('1');
  });

  it('has no flow file that leads somewhere else', async () => {
    await writeFile(join(root, 'secret'), 'secret');
    await symlink(join(root, 'secret'), join(work, 'a.json'));
    git(['add', '-A']);
    await push({ 'b.json': '1' });
    await expect((await follow()).prepare()).rejects.toMatchObject({
      code: 'GIT_FLOWS_INVALID',
      message: expect.stringContaining('a.json as a link'),
    });
  });

  it('runs nothing that the repository brings along', async () => {
    const ran = join(root, 'ran');
    await push({
      'a.json': '1',
      '.gitattributes': '*.json filter=evil export-subst',
      '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% ${ran}\n`,
      '.githooks/post-checkout': `#!/bin/sh\ntouch ${ran}\n`,
    });
    git(['config', 'filter.evil.smudge', `touch ${ran}`], origin);
    await (await follow()).prepare();
    expect(await flow()).toBe('1');
    await expect(readFile(ran)).rejects.toMatchObject({ code: 'ENOENT' });
    const other = await follow({ url: `ext::sh -c "touch ${ran}"` });
    await other.prepare();
    other.start();
    await other.sync();
    expect(other.status().lastError).toMatchObject({ code: 'GIT_UNREACHABLE' });
    await expect(readFile(ran)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('signatures', () => {
  const key = (name: string): string => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(root, name)]);
    return join(root, name);
  };
  const signedBy = (path: string): string[] => ['-S', `--gpg-sign=${path}`];

  it('of one of the signers are needed when they are given', async () => {
    const [ours, theirs] = [key('ours'), key('theirs')];
    const signers = join(root, 'signers');
    await writeFile(signers, `ada@example.org ${await readFile(`${ours}.pub`, 'utf8')}`);
    git(['config', 'gpg.format', 'ssh']);
    const first = await push({ 'a.json': '1' }, ...signedBy(ours));
    const follower = await follow({ allowedSignersFile: signers });
    await follower.prepare();
    expect(events.at(-1)).toMatchObject({ outcome: 'applied', revision: first, signer: 'ada@example.org' });
    follower.start();
    await push({ 'a.json': '2' });
    await follower.sync();
    expect(follower.status().lastError).toMatchObject({ code: 'GIT_UNSIGNED' });
    await push({ 'a.json': '3' }, ...signedBy(theirs));
    await follower.sync();
    expect(follower.status().lastError).toMatchObject({ code: 'GIT_UNSIGNED' });
    expect(await flow()).toBe('1');
    await push({ 'a.json': '4' }, ...signedBy(ours));
    await follower.sync();
    expect([await flow(), follower.status().lastError]).toEqual(['4', null]);
  });
});

describe('deploys that are pushed', () => {
  const log = (branch: string): string[] => git(['log', '--format=%an <%ae> %s', branch], origin).split('\n');
  const show = (what: string): string => git(['show', what], origin);

  async function deploy(follower: GitFollower, user: string, files: Record<string, string | null>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      if (text === null) await rm(join(flowsDir, name));
      else await writeFile(join(flowsDir, name), text);
    }
    follower.deployed(user);
    await follower.sync();
  }

  it('go to the branch in the name of who deployed, and are in force', async () => {
    await push({ 'sub/a.json': '1', 'sub/b.json': 'b', 'README.md': 'kept' });
    const follower = await follow({ push: 'main', path: 'sub' });
    await follower.prepare();
    follower.start();
    await follower.sync();
    await deploy(follower, 'grace hopper', { 'a.json': '2', 'b.json': null, 'new.json': 'n' });
    expect(log('main')).toEqual([
      'grace hopper <grace-hopper@redstart.invalid> Deploy: a.json, new.json, b.json',
      'Ada <ada@example.org> change',
    ]);
    expect([show('main:sub/a.json'), show('main:README.md')]).toEqual(['2', 'kept']);
    expect(git(['ls-tree', '-r', '--name-only', 'main'], origin).split('\n')).toEqual([
      'README.md',
      'sub/a.json',
      'sub/new.json',
    ]);
    expect(follower.status()).toMatchObject({
      revision: git(['rev-parse', 'main'], origin),
      deployed: null,
      lastError: null,
    });
    expect(applied).toBe(0);
    expect(outcomes()).toEqual(['applied', 'pushed']);
  });

  it('go to another branch for review, and stay in force until the followed one has them', async () => {
    await push({ 'a.json': '1' });
    const follower = await follow({ push: 'from-editor' });
    await follower.prepare();
    follower.start();
    await deploy(follower, 'ada@example.org', { 'a.json': '2' });
    await deploy(follower, 'ada@example.org', { 'a.json': '3' });
    expect(log('from-editor').map((line) => line.split(' ')[0])).toHaveLength(3);
    expect(await flow()).toBe('3');
    git(['push', '--quiet', origin, 'from-editor:main'], origin);
    await follower.sync();
    expect(follower.status()).toMatchObject({ deployed: null, revision: git(['rev-parse', 'main'], origin) });
    expect(await flow()).toBe('3');
  });

  it('that meet a push of somebody else are kept on a branch of their own', async () => {
    await push({ 'a.json': '1' });
    const follower = await follow({ push: 'main' });
    await follower.prepare();
    follower.start();
    await follower.sync();
    await push({ 'a.json': 'theirs' });
    await writeFile(join(flowsDir, 'a.json'), 'mine');
    follower.deployed('ada');
    await follower.sync();
    const branches = git(['branch', '--format=%(refname:short)'], origin).split('\n');
    const own = branches.find((name) => /^main-[0-9a-f]{10}$/.test(name));
    expect(show(`${own}:a.json`)).toBe('mine');
    expect([await flow(), show('main:a.json')]).toEqual(['theirs', 'theirs']);
    expect(outcomes()).toContain('refused');
  });

  it('are pushed later when the repository does not answer, over a restart too', async () => {
    await push({ 'a.json': '1' });
    const follower = await follow({ push: 'main' });
    await follower.prepare();
    follower.start();
    await follower.sync();
    await rename(origin, `${origin}.away`);
    await deploy(follower, 'ada', { 'a.json': '2' });
    expect(follower.status().lastError).toMatchObject({ code: 'GIT_UNREACHABLE' });
    await writeFile(join(flowsDir, 'a.json'), '3');
    const again = await follow({ push: 'main' });
    await again.prepare();
    expect(await flow()).toBe('3');
    await rename(`${origin}.away`, origin);
    again.start();
    await again.sync();
    expect(show('main:a.json')).toBe('3');
    expect(log('main').map((line) => line.split(' <')[0])).toEqual(['unknown', 'ada', 'Ada']);
  });
});

it('never has the token in an argument, a file or a message', async () => {
  const token = 'planted-token-0123456789';
  const config = { url: 'http://127.0.0.1:1/x.git', token: new Secret(token) };
  const error = await (await follow(config)).prepare().then(
    () => null,
    (failure: Error) => failure,
  );
  expect(error).toMatchObject({ code: 'GIT_UNREACHABLE' });
  expect(JSON.stringify([error?.message, error?.cause])).not.toContain(token);
  const base64 = Buffer.from(`x-access-token:${token}`).toString('base64');
  const { status } = spawnSync('grep', ['-rqF', '-e', token, '-e', base64, join(root, 'data')]);
  // Nothing was found.
  expect(status).toBe(1);
});
